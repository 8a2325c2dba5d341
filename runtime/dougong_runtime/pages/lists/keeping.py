"""What a view says and what the list shows: whether they differ, and what is to be saved of it."""

from __future__ import annotations

from dougong_runtime.pages.layout import Layout, columns_text, totals_text
from dougong_runtime.pages.lists.frame import Frame


def is_changed(frame: Frame) -> bool:
    """Whether the list differs from what its view says. A person's own way with the columns of a view that is not
    theirs to change is kept for them and counts as no change."""
    state = frame.state
    if (state.all and frame.formula != frame.own_filter) or (state.filter and not state.all):
        return True
    if state.sort and frame.sort != frame.view.sort:
        return True
    if state.group and frame.groups != tuple(n for n in frame.view.group.split(",") if frame.groups_by(n)):
        return True
    if frame.as_ != frame.view.type:
        return True
    saved = frame.view.saved
    now, below = layout_of(frame), frame.view.layout
    if saved is not None and saved.may_change:
        return bool(frame.said) and now != Layout(below.columns, below.freeze or "1", below.totals)
    return bool(Layout(state.columns, state.freeze, state.totals)) and now != _left(frame)


def _left(frame: Frame) -> Layout:
    """The columns as this reader left them, or as the view says."""
    return layout_of(Frame(frame.desk, frame.view, frame.state.without_layout(), frame.kept))


def layout_of(frame: Frame) -> Layout:
    """The columns in force, in full."""
    return Layout(columns_text(frame.chosen), str(frame.freeze), totals_text(frame.totals))


def state_of(frame: Frame) -> dict[str, str]:
    """What a saved view says, so that it shows what the list shows now."""
    layout = layout_of(frame)
    said = {
        "filter": frame.formula,
        "sort": ",".join(frame.sort),
        "group": ",".join(frame.groups) or frame.state.group.strip("-") or _lanes(frame),
        "as": frame.as_,
        "columns": layout.columns,
        "freeze": layout.freeze,
        "totals": layout.totals,
    }
    return {name: text for name, text in said.items() if text}


def _lanes(frame: Frame) -> str:
    return frame.view.group if frame.as_ == frame.view.type and frame.as_ != "table" else ""
