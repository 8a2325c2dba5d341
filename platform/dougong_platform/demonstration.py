"""A demonstration: a template with its people and made-up data, in a database of its own."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dougong_platform import apps, people, roster
from dougong_platform.settings import Settings
from dougong_platform.site import Site
from dougong_platform.tables import SITE
from dougong_runtime import publish
from dougong_runtime.documents.source import Source
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.records.door import Records
from dougong_runtime.transfer.demo import load_demo

TEMPLATE = "crm_investment"
FOLDER = "var/demo"
FILE = "demo.sqlite"
PASSWORD_VARIABLE = "DOUGONG_DEMO_PASSWORD"
PASSWORD_FILE = "demo-password"
HOST = "127.0.0.1"
COUNTED_FROM = 100
"""A scale from here on is the number of main records, below it a factor."""

NOT_A_DEMONSTRATION = problem_type(
    "not-a-demonstration",
    409,
    "这个数据库不是演示数据库，里面已有人员或应用。",
    "This database is no demonstration: it holds people or apps already.",
    remedy=(
        "换一个数据库，或去掉 DOUGONG_DATABASE_URL。",
        "Use another database, or unset DOUGONG_DATABASE_URL.",
    ),
)
UNFINISHED = problem_type(
    "unfinished-demonstration",
    409,
    "演示数据上次没有装完。",
    "The demonstration's data was left unfinished.",
    remedy=(
        "删除数据目录 {data_dir} 或换一个数据库，再启动。",
        "Remove {data_dir}, or use another database, and start again.",
    ),
)

Tell = Callable[[str, int], None]
"""Told while data is made: the entity, and how many of its records are in."""


def settings_for(data_dir: str | None, port: int | None, env: Mapping[str, str] = os.environ) -> Settings:
    """The settings of a demonstration: it listens to this machine only, and its database is a SQLite file of its own
    unless the environment names another; what `dougong.toml` says of the site's database does not count."""
    chosen = data_dir or env.get("DOUGONG_DATA_DIR") or FOLDER
    url = env.get("DOUGONG_DATABASE_URL") or f"sqlite:///{Path(chosen).expanduser().resolve() / FILE}"
    return Settings.load(env, data_dir=chosen, database_url=url, host=HOST, port=port, workers=1, demo=True)


def password_for(settings: Settings, env: Mapping[str, str] = os.environ) -> str:
    """The demo people's password: from the environment, else made once and kept in the data folder."""
    given = env.get(PASSWORD_VARIABLE)
    if given:
        return given
    path = settings.data_dir / PASSWORD_FILE
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text("-".join(secrets.token_hex(2) for _ in range(3)), encoding="ascii")
    return path.read_text(encoding="ascii").strip()


def is_whole(site: Site) -> bool:
    """Whether the demonstration is there with all its data. Raises `Refused` where an attempt was broken off."""
    state = _state(site)
    if state == "begun":
        raise refuse(UNFINISHED, data_dir=site.settings.data_dir)
    return state == "whole"


def prepare(site: Site, actor: Viewer, source: Source, password: str, scale: float, tell: Tell) -> None:
    """Install the template with its people, who get that password, and made-up data.

    `scale`: a factor on the numbers of `data/demo.yaml`, or from 100 on the number of its main records.
    Raises `Refused` where the database is somebody's.
    """
    with site.database.write() as connection:
        if site.apps(connection) or people.people(connection):
            raise refuse(NOT_A_DEMONSTRATION)
        app = apps.link_beside(site, connection, source)
        apps.apply(site, connection, publish.plan_publish(connection, app), actor, None)
        roster.enter(site, connection, actor, source, app.name, password)
        facts = {"demo": "begun", "demo-password": _digest(site, password)}
        connection.execute(sa.insert(SITE), [{"name": n, "value": v} for n, v in facts.items()])

    @contextmanager
    def door() -> Iterator[Records]:
        with site.database.write() as connection:
            yield site.records(connection, actor, app.name)

    load_demo(door, source, scale=factor(source, scale), progress=tell)
    with site.database.write() as connection:
        connection.execute(sa.update(SITE).where(SITE.c.name == "demo").values(value="whole"))
    with site.database.write() as connection:
        connection.exec_driver_sql("ANALYZE")


def set_passwords(site: Site, actor: Viewer, password: str) -> bool:
    """Give everyone the password, if it is another than at the last start. Gives whether it was."""
    digest = _digest(site, password)
    with site.database.write() as connection:
        kept = connection.scalar(sa.select(SITE.c.value).where(SITE.c.name == "demo-password"))
        if kept == digest:
            return False
        for person in people.people(connection):
            people.keep_password(site, connection, actor, person.id, password)
        connection.execute(sa.update(SITE).where(SITE.c.name == "demo-password").values(value=digest))
    return True


def factor(source: Source, scale: float) -> float:
    """What the numbers of `data/demo.yaml` are multiplied by."""
    document = source.demo()
    if scale < COUNTED_FROM or document is None:
        return scale
    main: Mapping[str, Any] = next(
        (part for part in document.data.get("load", ()) if "children" in part or part.get("grows")), {}
    )
    return scale / int(main.get("count", scale))


def _state(site: Site) -> str | None:
    with site.database.read() as connection:
        return connection.scalar(sa.select(SITE.c.value).where(SITE.c.name == "demo"))


def _digest(site: Site, password: str) -> str:
    return hmac.new(site.settings.key("demo-password"), password.encode(), hashlib.sha256).hexdigest()
