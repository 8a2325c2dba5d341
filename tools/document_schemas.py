"""Writes `docs/documents.md` from `schemas/*.json` and the registry of field types: `python tools/document_schemas.py`."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dougong_runtime.fields
from dougong_runtime.documents import packages, problems, source, yaml_text
from dougong_runtime.fields.base import FIELD_TYPES
from dougong_runtime.formulas import check, tokens
from dougong_runtime.model import expansion

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "documents.md"
FIRST = ("app", "entity", "form", "view", "page", "role", "report", "dashboard", "workflow", "message")
EXAMPLE_LENGTH_MAX = 60
Schema = Mapping[str, Any]

HEAD = """# Documents

<!-- Written by tools/document_schemas.py from schemas/ and the field types. Change the words there. -->

A template is a folder of YAML files, one document a file, `kind` first. What stands here is every kind with every
property; the schemas themselves are in `schemas/`, and an editor that knows JSON Schema completes and explains from
them. A name in bold is required. `[]` after a name means a list, and what follows stands in each of its members.
"""

LIMITS = f"""## limits

A package is read in bounded time and memory, whoever made it. What goes beyond is refused, with file and line.

| what | at most |
| --- | --- |
| files of a folder or zip | {packages.FILES_MAX:,}; {packages.FILE_BYTES_MAX // 10**6} MB each, {packages.TOTAL_BYTES_MAX // 10**6} MB together, unpacked |
| a path | {packages.PATH_BYTES_MAX} bytes, {packages.PARTS_MAX} folders deep; inside the package, printable, in composed form (NFC); no two that differ in capitals only |
| links, and packings other than deflate | none |
| a document | {source.DOCUMENT_BYTES_MAX // 10**6} MB; all together {source.DOCUMENTS_BYTES_MAX // 10**6} MB, {yaml_text.DOCUMENTS_MAX:,} documents, {yaml_text.NODES_MAX:,} values |
| nesting | {yaml_text.DEPTH_MAX} levels |
| a text | {yaml_text.SCALAR_LENGTH_MAX:,} characters, no control characters besides tab and line end |
| YAML | no tags, anchors, aliases, merge keys, keys twice |
| a name | 48 lower-case letters, digits, single underscores; not what formulas (`and`, `null` …) or PostgreSQL's tables (`xmin`, `ctid` …) keep; an app's does not begin with `sqlite` |
| fields of an entity | 500 |
| a formula | {tokens.LENGTH_MAX:,} characters, {tokens.NESTING_MAX} brackets deep, {check.WEIGHT_MAX:,} parts; with all that it reads and that is not stored, {expansion.WEIGHT_MAX:,} parts and {expansion.DEPTH_MAX} formulas within each other |
| problems told | {problems.PROBLEMS_MAX}; the others are counted |
"""

WORDS = {
    "name": "a name",
    "id": "an id",
    "label": "a text, or `{zh: …, en: …}`",
    "names": "a name, or a list of names",
    "formula": "a [formula](formulas.md)",
    "path": "a field, or a path along references",
    "sort": "names of fields, `-` before one for descending",
    "color": "a color",
    "duration": "a duration such as `3d`",
    "time": "a time such as `09:00`",
    "date": "a day such as `2026-03-02`",
    "values": "values by name",
}
TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "properties",
    "null": "nothing",
}


def document() -> str:
    """The page: a section a kind, the shared parts, the field types."""
    schemas = {p.name.removesuffix(".schema.json"): json.loads(p.read_text("utf-8")) for p in _files()}
    common = schemas.pop("common", {})
    kinds = [*(k for k in FIRST if k in schemas), *sorted(set(schemas) - set(FIRST))]
    parts = [
        HEAD.rstrip("\n"),
        " · ".join(f"[{kind}](#{kind})" for kind in (*kinds, "field-types", "limits")),
    ]
    parts.extend(_Section(kind, schemas[kind], kind).text() for kind in kinds)
    shared = {name: part for name, part in common.get("$defs", {}).items() if name not in WORDS}
    if shared:
        parts.append("## shared parts\n\nProperties that several kinds have in the same shape.")
        parts.extend(_Section(name, part, "common", level=3).text() for name, part in shared.items())
    parts += [_field_types(), LIMITS.rstrip("\n")]
    return "\n\n".join(parts) + "\n"


def _files() -> list[Path]:
    return sorted((ROOT / "schemas").glob("*.schema.json"))


class _Section:
    """A kind, or a part that several places share: its words and a table of its properties."""

    def __init__(self, name: str, schema: Schema, kind: str, level: int = 2) -> None:
        self.name, self.schema, self.kind, self.level = name, schema, kind, level

    def text(self) -> str:
        """The section in Markdown, the kind's own parts below it."""
        parts = [f"{'#' * self.level} {self.name}"]
        zh = self.schema.get("x-zh", {}).get("title", "")
        words = " · ".join(filter(None, (self.schema.get("description", ""), zh)))
        parts += [words] if words else []
        shapes = self.schema.get("oneOf", ())
        if len(shapes) > 2 and all("properties" in shape for shape in shapes):
            parts += self._alternatives(shapes)
        elif "items" in self.schema:
            parts.append(f"Is {self._takes(self.schema)}.")
        else:
            parts.append(_table(self._rows(self.schema, "")))
        for name, part in self.schema.get("$defs", {}).items():
            parts.append(_Section(f"{self.kind} {name}", part, self.kind, self.level + 1).text())
        return "\n\n".join(parts)

    def _alternatives(self, shapes: Sequence[Schema]) -> Iterator[str]:
        """What all of them have, once; then each with what is its own."""
        first = shapes[0]["properties"]
        shared = {
            n: p for n, p in first.items() if all(_same(shape["properties"].get(n), p) for shape in shapes)
        }
        if shared:
            yield "Each may have:"
            yield _table(self._rows({"properties": shared}, ""))
        for shape in shapes:
            own = {n: p for n, p in shape["properties"].items() if n not in shared}
            named = next((str(p["const"]) for p in own.values() if "const" in p), None)
            title = named or shape.get("title") or next(iter(shape.get("required", own)))
            zh = shape.get("x-zh", {}).get("title", "")
            yield f"{'#' * (self.level + 1)} {self.kind} {title}"
            yield " · ".join(filter(None, (shape.get("description", ""), zh)))
            yield _table(self._rows({**shape, "properties": own}, ""))

    def _rows(self, schema: Schema, above: str) -> Iterator[str]:
        for shape in (schema, *schema.get("oneOf", ()), *schema.get("allOf", ())):
            required = shape.get("required", ())
            for name, part in shape.get("properties", {}).items():
                yield self._row(above, name, part, name in required)
                yield from self._below(part, f"{above}{name}")

    def _below(self, part: Schema, path: str) -> Iterator[str]:
        if "properties" in part:
            yield from self._rows(part, f"{path}.")
        for shape in part.get("oneOf", ()):
            yield from self._below(shape, path)
        items = part.get("items")
        if isinstance(items, Mapping) and ("properties" in items or "oneOf" in items):
            yield from (
                self._rows(items, f"{path}[].") if "properties" in items else self._below(items, f"{path}[]")
            )
        more = part.get("additionalProperties")
        if isinstance(more, Mapping) and "properties" in more:
            yield from self._rows(more, f"{path}.<name>.")

    def _row(self, above: str, name: str, part: Schema, required: bool) -> str:
        shown = f"**{name}**" if required else name
        zh = part.get("x-zh", {}).get("description", "")
        says = "<br>".join(_escaped(words) for words in (part.get("description", ""), zh) if words)
        cells = (f"{_code(above)}{shown}", self._takes(part), says, _example(part))
        return "| " + " | ".join(_cell(cell) for cell in cells) + " |"

    def _takes(self, part: Schema) -> str:
        if "$ref" in part:
            file, _, name = part["$ref"].partition("#/$defs/")
            kind = file.removesuffix(".schema.json") or self.kind
            return WORDS.get(name) or (
                f"[{name}](#{name})" if kind == "common" else f"[{name}](#{kind}-{name})"
            )
        if "const" in part:
            return f"`{part['const']}`"
        if "enum" in part:
            return " · ".join(f"`{_plain(value)}`" for value in part["enum"])
        if "oneOf" in part:
            return ", or ".join(dict.fromkeys(self._takes(shape) for shape in part["oneOf"]))
        kinds = part.get("type", "object")
        words = [TYPES[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds)]
        items = part.get("items")
        if "array" in kinds and isinstance(items, Mapping) and "properties" not in items:
            words[words.index("a list")] = f"a list: {self._takes(items)}"
        return ", or ".join(words) + _bounds(part)


def _same(one: Schema | None, other: Schema) -> bool:
    """Whether two properties differ in their examples at most."""
    return one is not None and {**one, "examples": ()} == {**other, "examples": ()}


def _table(rows: Iterable[str]) -> str:
    return "\n".join(("| property | takes | says | for example |", "| --- | --- | --- | --- |", *rows))


def _bounds(part: Schema) -> str:
    low, high = part.get("minimum"), part.get("maximum")
    if low is not None and high is not None:
        return f", {low} to {high}"
    if low is not None:
        return f", at least {low}"
    return f", at most {high}" if high is not None else ""


def _example(part: Schema) -> str:
    for example in part.get("examples", ()):
        text = _plain(example)
        if len(text) <= EXAMPLE_LENGTH_MAX:
            return f"`{text}`"
    return ""


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _code(above: str) -> str:
    return f"`{above}`" if above else ""


def _escaped(words: str) -> str:
    return words.replace("<", "&lt;")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _field_types() -> str:
    for module in pkgutil.iter_modules(dougong_runtime.fields.__path__, "dougong_runtime.fields."):
        importlib.import_module(module.name)
    lines = [
        "## field types",
        "",
        "What `type` of a field may be, with the properties that each adds to a field.",
        "",
        "| type | is | holds | adds |",
        "| --- | --- | --- | --- |",
    ]
    for name, kind in FIELD_TYPES.items():
        adds = ", ".join(_added(option, part) for option, part in kind.schema.items())
        cells = (
            f"`{name}`",
            f"{kind.label.en}<br>{kind.label.zh}",
            f"{kind.help.en}<br>{kind.help.zh}",
            adds,
        )
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return "\n".join(lines)


def _added(option: str, part: Schema) -> str:
    values = (
        " (" + ", ".join(_plain(v) for v in part["enum"]) + ")"
        if len(part.get("enum", ())) in range(1, 7)
        else ""
    )
    default = f" = {_plain(part['default'])}" if "default" in part else ""
    return f"`{option}{default}`{values}"


def main() -> None:
    """Write the page."""
    PAGE.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
