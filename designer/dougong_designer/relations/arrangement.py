"""Where builders have put boxes on an app's relation diagram: one arrangement an app, the same for everybody.

Not a part of the draft: how a picture is arranged changes nothing of the app, so it is neither a step of its history
nor published. Places are kept by the entities' ids and so follow a rename.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from dougong_designer.tables import PLACE

COORDINATE_MAX = 20_000

Point = tuple[int, int]


def kept(connection: sa.Connection, app: str) -> dict[str, Point]:
    """Entity's id → upper left corner of its box, for those that have been put somewhere."""
    rows = connection.execute(sa.select(PLACE.c.entity, PLACE.c.x, PLACE.c.y).where(PLACE.c.app == app))
    return {row.entity: (row.x, row.y) for row in rows}


def keep(connection: sa.Connection, app: str, places: Mapping[str, Point]) -> None:
    """Keep the places of some boxes; negative ones and those out of reach are brought within it."""
    if not places:
        return
    connection.execute(sa.delete(PLACE).where(PLACE.c.app == app, PLACE.c.entity.in_(sorted(places))))
    rows = [
        {"app": app, "entity": entity, "x": _within(x), "y": _within(y)}
        for entity, (x, y) in sorted(places.items())
    ]
    connection.execute(sa.insert(PLACE), rows)


def forget(connection: sa.Connection, app: str) -> None:
    """Let all boxes be laid out again."""
    connection.execute(sa.delete(PLACE).where(PLACE.c.app == app))


def _within(value: int) -> int:
    return min(max(value, 0), COORDINATE_MAX)
