"""A workshop to try formulas on: clients, their orders and lines, machines, fitters; as shapes and as rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from dougong_runtime.formulas.shapes import EntityShape, FieldShape
from dougong_runtime.formulas.tree import Hop
from dougong_runtime.formulas.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    FILE,
    INTEGER,
    TEXT,
    TIME,
    Kind,
    ValueType,
    number,
    record,
)
from dougong_runtime.labels import Label


def choice(*options: str | int) -> ValueType:
    """A choice between options."""
    return ValueType(Kind.CHOICE, options=options)


def several(*options: str) -> ValueType:
    """Several choices."""
    return ValueType(Kind.LIST, options=options)


SYSTEM_FIELDS = {
    "version": INTEGER,
    "created_at": DATETIME,
    "updated_at": DATETIME,
    "created_by": record("user"),
    "updated_by": record("user"),
    "deleted_at": DATETIME,
}


def shape(
    entity: str, title: str, many: Mapping[str, Hop] | None = None, /, **fields: ValueType
) -> EntityShape:
    """An entity's shape, system fields included."""
    made = {n: FieldShape(n, t, Label(n, n)) for n, t in (SYSTEM_FIELDS | fields).items()}
    return EntityShape(entity, Label(entity, entity), title, made, many or {})


def back(name: str, field: str, entity: str) -> Hop:
    """An inverse."""
    return Hop("back", name, field, entity)


SHAPES: dict[str, EntityShape] = {
    "client": shape(
        "client",
        "name",
        {
            "orders": back("orders", "client", "order"),
            "lines": back("lines", "client", "line"),
            "tools": Hop("many", "tools", "tools", "machine"),
        },
        name=TEXT,
        code=TEXT,
        grade=choice("A", "B", "C"),
        skills=several("turn", "weld", "paint"),
        small_order=number(2),
        budget=number(2),
        wide=number(10, 38),
        rate=number(4),
        visits=INTEGER,
        active=BOOLEAN,
        born=DATE,
        seen_at=DATETIME,
        opens=TIME,
        owner=record("user"),
        parent=record("client"),
        photo=FILE,
        mood=choice(-2, -1, 0, 1, 2),
        notes=ValueType(Kind.JSON),
        subject=record("order", "machine"),
    ),
    "order": shape(
        "order",
        "number",
        {"lines": back("lines", "order", "line")},
        number=TEXT,
        client=record("client"),
        amount=number(2),
        paid=BOOLEAN,
        paid_on=DATE,
        placed_at=DATETIME,
        grade=choice("A", "B", "C"),
    ),
    "line": shape(
        "line",
        "text",
        text=TEXT,
        order=record("order"),
        client=record("client"),
        machine=record("machine"),
        quantity=number(4),
        price=number(4),
    ),
    "machine": shape(
        "machine",
        "name",
        {
            "lines": back("lines", "machine", "line"),
            "users": Hop("many_back", "users", "tools", "client"),
        },
        name=TEXT,
        kind=choice("lathe", "press"),
        hours=INTEGER,
    ),
    "user": shape(
        "user",
        "name",
        {"clients": back("clients", "owner", "client")},
        username=TEXT,
        name=TEXT,
        team=record("team"),
        active=BOOLEAN,
    ),
    "team": shape(
        "team",
        "name",
        {"members": back("members", "team", "user"), "children": back("children", "parent", "team")},
        name=TEXT,
        parent=record("team"),
        leader=record("user"),
    ),
}

SETTINGS = {"discount": number(2), "limit": INTEGER, "prefix": TEXT}
SETTING_VALUES: dict[str, Any] = {"discount": Decimal("0.15"), "limit": Decimal(10), "prefix": "W-"}

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
ZONE = "Asia/Shanghai"


def rid(number_: int) -> str:
    """A record's id from a small number."""
    return f"00000000-0000-7000-8000-{number_:012d}"


ROWS: dict[str, list[dict[str, Any]]] = {
    "team": [{"id": rid(1), "name": "Floor", "leader": rid(12)}],
    "user": [
        {"id": rid(11), "username": "li", "name": "Li", "team": rid(1), "active": True},
        {"id": rid(12), "username": "zhao", "name": "Zhao", "team": rid(1), "active": True},
    ],
    "machine": [
        {"id": rid(31), "name": "Lathe 1", "kind": "lathe", "hours": 120},
        {"id": rid(32), "name": "Press 2", "kind": "press", "hours": None},
    ],
    "client": [
        {
            "id": rid(21),
            "name": "张记五金",
            "code": "W-21",
            "grade": "B",
            "skills": ["turn", "weld"],
            "small_order": Decimal("100.00"),
            "budget": Decimal("1000.00"),
            "wide": Decimal("1234567890123456789.5"),
            "rate": Decimal("0.1250"),
            "visits": 7,
            "active": True,
            "born": date(1990, 3, 2),
            "seen_at": datetime(2026, 3, 1, 17, 0, tzinfo=UTC),
            "opens": time(8, 30),
            "owner": rid(11),
            "parent": rid(22),
            "mood": 1,
            "tools": [rid(31), rid(32)],
            "photo": {"name": "a.png", "sha256": "00ff", "size": 1200, "media_type": "image/png"},
        },
        {"id": rid(22), "name": "Nobody", "tools": [rid(32)]},
    ],
    "order": [
        {
            "id": rid(41),
            "number": "O-1",
            "client": rid(21),
            "amount": Decimal("100.00"),
            "paid": True,
            "paid_on": date(2026, 1, 10),
            "placed_at": datetime(2026, 1, 9, 16, 30, tzinfo=UTC),
            "grade": "A",
        },
        {"id": rid(42), "number": "O-2", "client": rid(21), "amount": Decimal("50.00"), "paid": False},
        {
            "id": rid(43),
            "number": "O-3",
            "client": rid(21),
            "amount": Decimal("200.50"),
            "paid": True,
            "paid_on": date(2026, 2, 20),
            "placed_at": datetime(2026, 2, 19, 1, 0, tzinfo=UTC),
            "grade": "C",
        },
        {
            "id": rid(44),
            "number": "O-4",
            "client": rid(21),
            "amount": Decimal("999.00"),
            "paid": True,
            "deleted_at": NOW,
        },
    ],
    "line": [
        {
            "id": rid(51),
            "text": "bolt",
            "order": rid(41),
            "client": rid(21),
            "machine": rid(31),
            "quantity": Decimal("10.0000"),
            "price": Decimal("2.5000"),
        },
        {
            "id": rid(52),
            "text": "nut",
            "order": rid(43),
            "client": rid(21),
            "machine": rid(31),
            "quantity": Decimal("3.5000"),
            "price": Decimal("0.3333"),
        },
        {"id": rid(53), "text": "plate", "order": rid(43), "client": rid(21), "machine": rid(32)},
    ],
}
