"""Writes `docs/errors.md` from the catalogue of problem types: `python tools/document_errors.py`."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from dougong_runtime.errors import CATALOGUE, ProblemType

PAGE = Path(__file__).resolve().parents[1] / "docs" / "errors.md"
PACKAGES = ("dougong_runtime", "dougong_designer", "dougong_platform")
_FACT = re.compile(r"\{(\w+)\}")

HEAD = """# Errors

<!-- Written by tools/document_errors.py from the catalogue in the code. Change the words there. -->

Every refusal has a type whose name never changes. Over HTTP it is a problem document (RFC 9457) whose `type` is
`/problems/<name>`; on the command line, the sentence and the remedy. Words in braces are facts of the single case.
The language is the reader's; the facts and the type are the same in both.

"""


def import_everything() -> None:
    """Let every module enter its types into the catalogue."""
    for name in PACKAGES:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, name + "."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


def document() -> str:
    """The page, by status and name."""
    import_everything()
    groups: dict[int, list[ProblemType]] = {}
    for found in CATALOGUE.values():
        groups.setdefault(found.status, []).append(found)
    parts = [HEAD.rstrip("\n"), *_contents(groups)]
    for status, types in sorted(groups.items()):
        parts.append(f"## {status} {HTTPStatus(status).phrase}")
        parts.extend("\n".join(_entry(t)) for t in sorted(types, key=lambda t: t.name))
    return "\n\n".join(parts) + "\n"


def _contents(groups: dict[int, list[ProblemType]]) -> Iterator[str]:
    rows = ["| status | types |", "| --- | --- |"]
    for status, types in sorted(groups.items()):
        names = " · ".join(f"[{t.name}](#{t.name})" for t in sorted(types, key=lambda t: t.name))
        rows.append(f"| {status} | {names} |")
    yield "\n".join(rows)


def _entry(found: ProblemType) -> Iterator[str]:
    facts = dict.fromkeys(
        name
        for words in (found.says.zh, found.says.en, found.remedy.zh, found.remedy.en)
        for name in _FACT.findall(words)
        if name not in ("zh", "en")
    )
    yield f"### {found.name}"
    yield ""
    own = {"{zh}", "{en}"}
    yield "The words are the single case's own." if {found.says.zh, found.says.en} == own else found.says.en
    if found.says.zh != "{zh}":
        yield f"<br>{found.says.zh}"
    if found.remedy.en:
        yield ""
        yield f"→ {found.remedy.en}<br>{found.remedy.zh}"
    if facts:
        yield ""
        yield "Facts: " + ", ".join(f"`{name}`" for name in facts)


def main() -> None:
    """Write the page."""
    PAGE.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
