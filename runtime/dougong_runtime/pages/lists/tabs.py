"""The tabs above a list: the entity's views from the app's documents, and those that people saved."""

from __future__ import annotations

from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.lists.parts import Tab
from dougong_runtime.pages.saved import Mine
from dougong_runtime.pages.views import View, view_of_saved, views_of


def views_for(frame: Frame, mine: Mine) -> list[View]:
    """All views of the entity that this reader may open, in the order of their tabs."""
    app = frame.desk.app
    listed = [
        v for v in views_of(app, frame.entity.name) if v.document and frame.desk.may_see(v.document.data)
    ]
    if not listed and frame.view.saved is None:
        listed = [frame.view]
    saved = [v for s in mine.views if (v := view_of_saved(app, s)) is not None]
    views = [*listed, *saved]
    if not any(v.name == frame.view.name for v in views):
        views.append(frame.view)
    place = {name: n for n, name in enumerate(mine.order)}
    return sorted(views, key=lambda v: place.get(v.name, len(place)))


def tabs(frame: Frame, mine: Mine) -> tuple[Tab, ...]:
    """The tabs. The view that would open another instead, because that is this reader's first, says how it is shown."""
    views = views_for(frame, mine)
    made = []
    for at, view in enumerate(views):
        href = f"{frame.desk.address}/views/{view.name}"
        if view.saved is None and mine.default and mine.default != view.name:
            href = f"{href}?as={view.type}"
        made.append(
            Tab(
                key=view.name,
                label=frame.desk.reader.label(view.label),
                href=href,
                icon=view.icon,
                current=view.name == frame.view.name,
                is_saved=view.saved is not None,
                is_shared=view.saved is not None and view.saved.is_shared,
                may_change=view.saved is not None and view.saved.may_change,
                is_default=view.name == mine.default,
                is_first=at == 0,
                is_last=at == len(views) - 1,
                version=view.saved.version if view.saved is not None else 0,
            )
        )
    return tuple(made)
