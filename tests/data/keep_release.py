"""Keeps a small site as this release makes it, for later releases to upgrade: `python tests/data/keep_release.py NAME`.

Run it in a checkout of the release, with its three roots and `tests` on PYTHONPATH. It writes beside itself
`NAME.sqlite.xz` and `NAME.postgresql.sql.xz` (pg_dump as INSERTs): the clinic with people, sessions, a token, records
made, changed, deleted and restored, two versions of the app, and a sealed audit; and `NAME.json`, what a test needs to
know of them. `docs/upgrading.md` says when.
"""

from __future__ import annotations

import json
import lzma
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from databases import binaries, fresh_url
from dougong_platform import seals, signin, tokens
from dougong_platform.http.app import make_app
from dougong_platform.site import Site
from dougong_runtime.host import FixedClock
from sites import CLINIC, PASSWORD, SYSTEM, add_person, install, make_site

HERE = Path(__file__).resolve().parent
AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def fill(site: Site) -> dict[str, Any]:
    """What is kept, made by the code of this release."""
    make_app(site)  # and with it every module that declares a system table
    site.database.install()
    install(site, CLINIC)
    add_person(site, "anna", ["admin"], name="安娜")
    nurse = add_person(site, "ben", ["clinic.nurse"], name="Ben")
    session = signin.sign_in(site, "anna", PASSWORD)
    with site.database.write() as connection:
        token = tokens.issue(site, connection, SYSTEM, nurse).token
    with site.database.write() as connection:
        door = site.records(connection, SYSTEM, "clinic")
        people = [
            door.create(
                "patient",
                {"name": name, "born_on": born, "phone": f"1380000000{n}"},
            )
            for n, (name, born) in enumerate(
                (("王敏", "1980-05-06"), ("李强", "1955-01-31"), ("O'Neil", "1990-12-01"))
            )
        ]
    first, second, third = (str(made["id"]) for made in people)
    with tempfile.TemporaryDirectory() as temporary:
        changed = Path(temporary) / "clinic"
        shutil.copytree(CLINIC, changed)
        patient = changed / "entities" / "patient.yaml"
        added = "fields:\n  - {name: nickname, type: text, label: {zh: 小名, en: Nickname}}\n"
        patient.write_text(
            patient.read_text(encoding="utf-8").replace("fields:\n", added, 1), encoding="utf-8"
        )
        install(site, changed)
    for name in ("王敏敏", "王小敏"):
        with site.database.write() as connection:
            site.records(connection, SYSTEM, "clinic").update("patient", first, {"name": name})
    with site.database.write() as connection:
        site.records(connection, SYSTEM, "clinic").delete("patient", second)
    with site.database.write() as connection:
        site.records(connection, SYSTEM, "clinic").delete("patient", third)
    with site.database.write() as connection:
        site.records(connection, SYSTEM, "clinic").restore("patient", third)
    seals.seal_now(site)
    anchors = next(site.settings.data_dir.glob("audit-seals-*.jsonl"))
    add_person(site, "cleo", name="Cleo")
    with site.database.read() as connection:
        door = site.records(connection, SYSTEM, "clinic")
        shown = door.get("patient", first)
    return {
        "at": AT.isoformat(),
        "password": PASSWORD,
        "secret": site.settings.secret_key,
        "session": session.token,
        "token": token,
        "changed": first,
        "deleted": second,
        "restored": third,
        "code": shown["code"],
        "anchors": {anchors.name: anchors.read_text(encoding="utf-8")},
    }


def main(name: str) -> None:
    """Write the files of that name."""
    kept: dict[str, Any] = {}
    for kind in ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            folder.chmod(0o755)
            site = make_site(fresh_url(kind, folder), folder, FixedClock(AT))
            kept[kind] = fill(site)
            url = site.settings.database_url
            site.database.close()
            if kind == "sqlite":
                whole = folder / "whole.sqlite"
                with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as source:
                    source.execute("VACUUM INTO ?", (str(whole),))
                content = whole.read_bytes()
            else:
                plain = url.replace("+psycopg", "")
                dump = [str(binaries() / "pg_dump"), "--inserts", "--no-owner", "--no-privileges", plain]
                lines = subprocess.run(dump, check=True, capture_output=True, text=True).stdout.splitlines()
                content = "\n".join(s for s in lines if not s.startswith(("--", "\\"))).encode()
            target = HERE / f"{name}.{'sqlite' if kind == 'sqlite' else 'postgresql.sql'}.xz"
            target.write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))
    (HERE / f"{name}.json").write_text(
        json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main(sys.argv[1])
