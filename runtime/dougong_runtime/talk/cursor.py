"""Where a page of comments or notices begins: behind the id of the last one had."""

from __future__ import annotations

from dougong_runtime.errors import BAD_QUERY, refuse
from dougong_runtime.records.scene import known_id


def behind(cursor: str) -> str:
    """The id that a page begins behind. Raises Refused (BAD_QUERY) for what is none."""
    known = known_id(cursor)
    if known is None:
        raise refuse(
            BAD_QUERY,
            "cursor",
            zh="cursor 不是上一页给出的。",
            en="The cursor is not one that a page before has given.",
        )
    return known
