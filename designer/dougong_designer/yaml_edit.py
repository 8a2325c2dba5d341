"""A document edited as text: read, held against its schema with lines and columns, and linked in its place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dougong_designer.draft import Draft
from dougong_runtime.documents.problems import MALFORMED, said
from dougong_runtime.documents.schema import check_document
from dougong_runtime.documents.source import read_text
from dougong_runtime.errors import Place, Refused


def document_of(draft: Draft, key: str, text: str) -> dict[str, Any]:
    """What a text says the document at `key` is to be. Raises Refused with every problem of its shape, each with its
    line and column in the text; NOT_FOUND where the draft has no such document."""
    draft.document(key)
    kind, _, name = key.partition("/")
    read = read_text(text.encode("utf-8", "surrogatepass"), key)
    if len(read) != 1:
        zh, en = "这里应有且只有一份文档。", "One document is expected here, and no other."
        raise Refused([said(MALFORMED, zh, en, Place(key, 1, 1))])
    raw = read[0]
    problems = list(check_document(replace(raw, kind=kind))[1])
    for word, wanted in (("kind", kind), ("name", name)):
        if raw.data.get(word) != wanted:
            zh = f"这里 {word} 应是 {wanted}；改名用「改名」，会同步更新引用。"
            en = f"{word} is {wanted} here; to rename it use Rename, which rewrites what names it."
            problems.append(said(MALFORMED, zh, en, raw.at(word)))
    if problems:
        raise Refused(problems)
    return dict(raw.data)
