"""Apps, viewers and records for tests, in a line each."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from dougong_runtime.documents import source
from dougong_runtime.model.app import App
from dougong_runtime.model.link import link

APPS = Path(__file__).parent / "apps"


@cache
def app(name: str) -> App:
    """One of the apps in `tests/apps`: `clinic`, `workshop`, `school`."""
    return link(source.read(APPS / name))


@cache
def app_of(text: str) -> App:
    """The app that a YAML text describes, its documents separated by `---`.

    A text without `kind: app` gets one named `small`.
    """
    whole = text if "kind: app" in text else f"kind: app\nname: small\n---\n{text}"
    return link(source.of_text(whole))
