"""The block of comments on a record's page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dougong_runtime.labels import Label
from dougong_runtime.pages.blocks import BLOCKS, Block, Standing


@dataclass(frozen=True)
class Talk(Block):
    """The block as drawn."""

    story: Any = None
    """A `record_page.parts.Story` of comments alone."""


@BLOCKS.adding("comments")
def _comments(standing: Standing, raw: Mapping[str, Any], name: str, width: int) -> Block | None:
    """What was said about the record, with the composer above it."""
    if standing.record is None or not raw["comments"]:
        return None
    story = standing.said()
    if not story:
        return None
    reader = standing.desk.reader
    label = reader.label(Label.of(raw["label"])) if raw.get("label") else reader.t("story.comments")
    return Talk("comments", name, label, width, story=story)
