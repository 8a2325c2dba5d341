"""How each kind of document is linked: a registry under the kinds' names. A kind without an entry has nothing to add."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from dougong_runtime.documents.cursor import Cursor
from dougong_runtime.model.link_app import link_app
from dougong_runtime.model.link_forms import link_form
from dougong_runtime.model.link_messages import link_connector, link_message
from dougong_runtime.model.link_pages import link_page
from dougong_runtime.model.link_reports import link_report
from dougong_runtime.model.link_settings import link_calendar
from dougong_runtime.model.link_views import link_view
from dougong_runtime.model.link_workflows import link_workflow
from dougong_runtime.model.linker import Linker
from dougong_runtime.registry import Registry

Link: TypeAlias = Callable[[Linker, Cursor], Any]
"""Document → frozen value; problems and references are noted at the linker."""

LINKS: Registry[Link] = Registry("way of linking")
LINKS.register("app", link_app)
LINKS.register("form", link_form)
LINKS.register("view", link_view)
LINKS.register("page", link_page)
LINKS.register("dashboard", link_page)
LINKS.register("workflow", link_workflow)
LINKS.register("report", link_report)
LINKS.register("message", link_message)
LINKS.register("connector", link_connector)
LINKS.register("calendar", link_calendar)
