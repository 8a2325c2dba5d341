"""The structure of a database as the database itself tells it, to compare two of them."""

from __future__ import annotations

import importlib
import pkgutil
import re
from types import ModuleType
from typing import Any

import sqlalchemy as sa


def structure(connection: sa.Connection) -> dict[str, Any]:
    """Name of a table, function, trigger or view → what it is, in a form that does not tell how it came to be."""
    told: dict[str, Any] = {}
    inspector = sa.inspect(connection)
    is_sqlite = connection.dialect.name == "sqlite"
    for table in (name for name in inspector.get_table_names() if not name.startswith("dg_fts")):
        told[f"table {table}"] = {
            "columns": {
                c["name"]: (
                    repr(c["type"]),
                    c["nullable"],
                    str(c["default"]),
                    getattr(c["type"], "collation", None),
                    bool(c.get("identity")),
                )
                for c in inspector.get_columns(table)
            },
            "key": inspector.get_pk_constraint(table)["constrained_columns"],
            "uniques": sorted(list(u["column_names"]) for u in inspector.get_unique_constraints(table)),
            "references": sorted(
                (
                    f["constrained_columns"],
                    f["referred_table"],
                    f["referred_columns"],
                    sorted(f["options"].items()),
                )
                for f in inspector.get_foreign_keys(table)
            ),
            "checks": sorted(c["sqltext"] for c in inspector.get_check_constraints(table)),
        }
    if is_sqlite:
        rows = connection.exec_driver_sql(
            "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger', 'view') AND sql IS NOT NULL"
        )
        told |= {f"{kind} {name}": _plain(sql) for kind, name, sql in rows}
        rows = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL%' OR sql LIKE '%AUTOINCREMENT%'"
        )
        told |= {f"special {name}": _plain(sql) if "VIRTUAL" in sql else "counts on" for name, sql in rows}
        return told
    for query in (
        "SELECT 'index ' || indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT 'trigger ' || tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT 'view ' || viewname, definition FROM pg_views WHERE schemaname = 'public'",
        "SELECT 'function ' || oid::regprocedure, pg_get_functiondef(oid) FROM pg_proc "
        "WHERE pronamespace = 'public'::regnamespace",
    ):
        told |= {row[0]: row[1] for row in connection.exec_driver_sql(query)}
    return told


def _plain(sql: str) -> str:
    return re.sub(r"\s+", " ", sql.replace('"', "").replace("IF NOT EXISTS ", "")).strip()


def import_all(package: ModuleType) -> None:
    """Import every module of a package, so that whatever declares a table has declared it."""
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
