"""The system tables as the first release made them.

That release kept no number of its own structure, and made each table when a process first needed it: whatever is there
already is left alone, so that its databases join the chain here, and new ones begin here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from alembic.operations import Operations

from dougong_runtime.labels import Label

revision = "0001"
down_revision = None
SAYS = Label("首个版本的系统表", "The system tables of the first release")

_BLOCK = re.compile(r"^-- (\w+)\n", re.MULTILINE)
"""The files hold a block a table, its indexes and triggers with it; the last one holds people and teams."""


def upgrade(op: Operations) -> None:
    """Make what is not there."""
    connection = op.get_bind()
    dialect = connection.dialect.name
    text = Path(__file__).with_name(f"r0001_first_release.{dialect}.sql").read_text(encoding="utf-8")
    there = set(sa.inspect(connection).get_table_names())
    _, *parts = _BLOCK.split(text)
    for table, block in zip(parts[::2], parts[1::2], strict=True):
        if table not in there:
            for statement in block.split("\n;\n"):
                if statement.strip():
                    connection.exec_driver_sql(statement)
    _enter_directory(connection)


def _enter_directory(connection: sa.Connection) -> None:
    """People and teams are an app too, whose version 1 is part of the program."""
    if connection.execute(sa.text("SELECT 1 FROM dg_app WHERE name = 'dougong'")).first() is not None:
        return
    now = datetime.now(UTC)
    at = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if connection.dialect.name == "sqlite" else now
    connection.execute(
        sa.text(
            'INSERT INTO dg_version (app, number, version, source, at, "by", note, changes, back_to) '
            "VALUES ('dougong', 1, '1.0.0', '{}', :at, 'system', NULL, '{}', NULL)"
        ),
        {"at": at},
    )
    connection.execute(sa.text("INSERT INTO dg_app (name, running) VALUES ('dougong', 1)"))
