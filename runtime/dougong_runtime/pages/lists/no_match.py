"""Why a list is empty: the condition without which something would be there, found with one question."""

from __future__ import annotations

from dougong_runtime.errors import Refused
from dougong_runtime.pages import conditions
from dougong_runtime.pages.lists import chips
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.lists.parts import NoMatch
from dougong_runtime.records.query import AggregateQuery, Measure

CONDITIONS_MAX = 8


def no_match(frame: Frame) -> NoMatch | None:
    """The condition whose absence shows the fewest records, but some; None where none alone is to blame."""
    parts = frame.parts[-CONDITIONS_MAX:]
    start = len(frame.parts) - len(parts)
    if not parts:
        return None
    fixed = [p.text for p in frame.parts[:start]]
    measures = []
    for at in range(len(parts)):
        others = conditions.join([p.text for n, p in enumerate(parts) if n != at])
        measures.append(Measure(f"w{at}", f"COUNT(id, {others})" if others else "COUNT()"))
    asked = AggregateQuery(
        frame.entity.name,
        measures=tuple(measures),
        filter=conditions.join(fixed) or None,
        search=frame.state.search or None,
        listed=True,
    )
    try:
        total = frame.desk.records.aggregate(asked).total
    except Refused:
        return None
    counts = [(int(total.get(f"w{at}") or 0), at) for at in range(len(parts))]
    some = [c for c in counts if c[0] > 0]
    if not some:
        return None
    count, at = min(some, key=lambda c: (c[0], -c[1]))
    return NoMatch(chips.spoken(frame, parts[at]), f"{count:,}", chips.without(frame, start + at))
