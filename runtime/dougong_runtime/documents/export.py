"""An app as files: a folder or a zip, the same bytes for the same app, whoever writes them and when."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.packages import plain_path, unreadable
from dougong_runtime.documents.source import FILE_KEY, file_bytes
from dougong_runtime.documents.yaml_text import scalar

WIDTH = 110
"""Characters in a line, as far as words allow."""
_FLOW_LENGTH_MAX = 100
"""A part that fits on a line of so many characters stands on one."""
_ZIP_TIME = (2020, 1, 1, 0, 0, 0)
_FIRST = ("kind", "name", "id", "was", "label")
"""Properties that open a document, in this order; the others follow as they stand."""


def files_of(stored: Mapping[str, Any]) -> dict[str, bytes]:
    """Path → bytes of an app as the database keeps it (`App.source`), in order of paths."""
    return dict(sorted(_files(stored)))


def write_folder(stored: Mapping[str, Any], folder: Path) -> list[str]:
    """Write an app into a folder, which is made; other files there stay. Returns the paths written.

    Raises Refused for a path that leads outside, by itself or by a link that lies in the folder.
    """
    made = files_of(stored)
    for path in made:
        _check_inside(folder, path)
    for path, content in made.items():
        place = folder / PurePosixPath(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return list(made)


def _check_inside(folder: Path, path: str) -> None:
    if plain_path(path) is None:
        raise unreadable(path, "路径越界。", "This path leads outside.")
    parts = PurePosixPath(path).parts
    if any((folder.joinpath(*parts[:count])).is_symlink() for count in range(1, len(parts) + 1)):
        raise unreadable(path, "目标文件夹里这里是一个链接。", "There is a link at this place of the folder.")


def zip_of(stored: Mapping[str, Any]) -> bytes:
    """An app as a zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, content in files_of(stored).items():
            entry = zipfile.ZipInfo(path, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return packed.getvalue()


def write(stored: Mapping[str, Any], path: Path | str) -> list[str]:
    """Write an app to a folder, or to a zip where the path ends in `.zip`. Returns the paths written."""
    place = Path(path)
    if place.suffix != ".zip":
        return write_folder(stored, place)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(zip_of(stored))
    return list(files_of(stored))


def document_text(data: Mapping[str, Any]) -> str:
    """One document as YAML. `parse` gives back what went in, to the last digit."""
    first = {key: data[key] for key in _FIRST if key in data}
    rest = {key: value for key, value in data.items() if key not in first}
    return yaml.dump(
        {**first, **rest},
        Dumper=_Writer,
        allow_unicode=True,
        sort_keys=False,
        width=WIDTH,
        default_flow_style=False,
    )


def _files(stored: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    for key, data in stored.items():
        if key.startswith(FILE_KEY):
            yield key.removeprefix(FILE_KEY), file_bytes(data)
            continue
        kind, _, name = key.partition("/")
        folder = KINDS.get(kind).folder
        path = f"{folder}/{name}.yaml" if folder else f"{kind}.yaml"
        yield path, document_text(data).encode("utf-8")


class _Writer(yaml.SafeDumper):
    """Block style outside, one line where a part is short; text is quoted wherever a reader could take it for less."""

    def ignore_aliases(self, data: Any) -> bool:
        """Every value is written out."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Lists stand two characters in, under what they belong to."""
        super().increase_indent(flow, False)


def _represent_text(writer: yaml.SafeDumper, text: str) -> yaml.Node:
    style: str | None = None
    if "\n" in text and not text.startswith((" ", "\n")) and _is_block_text(text):
        style = "|"
    elif not text.isprintable():
        style = '"'
    elif scalar(text) != text:
        style = "'"
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _is_block_text(text: str) -> bool:
    printable = all(character == "\n" or character.isprintable() for character in text)
    return printable and not any(line != line.rstrip() for line in text.split("\n"))


def _represent_number(writer: yaml.SafeDumper, value: float) -> yaml.Node:
    text = format(Decimal(repr(value)), "f")
    text = text if "." in text else f"{text}.0"
    return writer.represent_scalar("tag:yaml.org,2002:float", text)


def _represent_mapping(writer: yaml.SafeDumper, data: Mapping[str, Any]) -> yaml.Node:
    return writer.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=_is_short(data))


def _represent_list(writer: yaml.SafeDumper, data: list[Any]) -> yaml.Node:
    return writer.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=_is_short(data))


def _is_short(data: Any) -> bool:
    """Whether a part without long or many-lined texts fits on a line."""
    if isinstance(data, dict) and "kind" in data and "name" in data:
        return False
    length = 0
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            length += 2
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            length += 2
            waiting += value
        else:
            text = str(value)
            if "\n" in text:
                return False
            length += len(text) + sum(ord(c) > 0x2E7F for c in text) + 2
        if length > _FLOW_LENGTH_MAX:
            return False
    return True


_Writer.add_representer(str, _represent_text)
_Writer.add_representer(float, _represent_number)
_Writer.add_representer(dict, _represent_mapping)
_Writer.add_representer(list, _represent_list)
