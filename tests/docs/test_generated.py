"""Pages that are written from the code say what the code says now. `make docs` writes them anew."""

from __future__ import annotations

import json
import re

import pytest

from dougong_runtime.errors import CATALOGUE
from dougong_runtime.fields.base import FIELD_TYPES
from tool import TOOLS, load_tool

WRITERS = sorted(path.stem for path in TOOLS.glob("document_*.py"))


@pytest.mark.parametrize("name", WRITERS)
def test_a_generated_page_is_current(name: str) -> None:
    tool = load_tool(name)
    page = getattr(tool, "PAGE", None) or tool.TARGET
    assert page.read_text(encoding="utf-8") == tool.document(), "run: make docs"


def test_every_problem_type_is_documented_in_both_languages() -> None:
    page = load_tool("document_errors").document()
    assert set(re.findall(r"^### (.+)$", page, re.MULTILINE)) == set(CATALOGUE)
    for found in CATALOGUE.values():
        assert found.says.zh, found.name
        assert found.says.en, found.name
        assert bool(found.remedy.zh) == bool(found.remedy.en), found.name


def test_every_kind_and_property_and_field_type_is_documented() -> None:
    tool = load_tool("document_schemas")
    page = tool.document()
    for file in tool._files():
        schema = json.loads(file.read_text(encoding="utf-8"))
        kind = file.name.removesuffix(".schema.json")
        if kind == "common":
            continue
        section = page.partition(f"\n## {kind}\n")[2].partition("\n## ")[0]
        assert section, kind
        for name in schema.get("properties", {}):
            assert f"| **{name}** |" in section or f"| {name} |" in section, f"{kind}.{name}"
    for name in FIELD_TYPES:
        assert f"| `{name}` |" in page, name
