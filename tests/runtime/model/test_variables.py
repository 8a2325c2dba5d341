"""The names that expressions of a workflow may use."""

from __future__ import annotations

from dougong_runtime.formulas.types import JSON, TEXT
from dougong_runtime.model.link_variables import Variables


def test_what_lies_inside_json_is_json() -> None:
    names = Variables({"run.user": TEXT, "steps.call": JSON})
    assert names.get("run.user") == TEXT
    assert names.get("steps.call.body.id") == JSON
    assert names["steps.call.body"] == JSON
    assert names.get("steps.nobody") is None
    assert names.get("run.user.name", TEXT) == TEXT
