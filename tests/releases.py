"""Databases that earlier releases made, kept in `tests/data`: see `tests/data/keep_release.py`."""

from __future__ import annotations

import json
import lzma
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from databases import fresh_url
from dougong_platform.settings import Settings
from dougong_platform.site import Site
from dougong_runtime.host import FixedClock

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Kept:
    """A database as a release left it, not yet opened by this program, and what is known of it."""

    kind: str
    url: str
    folder: Path
    facts: dict[str, Any]

    def site(self, **settings: str) -> Site:
        """The site at the moment when it was kept, not yet upgraded."""
        env = {
            "DOUGONG_DATABASE_URL": self.url,
            "DOUGONG_DATA_DIR": str(self.folder),
            "DOUGONG_SECRET_KEY": self.facts["secret"],
        }
        env.update({"DOUGONG_" + name.upper(): value for name, value in settings.items()})
        clock = FixedClock(datetime.fromisoformat(self.facts["at"]))
        return Site(Settings.load(env, self.folder / "none.toml"), clock)


def kept_release(name: str, kind: str, folder: Path) -> Kept:
    """A copy of what that release made, on a database of that kind, with its data folder."""
    url = fresh_url(kind, folder)
    return Kept(kind, url, folder, restore_release(name, url, folder))


def restore_release(name: str, url: str, folder: Path) -> dict[str, Any]:
    """Fill an empty database with what that release made, and the folder with its anchors; gives the facts."""
    kind = "sqlite" if url.startswith("sqlite") else "postgresql"
    if kind == "sqlite":
        content = lzma.decompress((DATA / f"{name}.sqlite.xz").read_bytes())
        Path(url.removeprefix("sqlite:///")).write_bytes(content)
    else:
        script = lzma.decompress((DATA / f"{name}.postgresql.sql.xz").read_bytes())
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            connection.execute(script)
    facts: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))[kind]
    for file, text in facts["anchors"].items():
        (folder / file).write_text(text, encoding="utf-8")
    return facts
