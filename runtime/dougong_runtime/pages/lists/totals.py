"""What columns come to, over all the records that the list's filter leaves."""

from __future__ import annotations

from dougong_runtime.errors import Refused
from dougong_runtime.pages.faces import is_sum
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.records.query import AggregateQuery, Measure, Page


def totals(frame: Frame, found: Page) -> dict[str, str]:
    """Sums below columns of money and measured amounts, where the count is within its limit."""
    views = frame.desk.views(frame.entity.name)
    summed = [
        c.path
        for c in frame.columns
        if c.is_own and is_sum(c.field) and views[c.path].shown == "yes" and c.field.has_column
    ]
    if not summed or frame.state.search or not found.count_is_exact or not found.items:
        return {}
    measures = tuple(Measure(f"m{n}", f"SUM({path})") for n, path in enumerate(summed))
    try:
        total = frame.desk.records.aggregate(
            AggregateQuery(frame.entity.name, measures=measures, filter=frame.formula or None)
        ).total
    except Refused:
        return {}
    return {path: str(total[f"m{n}"]) for n, path in enumerate(summed) if total.get(f"m{n}") is not None}
