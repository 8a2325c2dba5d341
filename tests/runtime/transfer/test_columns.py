"""A header is a field's name or label; an unknown, doubtful or doubled one is refused, all at once."""

from __future__ import annotations

from typing import Any

import pytest

from dougong_runtime.errors import Refused
from dougong_runtime.fields.base import FIELD_TYPES, Field
from dougong_runtime.formulas.types import INTEGER, TEXT
from dougong_runtime.labels import Label
from dougong_runtime.records.door import FieldView
from dougong_runtime.transfer.columns import match_columns


def view(
    name: str, zh: str, en: str, *, writes: bool = True, shown: Any = "yes", type_name: str = "text"
) -> FieldView:
    value_type = TEXT if type_name == "text" else FIELD_TYPES.get(type_name).value_type({})
    targets = ("user",) if type_name == "user" else ()
    field = Field(name, name, type_name, Label(zh, en), value_type, targets=targets)
    return FieldView(field, shown, create=writes, update=writes, reveal=False)


VIEWS = (
    view("id", "编号", "Id", writes=False),
    view("name", "姓名", "Name"),
    view("phone", "电话", "Phone"),
    view("other_phone", "电话", "Other phone"),
    view("number", "号", "Number", writes=False),
    view("owner", "医生", "Doctor", type_name="user"),
    view("secret", "密", "Secret", shown="masked"),
    view("tags", "标签", "Tags", type_name="tags"),
    FieldView(Field("c", "visits", "integer", Label("次数", "Visits"), INTEGER), "yes", False, False, False),
)


def test_headers_are_names_or_labels_in_either_language() -> None:
    found = match_columns(("name", "医生", "OTHER PHONE"), VIEWS, None)
    assert [(c.place, c.field.name) for c in found.taken] == [(0, "name"), (1, "owner"), (2, "other_phone")]
    assert (found.key, found.ignored, found.blank) == (None, (), ())


def test_what_only_the_system_writes_is_passed_over_and_told() -> None:
    found = match_columns(("id", "name", "次数", "owner.username", ""), VIEWS, None)
    assert [c.field.name for c in found.taken] == ["name"]
    assert found.ignored == ("id", "次数", "owner.username")
    assert found.blank == (4,)


def test_a_key_may_be_what_only_the_system_writes() -> None:
    found = match_columns(("Number", "name"), VIEWS, "号")
    assert found.key is not None
    assert found.key.field.name == "number"
    assert [c.field.name for c in found.taken] == ["name"]
    assert found.ignored == ()


@pytest.mark.parametrize(
    ("header", "key", "said"),
    [
        (("nmae",), None, ["Header “nmae”: there is no such field."]),
        (("电话",), None, ["Header “电话”: several fields are called so: phone, other_phone."]),
        (("name", "姓名"), None, ["Header “姓名”: is the same field as “name”."]),
        (("owner.", "nmae", "name", "Name"), None, ["there is no such field", "is the same field"]),
        (("deleted_at",), None, ["there is no such field"]),
        (("name",), "phone", ["the file has no such column to update by"]),
        (("name",), "fone", ["Header “fone”: there is no such field."]),
        (("name", "secret"), "secret", ["cannot be used to find records"]),
        (("name", "tags"), "tags", ["cannot be used to find records"]),
    ],
)
def test_a_header_is_refused(header: tuple[str, ...], key: str | None, said: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        match_columns(header, VIEWS, key)
    texts = [problem.text("en") for problem in refused.value.problems]
    for words in said:
        assert any(words in text for text in texts), texts


def test_the_nearest_name_is_told() -> None:
    with pytest.raises(Refused) as refused:
        match_columns(("nmae",), VIEWS, None)
    assert refused.value.problems[0].remedy("en") == "Nearest: name"
