"""A site whose app keeps pictures and papers, its people signed in, and files to hand in: good ones and bad ones."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

import sites
from databases import stem
from dougong_platform import signin, tokens
from dougong_platform.http.app import make_app
from dougong_platform.http.viewer import COOKIE
from dougong_platform.site import Site
from dougong_runtime.host import Clock, FixedClock

PATH = "/api/v1/apps/darkroom"
APP = """
kind: app
name: darkroom
label: {zh: 暗房, en: Darkroom}
version: 1.0.0
---
kind: entity
name: print
label: {zh: 照片, en: Print}
title: name
fields:
  - {name: name, type: text, required: true, label: {zh: 名称, en: Name}}
  - {name: owner, type: user, default: USER()}
  - {name: picture, type: image, size_max: 400000, label: {zh: 图片, en: Picture}}
  - {name: paper, type: file, label: {zh: 文件, en: Paper}}
  - {name: contract, type: file, media_types: [application/pdf], label: {zh: 合同, en: Contract}}
  - {name: shots, type: image, multiple: true, label: {zh: 组图, en: Shots}}
  - {name: passport, type: file, sensitive: true, label: {zh: 护照, en: Passport}}
  - {name: signed, type: signature, label: {zh: 签名, en: Signature}}
  - {name: story, type: rich_text, label: {zh: 说明, en: Story}}
  - {name: bytes, type: formula, formula: picture.size, result: integer, label: {zh: 字节, en: Bytes}}
---
kind: entity
name: loan
label: {zh: 外借, en: Loan}
title: borrower
fields:
  - {name: borrower, type: text, required: true, label: {zh: 借用人, en: Borrower}}
  - {name: print, type: reference, to: print, inverse: loans, label: {zh: 照片, en: Print}}
  - {name: receipt, type: file, label: {zh: 回执, en: Receipt}}
---
kind: page
name: print_page
entity: print
label: {zh: 照片, en: Print}
blocks:
  - {files: true, width: 8}
---
kind: entity
name: kit
label: {zh: 器材, en: Kit}
title: name
fields:
  - {name: name, type: text, required: true, label: {zh: 名称, en: Name}}
  - {name: price, type: money, currency: CNY, label: {zh: 价格, en: Price}}
  - {name: share, type: percent, label: {zh: 份额, en: Share}}
  - {name: labels, type: tags, label: {zh: 标签, en: Labels}}
  - {name: place, type: address, label: {zh: 地址, en: Address}}
  - {name: bought_on, type: date, label: {zh: 购买日期, en: Bought on}}
  - {name: due_at, type: datetime, label: {zh: 归还时间, en: Due at}}
  - {name: exposure, type: duration, label: {zh: 曝光时长, en: Exposure}}
  - {name: tint, type: color, label: {zh: 色调, en: Tint}}
  - {name: stars, type: rating, label: {zh: 评分, en: Stars}}
  - {name: phone, type: phone, label: {zh: 电话, en: Phone}}
  - {name: site, type: url, label: {zh: 网址, en: Web page}}
  - {name: notes, type: long_text, markdown: true, label: {zh: 备注, en: Notes}}
  - {name: extra, type: json, label: {zh: 数据, en: Data}}
---
kind: role
name: keeper
label: {zh: 管理员, en: Keeper}
grants:
  - {entity: print, actions: [read, create, update, delete], rows: all}
  - {entity: kit, actions: [read, create, update, delete], rows: all}
  - {entity: loan, actions: [read, create, update, delete], rows: all}
---
kind: role
name: author
label: {zh: 作者, en: Author}
grants:
  - {entity: print, actions: [read, create, update], rows: own, hide: [contract]}
---
kind: role
name: guest
label: {zh: 访客, en: Guest}
grants:
  - {entity: print, actions: [read], rows: all, hide: [paper], mask: [{field: passport, show: last4}, {field: shots, show: last4}]}
"""
PEOPLE = {
    "keeper_an": ["keeper"],
    "author_bo": ["author"],
    "author_ci": ["author"],
    "guest_du": ["guest"],
    "nobody": [],
}


@dataclass
class Darkroom:
    """The site, its application, and a client for each person."""

    site: Site
    app: Starlette
    users: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    portal: BlockingPortal | None = None

    def client(self, username: str) -> TestClient:
        """A client that speaks for a person by token."""
        return self._asking({"Accept-Language": "en", "Authorization": f"Bearer {self.tokens[username]}"}, {})

    def browser(self, username: str, **headers: str) -> TestClient:
        """A browser in which a person has signed in."""
        session = signin.sign_in(self.site, username, sites.PASSWORD)
        sent = {"Accept": "text/html", "Accept-Language": "en", "X-CSRF-Token": session.csrf, **headers}
        return self._asking(sent, {COOKIE: session.token})

    def _asking(self, headers: dict[str, str], cookies: dict[str, str]) -> TestClient:
        client = TestClient(self.app, headers=headers, cookies=cookies, raise_server_exceptions=False)
        client.portal = self.portal
        return client

    def hand_in(
        self, username: str, field: str, content: bytes, name: str = "a.png", media_type: str = "image/png"
    ) -> Any:
        """The answer to a file handed in."""
        return self.client(username).post(
            f"{PATH}/print/files", params={"field": field}, files={"file": (name, content, media_type)}
        )

    def file(self, username: str, field: str, content: bytes, name: str = "a.png") -> str:
        """Id of a file that was handed in."""
        answer = self.hand_in(username, field, content, name)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def print(self, username: str, **values: Any) -> dict[str, Any]:
        """A record made by a person."""
        answer = self.client(username).post(f"{PATH}/print", json={"name": "north window", **values})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


@contextmanager
def open_darkroom(kind: str, folder: Path, clock: Clock | None = None, **settings: str) -> Iterator[Darkroom]:
    """A new darkroom on a database of that kind, with its people."""
    kept = stem(kind, "darkroom", _make)
    site = sites.make_site(kept.copied(folder), folder / "data", clock, **settings)
    app = make_app(site)
    with TestClient(app) as served:
        yield Darkroom(site, app, dict(kept.made[0]), dict(kept.made[1]), served.portal)
    sites.close(site)


def _make(url: str, folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    site = sites.make_site(url, folder)
    template = folder / "template"
    template.mkdir()
    for n, text in enumerate(APP.split("\n---\n")):
        (template / f"{n}.yaml").write_text(text, encoding="utf-8")
    sites.install(site, template)
    users = {u: sites.add_person(site, u, [f"darkroom.{r}" for r in roles]) for u, roles in PEOPLE.items()}
    users["admin"] = sites.add_person(site, "admin", ["admin"])
    with site.database.write() as connection:
        issued = {u: tokens.issue(site, connection, sites.SYSTEM, i).token for u, i in users.items()}
    site.database.close()
    return users, issued


def clock_of(darkroom: Darkroom) -> FixedClock:
    """The site's clock, to be moved."""
    assert isinstance(darkroom.site.clock, FixedClock)
    return darkroom.site.clock


# --- files ------------------------------------------------------------------------------------------------------------
def png(width: int = 8, height: int = 6, color: str = "teal") -> bytes:
    """A picture."""
    return _saved(Image.new("RGB", (width, height), color), "PNG")


def jpeg_with_place(width: int = 640, height: int = 480) -> bytes:
    """A photo that tells where it was taken, and whose owner wrote a note into it."""
    image = Image.new("RGB", (width, height), "orange")
    exif = Image.Exif()
    exif[0x010E] = "taken at the back door"
    exif[0x8825] = {1: "N", 2: (31.0, 13.0, 0.0), 3: "E", 4: (121.0, 28.0, 0.0)}
    return _saved(image, "JPEG", exif=exif)


def _saved(image: Image.Image, form: str, **more: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **more)
    return out.getvalue()


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A small PNG that says it has 900 million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def pdf() -> bytes:
    """A document of one empty page."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    )


def zipped(**entries: str) -> bytes:
    """An archive; `__` in names stands for a dot, `_in_` for a slash."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in entries.items():
            archive.writestr(name.replace("_in_", "/").replace("__", "."), text)
    return out.getvalue()
