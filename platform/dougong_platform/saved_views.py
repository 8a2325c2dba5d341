"""Views that people save, and what each keeps of the views they use: columns, order of tabs, the one that opens first.

A saved view holds names and a condition, no record: what it shows is read under the access of whoever opens it. It is
its owner's alone until it is shared with roles. With the roles that one holds oneself, every owner may share; whoever
has a role with `share_views: true`, and administrators, share with any role and look after what others have shared.
Saving, sharing and deleting are audited. What a person keeps for themselves decides nothing and writes no audit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dougong_platform.tables import SAVED_VIEW, VIEW_CHOICE
from dougong_runtime.audit import log
from dougong_runtime.errors import FORBIDDEN, INVALID_VALUE, NOT_FOUND, Problem, Refused, problem_type, refuse
from dougong_runtime.formulas.tokens import LENGTH_MAX
from dougong_runtime.host import Viewer
from dougong_runtime.labels import Label
from dougong_runtime.model.app import App
from dougong_runtime.names import is_record_id, uuid7
from dougong_runtime.pages.layout import Layout
from dougong_runtime.pages.saved import NAME_LENGTH_MAX, STATE_NAMES, Mine, SavedView
from dougong_runtime.storage.ready import Ready

VIEWS_MAX = 200
"""Views that one person may have saved in one app."""
_SHARING = Label("共享视图", "sharing a view")
_CHANGING = Label("修改这个视图", "changing this view")

TOO_MANY_VIEWS = problem_type(
    "too-many-views",
    409,
    "已保存了 {most} 个视图。",
    "You have saved {most} views already.",
    remedy=("先删去一些。", "Delete some first."),
)
VIEW_CHANGED = problem_type(
    "view-changed",
    409,
    "有人先修改了这个视图，没有保存。",
    "Somebody has changed this view meanwhile; it was not saved.",
    remedy=("重新打开它，再保存。", "Open it again, then save."),
)


@dataclass(frozen=True, slots=True)
class _Statements:
    """What is asked of each list's page, compiled once for a kind of database."""

    kept: Ready
    of_entity: Ready
    one: Ready


@cache
def _statements(dialect: str) -> _Statements:
    """`dialect`: whose they are; a compiled statement is one kind of database's."""
    user = sa.bindparam("user", type_=SAVED_VIEW.c.by.type)
    app = sa.bindparam("app", type_=sa.Text())
    entity = sa.bindparam("entity", type_=sa.Text())
    c, v = VIEW_CHOICE.c, SAVED_VIEW.c
    kept = sa.select(c.view, c.columns, c.freeze, c.totals, c.is_default, c.place).where(
        c.user == user, c.app == app, c.entity == entity
    )
    visible = (
        sa.select(v.id, v.entity, v.base, v.name, v.by, v.roles, v.state, v.version)
        .where(v.app == app, sa.or_(v.by == user, v.roles.is_not(None)))
        .order_by(v.id)
    )
    one = sa.bindparam("id", type_=v.id.type)
    return _Statements(
        Ready(kept), Ready(visible.where(v.entity == entity)), Ready(visible.where(v.id == one))
    )


def may_curate(app: App, viewer: Viewer) -> bool:
    """Whether the viewer may share with any role, and change what others have shared."""
    if viewer.is_system or viewer.is_admin:
        return True
    return any(r in app.roles and app.roles[r].share_views for r in viewer.roles_in(app.name))


def roles_for(app: App, viewer: Viewer) -> tuple[str, ...]:
    """The roles with which the viewer may share: any for who looks after views, else those held."""
    held = viewer.roles_in(app.name)
    return tuple(sorted(r for r in app.roles if may_curate(app, viewer) or r in held))


def mine(connection: sa.Connection, app: App, viewer: Viewer, entity: str) -> Mine:
    """What the viewer has of an entity's views."""
    if viewer.user is None:
        return Mine(may_save=False)
    kept: dict[str, Layout] = {}
    default, places = "", {}
    statements = _statements(connection.dialect.name)
    asked = {"user": viewer.user, "app": app.name, "entity": entity}
    for view, columns, freeze, totals, is_default, place in statements.kept.all(connection, asked):
        layout = Layout(columns or "", freeze or "", totals or "")
        if layout:
            kept[view] = layout
        if is_default:
            default = view
        if place is not None:
            places[view] = place
    found = tuple(_seen(app, viewer, statements.of_entity.all(connection, asked)))
    return Mine(
        views=found,
        kept=kept,
        default=default,
        order=tuple(sorted(places, key=lambda name: places[name])),
        may_curate=may_curate(app, viewer),
        may_save=viewer.acting_for is None,
        roles=roles_for(app, viewer),
    )


def find(connection: sa.Connection, app: App, viewer: Viewer, id: str) -> SavedView:
    """A saved view that the viewer sees. Raises Refused (NOT_FOUND) for any other, also for one that is not there."""
    if is_record_id(id):
        asked = {"user": viewer.user, "app": app.name, "id": id.lower()}
        for view in _seen(app, viewer, _statements(connection.dialect.name).one.all(connection, asked)):
            return view
    raise refuse(NOT_FOUND)


def _seen(app: App, viewer: Viewer, rows: Sequence[Sequence[Any]]) -> list[SavedView]:
    held = viewer.roles_in(app.name)
    curates = may_curate(app, viewer)
    views = [_view(row, viewer, curates) for row in rows]
    return [v for v in views if v.mine or curates or not v.roles or held & set(v.roles)]


def _view(row: Sequence[Any], viewer: Viewer, curates: bool) -> SavedView:
    id_, entity, base, name, by, given, state, version = row
    own = by == viewer.user
    roles = None if given is None else tuple(given)
    return SavedView(
        id=id_,
        entity=entity,
        base=base,
        name=name,
        by=by,
        roles=roles,
        state={n: str(v) for n, v in state.items() if n in STATE_NAMES},
        version=version,
        mine=own,
        may_change=own or (roles is not None and curates),
    )


# --- saving -------------------------------------------------------------------------------------------------------
def create(
    connection: sa.Connection,
    app: App,
    viewer: Viewer,
    now: datetime,
    *,
    entity: str,
    base: str,
    name: str,
    state: Mapping[str, str],
    roles: Sequence[str] | None = None,
) -> SavedView:
    """Save a view, for oneself unless roles are given. Raises Refused."""
    if viewer.user is None:
        raise refuse(FORBIDDEN, entity=app.label, action=Label("保存视图", "saving a view"))
    count = sa.select(sa.func.count()).select_from(SAVED_VIEW)
    held = connection.scalar(count.where(SAVED_VIEW.c.by == viewer.user, SAVED_VIEW.c.app == app.name)) or 0
    if held >= VIEWS_MAX:
        raise refuse(TOO_MANY_VIEWS, most=VIEWS_MAX)
    shared = _checked_roles(app, viewer, roles, None)
    view = SavedView(
        id=uuid7(),
        entity=entity,
        base=base,
        name=_checked_name(name),
        by=viewer.user,
        roles=shared,
        state=_checked_state(state),
        version=1,
        mine=True,
        may_change=True,
    )
    connection.execute(
        SAVED_VIEW.insert().values(
            app=app.name,
            created_at=now,
            updated_at=now,
            **_columns(view),
            id=view.id,
            entity=entity,
            base=base,
        )
    )
    _audit(connection, viewer, now, app, view, "created")
    return view


def change(
    connection: sa.Connection,
    app: App,
    viewer: Viewer,
    now: datetime,
    view: SavedView,
    *,
    name: str | None = None,
    state: Mapping[str, str] | None = None,
    sharing: bool = False,
    roles: Sequence[str] | None = None,
    version: int | None = None,
) -> SavedView:
    """Rename a view, let it say something else, or (with `sharing`) share it with `roles`: none of them named is every
    role, None is nobody. `version` is the one that the writer had read. Raises Refused."""
    if not view.may_change:
        raise refuse(FORBIDDEN, entity=Label(view.name, view.name), action=_CHANGING)
    changed = replace(
        view,
        name=view.name if name is None else _checked_name(name),
        state=view.state if state is None else _checked_state(state),
        roles=_checked_roles(app, viewer, roles, view) if sharing else view.roles,
        version=view.version + 1,
    )
    found = connection.execute(
        SAVED_VIEW.update()
        .where(
            SAVED_VIEW.c.id == view.id,
            SAVED_VIEW.c.app == app.name,
            SAVED_VIEW.c.version == (view.version if version is None else version),
        )
        .values(updated_at=now, **_columns(changed))
    )
    if found.rowcount != 1:
        raise refuse(VIEW_CHANGED)
    if changed.roles != view.roles:
        _audit(connection, viewer, now, app, changed, "shared" if changed.is_shared else "unshared")
    if changed.name != view.name or changed.state != view.state:
        _audit(connection, viewer, now, app, changed, "changed")
    return changed


def delete(connection: sa.Connection, app: App, viewer: Viewer, now: datetime, view: SavedView) -> None:
    """Delete a view, and what people kept of it. Raises Refused."""
    if not view.may_change:
        raise refuse(FORBIDDEN, entity=Label(view.name, view.name), action=_CHANGING)
    connection.execute(SAVED_VIEW.delete().where(SAVED_VIEW.c.id == view.id))
    connection.execute(
        VIEW_CHOICE.delete().where(VIEW_CHOICE.c.app == app.name, VIEW_CHOICE.c.view == view.id)
    )
    _audit(connection, viewer, now, app, view, "deleted")


def _columns(view: SavedView) -> dict[str, Any]:
    return {
        "name": view.name,
        "by": view.by,
        "roles": None if view.roles is None else list(view.roles),
        "state": dict(view.state),
        "version": view.version,
    }


def _checked_name(name: str) -> str:
    stripped = " ".join(name.split())
    if not 1 <= len(stripped) <= NAME_LENGTH_MAX:
        raise _wrong(
            "name",
            f"视图的名称应为 1 到 {NAME_LENGTH_MAX} 个字。",
            f"The view's name needs 1 to {NAME_LENGTH_MAX} characters.",
        )
    return stripped


def _checked_state(state: Mapping[str, str]) -> dict[str, str]:
    if any(len(text) > LENGTH_MAX for text in state.values()):
        raise _wrong("state", f"超过 {LENGTH_MAX} 字。", f"It is longer than {LENGTH_MAX} characters.")
    return {name: text for name, text in state.items() if name in STATE_NAMES and text}


def _checked_roles(
    app: App, viewer: Viewer, roles: Sequence[str] | None, view: SavedView | None
) -> tuple[str, ...] | None:
    if roles is None:
        return None
    named = tuple(dict.fromkeys(roles))
    if any(r not in app.roles for r in named):
        raise _wrong("roles", "没有这个角色。", "There is no such role.")
    allowed = roles_for(app, viewer)
    before = set(view.roles or ()) if view is not None else set()
    if not may_curate(app, viewer) and (
        not named or any(r not in allowed and r not in before for r in named)
    ):
        raise refuse(FORBIDDEN, "roles", entity=app.label, action=_SHARING)
    return named


def _audit(
    connection: sa.Connection, viewer: Viewer, now: datetime, app: App, view: SavedView, did: str
) -> None:
    """One row: what was done, and what the view says since. Its condition goes by the name that exports use for one,
    so that who may not read the records is not told it."""
    facts = {
        "view": view.id,
        "name": view.name,
        "did": did,
        "roles": None if view.roles is None else list(view.roles),
        **view.state,
    }
    log.write(
        connection,
        viewer,
        now,
        [log.Event(log.SAVED_VIEW, app.name, view.entity, None, None, None, None, facts)],
    )


# --- what a person keeps ------------------------------------------------------------------------------------------
def keep_layout(
    connection: sa.Connection, viewer: Viewer, app: str, entity: str, view: str, layout: Layout
) -> None:
    """Keep how the person left a view's columns; an empty layout forgets it."""
    said = {
        "columns": layout.columns or None,
        "freeze": layout.freeze or None,
        "totals": layout.totals or None,
    }
    _keep(connection, viewer, app, entity, view, said)


def choose_default(connection: sa.Connection, viewer: Viewer, app: str, entity: str, view: str) -> None:
    """Let a view be the one that opens first; the empty text for none."""
    if viewer.user is None:
        return
    connection.execute(
        VIEW_CHOICE.update()
        .where(
            VIEW_CHOICE.c.user == viewer.user,
            VIEW_CHOICE.c.app == app,
            VIEW_CHOICE.c.entity == entity,
            VIEW_CHOICE.c.is_default,
        )
        .values(is_default=False)
    )
    if view:
        _keep(connection, viewer, app, entity, view, {"is_default": True})


def choose_order(
    connection: sa.Connection, viewer: Viewer, app: str, entity: str, views: Sequence[str]
) -> None:
    """Keep the order of the person's tabs."""
    for place, view in enumerate(views[:VIEWS_MAX]):
        _keep(connection, viewer, app, entity, view, {"place": place})


def _keep(
    connection: sa.Connection, viewer: Viewer, app: str, entity: str, view: str, values: Mapping[str, Any]
) -> None:
    if viewer.user is None:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    key = {"user": viewer.user, "app": app, "entity": entity, "view": view}
    adding = insert(VIEW_CHOICE).values(**{"is_default": False, **key, **values})
    connection.execute(
        adding.on_conflict_do_update(index_elements=[*VIEW_CHOICE.primary_key], set_=dict(values))
    )


def _wrong(field: str, zh: str, en: str) -> Refused:
    return Refused([Problem(INVALID_VALUE, field, {"zh": zh, "en": en})])
