"""Files as an attacker sends and asks for them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from darkroom import PATH, Darkroom, bomb, jpeg_with_place, open_darkroom, pdf, png, zipped
from dougong_platform.files import intake, kinds
from dougong_platform.files.names import clean_name, disposition

HTML = b"<!doctype html><script>alert(document.cookie)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Darkroom]:
    with open_darkroom("sqlite", tmp_path_factory.mktemp("darkroom"), file_megabytes_max="2") as made:
        yield made


def drafts(room: Darkroom) -> list[Path]:
    return list(room.site.incoming.glob("*")) if room.site.incoming.exists() else []


def fetched(room: Darkroom, content: bytes, name: str) -> Any:
    made = room.print("author_bo", paper=room.file("author_bo", "paper", content, name))
    return room.client("author_bo").get(f"/files/darkroom/print/{made['id']}/paper")


# --- what a file is ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (png(), "a.txt", "image/png"),
        (jpeg_with_place(), "a.png", "image/jpeg"),
        (pdf(), "a", "application/pdf"),
        (HTML, "a.png", "text/html"),
        (b"\xef\xbb\xbf  " + HTML, "notes.txt", "text/html"),
        (b"plain words", "page.html", "text/html"),
        (SVG, "a.png", "image/svg+xml"),
        (b"<?xml version='1.0'?>\n<!-- x -->" + SVG, "a.txt", "image/svg+xml"),
        (b"MZ\x90\x00\x03", "a.jpg", kinds.PROGRAM),
        (b"\x7fELF\x02\x01", "a.pdf", kinds.PROGRAM),
        (b"#!/bin/sh\nrm", "a.txt", kinds.PROGRAM),
        (b"BMW and MZ are words", "a.txt", "text/plain"),
        ("名称,数量\n甲,1\n".encode("gb18030"), "a.csv", "text/csv"),
        (b"\x00\x01\x02", "a.txt", kinds.UNKNOWN),
        (zipped(a__txt="x"), "a.docx", "application/zip"),
        (zipped(**{"[Content_Types]__xml": "x", "word_in_document__xml": "x"}), "a.zip",
         "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (zipped(**{"[Content_Types]__xml": "x", "word_in_vbaProject__bin": "x"}), "a.docx",
         "application/vnd.ms-word.document.macroenabled.12"),
        (b"PK\x03\x04 and nothing more", "a.docx", "application/zip"),
        (b"\x00\x00\x00\x18ftypheic", "a.jpg", "image/heic"),
        (b"ID3\x04tune", "a.wav", "audio/mpeg"),
    ],
)  # fmt: skip
def test_the_content_says_what_a_file_is(tmp_path: Path, content: bytes, name: str, kind: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    assert kinds.kind_of(path, name) == kind


@pytest.mark.parametrize(
    ("field", "content", "name"),
    [
        ("picture", HTML, "a.png"),
        ("picture", SVG, "a.png"),
        ("picture", pdf(), "a.png"),
        ("picture", b"\x89PNG\r\n\x1a\n" + HTML, "a.png"),
        ("picture", png()[:40], "cut.png"),
        ("picture", bomb(), "bomb.png"),
        ("picture", bomb(21_000, 10), "long.png"),
        ("picture", b"", "empty.png"),
        ("contract", png(), "a.pdf"),
        ("paper", b"MZ\x90\x00", "setup.exe"),
        ("paper", b"", "empty.txt"),
    ],
)
def test_what_a_field_does_not_take_is_refused_and_leaves_nothing(
    room: Darkroom, field: str, content: bytes, name: str
) -> None:
    before = {kept.sha256 for kept in room.site.files.all()}
    answer = room.hand_in("keeper_an", field, content, name, "image/png")
    assert answer.status_code == 422, answer.text
    assert answer.json()["problems"][0]["field"] == field
    assert drafts(room) == []
    assert {kept.sha256 for kept in room.site.files.all()} == before


def test_a_picture_that_is_a_page_too_is_shown_as_a_picture_only(room: Darkroom) -> None:
    """Bytes of a page behind those of a picture: nothing but the picture is ever made of them."""
    both = png(40, 40) + HTML
    made = room.print("author_bo", picture=room.file("author_bo", "picture", both, "a.html"))
    path = f"/files/darkroom/print/{made['id']}/picture"
    assert made["picture"]["name"] == "a.html.png"
    whole, small = (room.client("author_bo").get(p) for p in (path, f"{path}?size=96"))
    assert whole.headers["content-type"] == "image/png"
    assert b"script" not in small.content
    for answer in (whole, small):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("content", "name", "inline"),
    [
        (HTML, "a.html", False),
        (SVG, "a.svg", False),
        (b"alert(1)", "a.js", False),
        (b"<a xmlns='x'/>", "a.xml", False),
        (zipped(a="x"), "a.zip", False),
        (b"words", "a.txt", True),
        (png(), "a.png", True),
        (pdf(), "a.pdf", True),
    ],
)
def test_only_what_cannot_run_is_shown_in_the_browser(
    room: Darkroom, content: bytes, name: str, inline: bool
) -> None:
    answer = fetched(room, content, name)
    assert answer.headers["content-disposition"].startswith("inline" if inline else "attachment")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert ("sandbox" in policy) == (not name.endswith(".pdf"))
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


# --- names ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../../etc/passwd", "passwd"),
        ("C:\\Windows\\system32\\a.txt", "a.txt"),
        ('a"; filename="b.exe', "a_; filename=_b.exe"),
        ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie_ x=1.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\x00b.txt", "ab.txt"),
        ("...", "file"),
        ("", "file"),
        ("合同 第1版.pdf", "合同 第1版.pdf"),
        ("x" * 400 + ".pdf", "x" * 147 + ".pdf"),
    ],
)
def test_names_lose_what_could_lead_astray(given: str, kept: str) -> None:
    assert clean_name(given) == kept


@pytest.mark.parametrize("name", ['a";b.txt', "行\r\nX: 1", "\u202e.txt", "名.txt", "%0d%0a.txt", "a\\b"])
def test_a_name_stays_within_its_header(room: Darkroom, name: str) -> None:
    answer = fetched(room, b"words", name)
    assert "x" not in answer.headers
    header = answer.headers["content-disposition"]
    assert header.count('"') == 2
    assert header.isascii()
    assert header.isprintable()
    assert disposition("é.pdf", inline=True).endswith("filename*=UTF-8''%C3%A9.pdf")


# --- how much, and how ------------------------------------------------------------------------------------------------
def test_a_file_is_cut_off_where_it_grows_beyond_what_its_field_takes(room: Darkroom) -> None:
    answer = room.hand_in("author_bo", "picture", png() + b"\0" * 500_000)
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/file-too-large")
    answer = room.hand_in("author_bo", "paper", b"\0" * (2 * 1024 * 1024 + 1))
    assert answer.status_code == 413
    assert drafts(room) == []


def test_what_is_said_to_be_too_long_is_refused_unread(room: Darkroom) -> None:
    answer = room.client("author_bo").post(
        f"{PATH}/print/files?field=paper",
        content=b"--x",
        headers={"content-type": "multipart/form-data; boundary=x", "content-length": str(1 << 40)},
    )
    assert answer.status_code == 413


FORM = "multipart/form-data; boundary=frontier"
HEAD = b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'


@pytest.mark.parametrize(
    ("body", "form", "status"),
    [
        (HEAD + b"words\r\n--frontier--\r\n", FORM, 201),
        (HEAD + b"words", FORM, 400),
        (HEAD + b"words\r\n" + HEAD + b"more\r\n--frontier--\r\n", FORM, 400),
        (b"", FORM, 400),
        (b"no boundary anywhere", FORM, 400),
        (
            b'--frontier\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--frontier--\r\n',
            FORM,
            400,
        ),
        (b"--frontier\r\nX: " + b"y" * 20_000 + b"\r\n\r\n", FORM, 400),
        (b'--frontier\r\nContent-Disposition: form-data; name="x"\r\n\r\n' + b"y" * 70_000, FORM, 400),
        (HEAD, "multipart/form-data", 415),
        (HEAD, "application/octet-stream", 415),
        (b"{}", "application/json", 415),
    ],
)
def test_a_form_of_another_shape_is_refused(room: Darkroom, body: bytes, form: str, status: int) -> None:
    answer = room.client("author_bo").post(
        f"{PATH}/print/files?field=paper", content=body, headers={"content-type": form}
    )
    assert answer.status_code == status, answer.text
    assert drafts(room) == []


def test_nobody_hands_in_without_saving_for_ever(room: Darkroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "WAITING_MAX", 2)
    answers = [room.hand_in("author_ci", "paper", bytes([n]) * 3, "a").status_code for n in range(4)]
    assert answers == [201, 201, 429, 429]


def test_another_site_hands_nothing_in(room: Darkroom) -> None:
    file = {"file": ("a.txt", b"words", "text/plain")}
    path = f"{PATH}/print/files?field=paper"
    assert room.browser("author_bo").post(path, files=file).status_code == 201
    assert room.browser("author_bo", **{"X-CSRF-Token": "x"}).post(path, files=file).status_code == 403
    crossing = {"Sec-Fetch-Site": "cross-site"}
    assert room.browser("author_bo", **crossing).post(path, files=file).status_code == 403


def test_who_views_as_another_hands_nothing_in(room: Darkroom) -> None:
    answer = room.client("admin").post(
        f"{PATH}/print/files?field=paper", files={"file": ("a.txt", b"x")}, headers={"X-View-As": "author_bo"}
    )
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/viewing-as")


@pytest.mark.parametrize(
    "path",
    [
        "/files/darkroom/../../etc/passwd",
        "/files/darkroom/%2e%2e%2f%2e%2e%2fsecret",
        "/files/darkroom/print/x/picture",
        "/files/darkroom/print/{id}/id",
        "/files/darkroom/print/{id}/picture?file=..%2f..%2fsecret",
        "/files/darkroom/print/{id}/picture?n=-1",
        "/files/nonsense/{id}",
        "/files/darkroom/{id}",
        "/api/v1/files/nonsense",
    ],
)
def test_addresses_that_lead_nowhere_lead_nowhere(room: Darkroom, path: str) -> None:
    made = room.print("author_bo")
    answer = room.client("author_bo").get(path.format(id=made["id"]))
    assert answer.status_code in (400, 404), answer.text


def test_senders_that_never_end_keep_nobody_else_waiting(tmp_path: Path) -> None:
    """More of them than there are threads and connections to the database together."""
    with open_darkroom("sqlite", tmp_path, pool_size="2") as room, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = int(listening.getsockname()[1])
        server = uvicorn.Server(uvicorn.Config(room.app, log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        path, sender = f"{PATH}/print/files?field=paper", f"Bearer {room.tokens['author_bo']}"
        begun = f"POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: {sender}\r\nContent-Type: {FORM}\r\n"
        slow = []
        for _ in range(24):
            slow.append(socket.create_connection(("127.0.0.1", port)))
            slow[-1].sendall(f"{begun}Content-Length: 100000\r\n\r\n".encode() + HEAD + b"the beginning of")
        answer = httpx.post(
            f"http://127.0.0.1:{port}{path}",
            files={"file": ("a.txt", b"quick")},
            headers={"Authorization": sender},
            timeout=10,
        )
        assert answer.status_code == 201
        for connection in slow:
            connection.close()
        deadline = time.monotonic() + 10
        while drafts(room) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert drafts(room) == []
        server.should_exit = True
        thread.join(10)
