"""Renaming inside files that travel with an app: their text changes at the names, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dougong_runtime.documents.references import Reference
from dougong_runtime.documents.source import Raw, file_bytes, file_value, read_text
from dougong_runtime.documents.yaml_text import Spot

_AWKWARD = frozenset("'\"\\\n\r\t{}[],#&*!|>%@`")
"""Characters that a name inside a file's text could not have without quoting; such a name leaves the file alone."""
_QUOTES = "'\""


def rewritten_file(
    path: str, kept: Mapping[str, str], found: Iterable[Reference], name: str
) -> Mapping[str, str]:
    """A file, as it is kept, with a name written anew at the places found."""
    if "text" not in kept or _AWKWARD & set(name):
        return kept
    kind = "story" if path.startswith("stories/") else "people"
    raws = read_text(file_bytes(kept), path, kind)
    text = file_bytes(kept).decode("utf-8")
    starts = [0]
    starts += [index + 1 for index, character in enumerate(text) if character == "\n"]
    spans = {span for reference in found for span in _spans(text, starts, raws, reference)}
    for begin, end in sorted(spans, reverse=True):
        text = text[:begin] + name + text[end:]
    return file_value(text.encode("utf-8"))


def _spans(text: str, starts: list[int], raws: list[Raw], reference: Reference) -> Iterator[tuple[int, int]]:
    """Where in the text the name stands; nothing where it is written in a way that a simple edit would not keep."""
    index, *rest = reference.path
    if not isinstance(index, int) or index >= len(raws):
        return
    places = raws[index].places
    is_key = reference.form == "key"
    spot: Spot | None = (places.keys if is_key else places.values).get(tuple(rest))
    if spot is None or (spot.shift is None and not is_key):
        return
    begin = starts[spot.line - 1] + spot.column - 1
    if text[begin : begin + 1] in _QUOTES:
        begin += 1
    if reference.form == "part":
        begin += reference.offset
        end = begin + reference.length
        if text[begin : begin + 1] in _QUOTES and text[end - 1 : end] in _QUOTES:
            begin, end = begin + 1, end - 1
    else:
        end = begin + len(reference.target.name)
    if text[begin:end] == reference.target.name:
        yield begin, end
