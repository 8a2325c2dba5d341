"""Variables that look like settings and are none."""

from __future__ import annotations

from dougong_platform.doctor.finding import Looked, check, warning
from dougong_platform.settings import SETTINGS
from dougong_platform.site import Site
from dougong_runtime.names import nearest


@check("variables", needs="nothing")
def variables(site: Site) -> Looked:
    """Misspelt ones."""
    known = [setting.variable for setting in SETTINGS]
    for variable in site.settings.ignored:
        close = nearest(variable, known) or "dougong settings"
        yield warning(
            f"环境变量 {variable} 没有作用",
            f"The variable {variable} has no effect",
            f"改正或去掉它；最接近的是 {close}",
            f"Correct or remove it; the nearest is {close}",
        )
