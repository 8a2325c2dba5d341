"""Storage follows documents: what a change of an app does to tables that hold data, and the way back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from databases import every_database
from dougong_runtime.errors import Refused
from dougong_runtime.model.app import App, Unique
from dougong_runtime.storage.steps import RenameField, RetypeField, reversed_steps
from handmade import AT, Workshop, app, entity, field


@pytest.fixture
def workshop(database_kind: str, tmp_path: Path) -> Iterator[Workshop]:
    made = Workshop.copied(database_kind, tmp_path)
    yield made
    made.close()


class Killed(Exception):
    """The process ended here."""


def until_killed(steps: Sequence[object], count: int) -> Iterator[object]:
    """So many steps, then the end."""
    yield from steps[:count]
    raise Killed


TOOL = entity("tool", field("name", search=True), field("price", "money"), field("count", "integer"))


@every_database
def test_a_renamed_field_keeps_its_values_and_its_unique(workshop: Workshop) -> None:
    workshop.become(app(entity("tool", field("name", unique=True, search=True), field("price", "money"))))
    workshop.add("tool", name="刨子", price=Decimal("12.50"))
    steps = workshop.become(
        app(entity("tool", field("title", id="name", unique=True, search=True), field("price", "money")))
    )
    assert [type(s) for s in steps] == [RenameField]
    assert list(workshop.rows("tool").values()) == [{"title": "刨子", "price": Decimal("12.50")}]
    with pytest.raises(IntegrityError):
        workshop.add("tool", title="刨子")


@every_database
def test_two_fields_may_change_names_with_each_other(workshop: Workshop) -> None:
    workshop.become(app(entity("tool", field("a"), field("b"))))
    workshop.add("tool", a="1", b="2")
    workshop.become(app(entity("tool", field("b", id="a"), field("a", id="b"))))
    assert list(workshop.rows("tool").values()) == [{"b": "1", "a": "2"}]


@every_database
def test_two_entities_may_change_names_with_each_other(workshop: Workshop) -> None:
    workshop.become(app(entity("saw", field("x")), entity("axe", field("y"))))
    workshop.add("saw", x="saw")
    workshop.add("axe", y="axe")
    workshop.become(app(entity("axe", field("x"), id="saw"), entity("saw", field("y"), id="axe")))
    assert workshop.values("axe", "x") == ["saw"]
    assert workshop.values("saw", "y") == ["axe"]


@every_database
def test_a_retired_field_comes_back_with_its_values(workshop: Workshop) -> None:
    whole = app(TOOL)
    workshop.become(whole)
    workshop.add("tool", name="saw", price=Decimal("3.10"), count=4)
    steps = workshop.become(app(entity("tool", field("name", search=True))))
    workshop.add("tool", name="axe")
    workshop.become(whole, reversed_steps(steps))
    assert workshop.values("tool", "price") == [Decimal("3.10"), None]
    assert workshop.values("tool", "count") == [4, None]


@every_database
def test_a_retired_entity_comes_back_with_its_records_and_links(workshop: Workshop) -> None:
    whole = app(
        entity(
            "tool",
            field("name"),
            field("parts", "references", to="part"),
            field("box", "reference", to="part"),
        ),
        entity("part", field("name")),
    )
    workshop.become(whole)
    parts = [workshop.add("part", name=n) for n in ("a", "b")]
    workshop.add("tool", name="saw", parts=[parts[1], parts[0]], box=parts[0])
    before = workshop.rows("tool")
    steps = workshop.become(app(entity("part", field("name"))))
    workshop.become(whole, reversed_steps(steps))
    assert workshop.rows("tool") == before


@every_database
def test_text_becomes_numbers_and_what_does_not_convert_comes_back(workshop: Workshop) -> None:
    as_text = app(entity("tool", field("name"), field("price")))
    as_money = app(entity("tool", field("name"), field("price", "money")))
    workshop.become(as_text)
    for price in ("12.5", "１，２００", "about 7", None):
        workshop.add("tool", name="x", price=price)
    steps = workshop.become(as_money)
    assert [type(s) for s in steps if isinstance(s, RetypeField)] == [RetypeField]
    assert workshop.values("tool", "price") == [Decimal("12.50"), Decimal("1200.00"), None, None]

    changed, *_ = workshop.rows("tool")
    with workshop.begin() as connection:
        table = workshop.tables.of("tool")
        connection.execute(sa.update(table).where(table.c.id == changed).values(price=Decimal("99.90")))
    workshop.add("tool", name="new", price=Decimal("5.00"))
    workshop.become(as_text, reversed_steps(steps))
    assert workshop.values("tool", "price") == ["99.90", "１，２００", "about 7", None, "5.00"]


@every_database
def test_more_places_keep_every_value_and_fewer_keep_what_fits(workshop: Workshop) -> None:
    workshop.become(app(entity("tool", field("name"), field("price", "decimal", scale=2))))
    for price in ("1.25", "2.20", "-3.00"):
        workshop.add("tool", name="x", price=Decimal(price))
    workshop.become(app(entity("tool", field("name"), field("price", "decimal", scale=4))))
    assert workshop.values("tool", "price") == [Decimal("1.2500"), Decimal("2.2000"), Decimal("-3.0000")]
    workshop.become(app(entity("tool", field("name"), field("price", "decimal", scale=1))))
    assert workshop.values("tool", "price") == [None, Decimal("2.2"), Decimal("-3.0")]


@every_database
def test_a_wide_decimal_is_exact_beyond_eighteen_digits(workshop: Workshop) -> None:
    workshop.become(app(entity("tool", field("price", "decimal", precision=18, scale=2))))
    workshop.add("tool", price=Decimal("1234567890123456.78"))
    workshop.become(app(entity("tool", field("price", "decimal", precision=30, scale=10))))
    assert workshop.values("tool", "price") == [Decimal("1234567890123456.7800000000")]


@every_database
def test_stored_values_follow_renamed_options_even_in_a_circle(workshop: Workshop) -> None:
    def version(state: list[tuple[str, str]], marks: list[tuple[str, str]]) -> object:
        return app(
            entity(
                "tool",
                field("name"),
                field("state", "choice", options=state),
                field("marks", "multi_choice", options=marks),
            )
        )

    workshop.become(version([("1", "new"), ("2", "old")], [("a", "x"), ("b", "y")]))
    workshop.add("tool", name="s", state="new", marks=["x", "y"])
    workshop.add("tool", name="t", state="old", marks=["y"])
    steps = workshop.become(version([("1", "old"), ("2", "new")], [("a", "xx"), ("b", "y")]))
    assert workshop.values("tool", "state") == ["old", "new"]
    assert workshop.values("tool", "marks") == [["xx", "y"], ["y"]]
    workshop.become(version([("1", "new"), ("2", "old")], [("a", "x"), ("b", "y")]), reversed_steps(steps))
    assert workshop.values("tool", "state") == ["new", "old"]


@every_database
def test_one_reference_becomes_several_and_one_again(workshop: Workshop) -> None:
    part = entity("part", field("name"))
    one = app(entity("tool", field("name"), field("parts", "reference", to="part")), part)
    several = app(entity("tool", field("name"), field("parts", "references", to="part")), part)
    workshop.become(one)
    ids = [workshop.add("part", name=n) for n in ("a", "b")]
    workshop.add("tool", name="x", parts=ids[0])
    workshop.add("tool", name="y")
    steps = workshop.become(several)
    assert workshop.values("tool", "parts") == [[ids[0]], []]
    workshop.add("tool", name="z", parts=[ids[1]])
    workshop.add("tool", name="both", parts=ids)
    workshop.become(one, reversed_steps(steps))
    assert workshop.values("tool", "parts") == [ids[0], None, ids[1], None]


@every_database
def test_a_reference_with_several_targets_follows_their_new_names(workshop: Workshop) -> None:
    def version(part_name: str) -> App:
        return app(
            entity("tool", field("name"), field("of", "reference", to=[part_name, "tool"])),
            entity(part_name, field("name"), id="part"),
        )

    workshop.become(version("part"))
    part = workshop.add("part", name="a")
    workshop.add("tool", name="x", of={"entity": "part", "id": part})
    steps = workshop.become(version("piece"))
    table = workshop.tables.of("tool")
    with workshop.begin() as connection:
        assert connection.execute(sa.select(table.c["of__entity"])).scalars().all() == ["piece"]
    workshop.become(version("part"), reversed_steps(steps))
    with workshop.begin() as connection:
        assert connection.execute(sa.select(table.c["of__entity"])).scalars().all() == ["part"]


@every_database
def test_a_renamed_target_is_no_retyping(workshop: Workshop) -> None:
    def version(part_name: str) -> App:
        return app(
            entity(
                "tool",
                field("name"),
                field("of", "reference", to=part_name),
                field("many", "references", to=part_name),
            ),
            entity(part_name, field("name"), id="part"),
        )

    workshop.become(version("part"))
    part = workshop.add("part", name="a")
    workshop.add("tool", name="x", of=part, many=[part])
    steps = workshop.become(version("piece"))
    assert not any(isinstance(s, RetypeField) for s in steps)
    assert list(workshop.rows("tool").values()) == [{"name": "x", "of": part, "many": [part]}]


@every_database
def test_text_finds_its_record_by_title_and_a_reference_becomes_its_title(workshop: Workshop) -> None:
    part = entity("part", field("name"))
    as_text = app(entity("tool", field("name"), field("part")), part)
    as_reference = app(entity("tool", field("name"), field("part", "reference", to="part")), part)
    workshop.become(as_text)
    blade = workshop.add("part", name="刀片")
    workshop.add("tool", name="x", part="刀片")
    workshop.add("tool", name="y", part="无此物")
    steps = workshop.become(as_reference)
    assert workshop.values("tool", "part") == [blade, None]
    workshop.become(as_text, reversed_steps(steps))
    assert workshop.values("tool", "part") == ["刀片", "无此物"]


@every_database
def test_a_unique_that_records_violate_is_refused_and_nothing_changes(workshop: Workshop) -> None:
    workshop.become(app(entity("tool", field("name"), field("code"))))
    workshop.add("tool", name="x", code="1")
    workshop.add("tool", name="y", code="1")
    new = app(entity("tool", field("title", id="name"), field("code", unique=True)))
    with pytest.raises(Refused):
        workshop.become(new)
    assert workshop.values("tool", "name") == ["x", "y"]


@every_database
def test_unique_counts_living_records_and_its_condition(workshop: Workshop) -> None:
    workshop.become(app(entity("tool", field("name"), field("box", "integer"), unique=[("name", "box")])))
    workshop.add("tool", name="x", box=1, deleted_at=AT)
    workshop.add("tool", name="x", box=1)
    workshop.add("tool", name="x", box=2)
    with pytest.raises(IntegrityError):
        workshop.add("tool", name="x", box=1)
    assert workshop.tables.unique_of("no such index") is None
    spec = next(s for s in workshop.tables.indexes("tool") if s.unique is not None)
    assert workshop.tables.unique_of(spec.name) == ("tool", Unique("name+box", ("name", "box")))


@every_database
def test_a_transaction_that_ends_midway_leaves_everything_as_it_was(workshop: Workshop) -> None:
    workshop.become(app(TOOL))
    workshop.add("tool", name="saw", price=Decimal("1.00"), count=1)
    before = workshop.rows("tool")
    new = app(
        entity(
            "tools", field("title", id="name"), field("price", "decimal", scale=4), field("box"), id="tool"
        ),
        entity("shelf", field("name")),
    )
    steps = workshop.steps_to(new)
    for stop in range(1, len(steps) + 1):
        with pytest.raises(Killed), workshop.begin() as connection:
            workshop.carry_out(connection, new, until_killed(steps, stop))
        assert workshop.rows("tool") == before
    workshop.become(new)
    assert workshop.values("tools", "title") == ["saw"]


@every_database
def test_references_are_foreign_keys_that_refuse(workshop: Workshop) -> None:
    workshop.become(
        app(
            entity("tool", field("name"), field("part", "reference", to="part")),
            entity("part", field("name")),
        )
    )
    part = workshop.add("part", name="a")
    workshop.add("tool", name="x", part=part)
    table = workshop.tables.of("part")
    with pytest.raises(IntegrityError), workshop.begin() as connection:
        connection.execute(sa.delete(table).where(table.c.id == part))
    with pytest.raises(IntegrityError):
        workshop.add("tool", name="y", part="01890000-0000-7000-8000-000000000000")


@every_database
def test_an_added_reference_is_a_foreign_key_too(workshop: Workshop) -> None:
    part = entity("part", field("name"))
    workshop.become(app(entity("tool", field("name")), part))
    workshop.become(app(entity("tool", field("name"), field("part", "reference", to="part")), part))
    with pytest.raises(IntegrityError):
        workshop.add("tool", name="y", part="01890000-0000-7000-8000-000000000000")


def test_sqlite_shows_decimals_to_tools_that_know_nothing_of_scales(tmp_path: object) -> None:
    workshop = Workshop.made(f"sqlite:///{tmp_path}/a.sqlite")
    workshop.become(app(TOOL))
    workshop.add("tool", name="saw", price=Decimal("3.10"), count=4)
    with workshop.begin() as connection:
        row = connection.execute(sa.text("SELECT name, price, count FROM workshop__tool__readable")).one()
    assert tuple(row) == ("saw", 3.1, 4)


@every_database
def test_records_that_are_there_stand_at_the_first_stage_of_a_new_stage(workshop: Workshop) -> None:
    workshop.become(app(entity("tool", field("name"))))
    workshop.add("tool", name="x")
    workshop.become(app(entity("tool", field("name"), field("state", "stage", options=["new", "used"]))))
    assert workshop.values("tool", "state") == ["new"]


@every_database
def test_what_text_had_lost_comes_back_over_several_types_of_the_same_form(workshop: Workshop) -> None:
    def version(type_name: str, **raw: object) -> App:
        return app(entity("tool", field("name"), field("x", type_name, **raw)))

    workshop.become(version("text"))
    workshop.add("tool", name="a", x="none of them")
    first = workshop.become(version("choice", options=["low", "high"]))
    second = workshop.become(version("integer"))
    workshop.become(version("choice", options=["low", "high"]), reversed_steps(second))
    workshop.become(version("text"), reversed_steps(first))
    assert workshop.values("tool", "x") == ["none of them"]
