"""The built front end: plain names to hashed addresses, and which icons the sprite holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "static" / "dist"
"""Where tools/build_web.mjs puts script, styles and icons; served at `/static/`."""

_ICONS = Path(__file__).parent / "web" / "icons.txt"


class NotBuilt(RuntimeError):
    """The front end has not been built: `make setup`, or `npm ci && npm run build`."""


@dataclass(frozen=True)
class Assets:
    """Addresses of built files."""

    hashed: dict[str, str]
    icons: frozenset[str]

    @classmethod
    @cache
    def load(cls) -> Assets:
        """Read the manifest once a process. Raises NotBuilt where there is none."""
        try:
            hashed = json.loads((FOLDER / "manifest.json").read_text("utf-8"))
        except FileNotFoundError:
            raise NotBuilt("the front end is not built: run `npm ci && npm run build`") from None
        return cls(hashed, frozenset(_ICONS.read_text("utf-8").split()))

    def url(self, name: str) -> str:
        """The address of a built file, e.g. `dougong.css`."""
        return f"/static/{self.hashed[name]}"

    @property
    def first(self) -> list[str]:
        """Addresses of the modules that the pages' script needs at once."""
        return [f"/static/{hashed}" for name, hashed in self.hashed.items() if name.startswith("first/")]

    def icon(self, name: str | None) -> str:
        """The address of an icon; a box stands for one that the sprite does not hold."""
        known = name if name in self.icons or name == "logo" else "box"
        mark = "logo" if known == "logo" else f"i-{known}"
        return f"{self.url('icons.svg')}#{mark}"
