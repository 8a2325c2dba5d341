"""Templates to HTML. A page and its fragment are one template: a block of it is what htmx asks for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2
from jinja2_fragments import render_block
from markupsafe import Markup

from dougong_runtime.pages.assets import Assets
from dougong_runtime.pages.markup import markdown
from dougong_runtime.pages.reading import Reader, number, percent, short

_HERE = Path(__file__).parent
COMPONENTS = _HERE / "web" / "components"


class Renderer:
    """Compiled templates of a process. Every context has `reader` and, from it, `t`.

    `folders`: further ones, of what builds upon these pages.
    """

    def __init__(self, folders: Iterable[Path] = (), *, reload: bool = False) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader([_HERE / "templates", COMPONENTS, *folders]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=reload,
        )
        self._environment.globals["assets"] = Assets.load()
        self._environment.filters.update(number=number, percent=percent, short=short, markdown=markdown)

    def page(self, template: str, reader: Reader, **values: Any) -> str:
        """The whole page."""
        return self._environment.get_template(template).render(reader=reader, t=reader.t, **values)

    def block(self, template: str, block: str, reader: Reader, **values: Any) -> str:
        """One block of the same template."""
        return str(render_block(self._environment, template, block, reader=reader, t=reader.t, **values))

    def markup(self, template: str, block: str, reader: Reader, **values: Any) -> Markup:
        """One block, to be put into another."""
        return Markup(self.block(template, block, reader, **values))
