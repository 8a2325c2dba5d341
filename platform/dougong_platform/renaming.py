"""What people keep by the names of documents follows a publication that calls them otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from dougong_platform.selections import SELECTION
from dougong_platform.tables import RECENT, SAVED_VIEW, STAR, VIEW_CHOICE
from dougong_platform.tables_forms import DRAFT, PICKED, PUBLIC_FORM, RECEIPT
from dougong_runtime.model.app import App
from dougong_runtime.publish.renames import Renames, follow_in

_OF_ENTITIES = (RECENT, STAR, PICKED, DRAFT, SELECTION)
"""Tables that name entities in columns `app` and `entity`, and nothing else of a document but what is told apart below."""
_PATHS = ("sort", "group", "columns", "totals", "freeze")


def follow(connection: sa.Connection, before: App | None, after: App) -> None:
    """Records opened lately, starred and picked, drafts and selections, saved views with their conditions, and links to
    public forms: they name what they named, under its new name."""
    renames = Renames.of(before, after)
    if renames is None:
        return
    _follow_views(connection, renames)
    _follow_forms(connection, renames)
    app = renames.before.name
    if renames.entities:
        for table in _OF_ENTITIES:
            follow_in(connection, table.c.entity, table.c.app == app, renames.entities)


def _follow_views(connection: sa.Connection, renames: Renames) -> None:
    app = renames.before.name
    views = {name: new for (kind, name), new in renames.documents.items() if kind == "view"}
    for table, base in ((SAVED_VIEW, SAVED_VIEW.c.base), (VIEW_CHOICE, VIEW_CHOICE.c.view)):
        key = list(table.primary_key.columns)
        for row in connection.execute(sa.select(table).where(table.c.app == app)).mappings().all():
            values: dict[str, Any] = {
                "entity": renames.entities.get(row["entity"], row["entity"]),
                base.name: views.get(row[base.name], row[base.name]),
            }
            said = dict(row["state"]) if table is SAVED_VIEW else {n: row[n] for n in ("columns", "totals")}
            now = _renamed(said, row["entity"], renames)
            values |= {"state": now} if table is SAVED_VIEW else now
            if table is SAVED_VIEW and row["roles"]:
                values["roles"] = [renames.roles.get(role, role) for role in row["roles"]]
            if any(row[name] != value for name, value in values.items()):
                connection.execute(sa.update(table).where(*(c == row[c.name] for c in key)).values(values))


def _renamed(said: Mapping[str, Any], entity: str, renames: Renames) -> dict[str, Any]:
    made = {
        name: renames.paths(text, entity) if name in _PATHS and text else text for name, text in said.items()
    }
    if made.get("filter"):
        made["filter"] = renames.formula(made["filter"], entity)
    return made


def _follow_forms(connection: sa.Connection, renames: Renames) -> None:
    app = renames.before.name
    forms = {name: new for (kind, name), new in renames.documents.items() if kind == "form"}
    if forms:
        for table in (PUBLIC_FORM, DRAFT):
            follow_in(connection, table.c.form, table.c.app == app, forms)
    if renames.roles:
        follow_in(connection, PUBLIC_FORM.c.role, PUBLIC_FORM.c.app == app, renames.roles)
    if renames.entities:
        links = sa.select(PUBLIC_FORM.c.id).where(PUBLIC_FORM.c.app == app)
        follow_in(connection, RECEIPT.c.entity, RECEIPT.c.link.in_(links), renames.entities)
