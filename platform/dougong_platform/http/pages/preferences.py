"""Preferences of a browser: theme, density, folded sidebar, single-letter keys. In force before signing in too."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from dougong_platform.brand import brand_of
from dougong_runtime.pages.shell import Preferences

CHOICES: dict[str, tuple[str, ...]] = {
    "theme": ("auto", "light", "dark"),
    "density": ("standard", "compact", "roomy"),
    "nav": ("full", "rail"),
    "keys": ("on", "off"),
}
"""What may be chosen; the first is what holds where nothing was."""

_YEAR_SECONDS = 365 * 24 * 3600


def preferences_of(request: Request) -> Preferences:
    """What this browser was told, and the site's own face."""
    chosen = {name: request.cookies.get(f"dougong_{name}", "") for name in CHOICES}
    fit = {n: v if v in CHOICES[n] else CHOICES[n][0] for n, v in chosen.items()}
    return Preferences(**fit, brand=brand_of(request.app.state.site.settings))


def remember(response: Response, request: Request, name: str, value: str) -> bool:
    """Tell the browser one choice; False where there is no such choice."""
    if value not in CHOICES.get(name, ()):
        return False
    response.set_cookie(
        f"dougong_{name}",
        value,
        max_age=_YEAR_SECONDS,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return True
