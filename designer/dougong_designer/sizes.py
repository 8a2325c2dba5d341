"""How large documents are, counted once each; and how large a draft may be."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dougong_designer.patch import Documents
from dougong_designer.remembering import Remembering
from dougong_runtime.documents.source import DOCUMENT_BYTES_MAX, DOCUMENTS_BYTES_MAX, FILE_KEY
from dougong_runtime.errors import problem_type, refuse

DOCUMENTS_MAX = 2_000

DRAFT_TOO_BIG = problem_type(
    "draft-too-big", 413, "草稿超过上限：{limit}。", "The draft exceeds its limit: {limit}."
)


def size_of(data: Any) -> int:
    """Bytes of a document as JSON."""
    return _sizes.of(data)


def _size(data: Any) -> int:
    return len(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))


_sizes = Remembering(_size)


def check_size(old: Documents, new: Documents, keys: Sequence[str]) -> None:
    """Raise Refused (DRAFT_TOO_BIG) for documents that grew too large, of which `keys` are changed; what is too large as a
    whole may still be made smaller."""
    if len(new) > DOCUMENTS_MAX and len(new) > len(old):
        raise refuse(DRAFT_TOO_BIG, limit=f"{DOCUMENTS_MAX:,}")
    grown = [key for key in keys if key in new and (key not in old or size_of(new[key]) > size_of(old[key]))]
    for key in grown:
        if size_of(new[key]) > DOCUMENT_BYTES_MAX:
            raise refuse(DRAFT_TOO_BIG, limit=f"{key}: {DOCUMENT_BYTES_MAX // 1_000_000} MB")
    if (
        grown
        and sum(size_of(data) for key, data in new.items() if not key.startswith(FILE_KEY))
        > DOCUMENTS_BYTES_MAX
    ):
        raise refuse(DRAFT_TOO_BIG, limit=f"{DOCUMENTS_BYTES_MAX // 1_000_000} MB")
