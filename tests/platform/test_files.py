"""Files handed in, kept, named by records, handed out and swept: what each person may do, and what the server keeps."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import sites
from darkroom import PATH, Darkroom, clock_of, jpeg_with_place, open_darkroom, pdf, png
from dougong_platform import erasing
from dougong_platform.doctor import CHECKS
from dougong_platform.doctor.finding import Found
from dougong_platform.files import sweep
from dougong_platform.site import Site
from dougong_runtime.audit import log
from dougong_runtime.records import file_table


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def room(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Darkroom]:
    with open_darkroom(request.param, tmp_path_factory.mktemp("darkroom")) as made:
        yield made


def contents(site: Site) -> set[str]:
    return {kept.sha256 for kept in site.files.all()}


def get(room: Darkroom, username: str, path: str, **headers: str) -> Any:
    return room.client(username).get(path, headers=headers)


# --- in ---------------------------------------------------------------------------------------------------------------
def test_the_server_finds_out_the_facts_and_the_record_keeps_them(room: Darkroom) -> None:
    photo = jpeg_with_place()
    told = room.hand_in("author_bo", "picture", photo, "at the door.jpg", "text/html").json()
    facts = {
        "id": told["id"],
        "name": "at the door.jpg",
        "size": len(photo),
        "sha256": hashlib.sha256(photo).hexdigest(),
        "media_type": "image/jpeg",
        "width": 640,
        "height": 480,
    }
    assert {n: told[n] for n in facts} == facts
    lied = {**facts, "name": "x", "size": 1, "media_type": "image/png", "sha256": "0" * 64}
    for given in (told["id"], {"id": told["id"]}, lied):
        made = room.print("author_bo", picture=given)
        assert made["picture"] == facts
        assert made["bytes"] == len(photo)


def test_equal_contents_are_kept_once(room: Darkroom) -> None:
    content = png(31, 7, "purple")
    one, other = (room.file("author_bo", "paper", content, name) for name in ("one.png", "other.png"))
    assert one != other
    assert [s for s in contents(room.site) if s == hashlib.sha256(content).hexdigest()] == [
        hashlib.sha256(content).hexdigest()
    ]
    first, second = (room.print("author_bo", paper=i)["paper"]["name"] for i in (one, other))
    assert (first, second) == ("one.png", "other.png")


@pytest.mark.parametrize(
    ("field", "username", "status"),
    [
        ("picture", "author_bo", 201),
        ("contract", "author_bo", 400),  # never shown to authors: an unknown name to them
        ("picture", "guest_du", 403),
        ("picture", "nobody", 404),
        ("name", "author_bo", 422),
        ("nonsense", "author_bo", 400),
    ],
)
def test_only_who_may_fill_in_a_field_hands_files_in_for_it(
    room: Darkroom, field: str, username: str, status: int
) -> None:
    assert room.hand_in(username, field, png()).status_code == status


def test_a_field_takes_several_files_where_it_says_so(room: Darkroom) -> None:
    ids = [room.file("author_bo", "shots", png(9, n + 1), f"{n}.png") for n in range(3)]
    made = room.print("author_bo", shots=ids)
    assert [shot["name"] for shot in made["shots"]] == ["0.png", "1.png", "2.png"]
    where = f"{PATH}/print/{made['id']}"
    changed = room.client("author_bo").patch(where, json={"shots": [ids[2], ids[0]]}).json()
    assert [shot["id"] for shot in changed["shots"]] == [ids[2], ids[0]]
    assert get(room, "author_bo", f"{where}/files/shots?n=1").content == png(9, 1)
    assert get(room, "author_bo", f"{where}/files/shots?n=2").status_code == 404
    assert room.client("author_bo").patch(where, json={"shots": []}).json()["shots"] is None


# --- whose ------------------------------------------------------------------------------------------------------------
def test_a_record_names_its_writers_own_files_and_those_it_names_already(room: Darkroom) -> None:
    mine = room.file("author_bo", "paper", pdf(), "mine.pdf")
    theirs = room.client("author_ci").post(f"{PATH}/print", json={"name": "x", "paper": mine})
    assert theirs.status_code == 422
    nowhere = room.client("author_ci").post(
        f"{PATH}/print", json={"name": "x", "paper": "0190f3a0-0000-7000-8000-000000000000"}
    )
    assert nowhere.json()["detail"] == theirs.json()["detail"]
    made = room.print("author_bo", paper=mine)
    where = f"{PATH}/print/{made['id']}"
    keeper = room.client("keeper_an")
    assert keeper.patch(where, json={"paper": mine, "name": "kept"}).status_code == 200
    assert keeper.patch(where, json={"paper": None}).status_code == 200
    assert keeper.patch(where, json={"paper": mine}).json()["paper"]["id"] == mine
    other = room.print("keeper_an")
    assert keeper.patch(f"{PATH}/print/{other['id']}", json={"paper": mine}).status_code == 422


def test_a_file_is_had_by_who_may_read_its_record_and_its_field(room: Darkroom) -> None:
    made = room.print(
        "author_bo",
        picture=room.file("author_bo", "picture", png()),
        paper=room.file("author_bo", "paper", pdf(), "p.pdf"),
        shots=[room.file("author_bo", "shots", png(5, 5))],
    )
    seen = {}
    for username in ("author_bo", "author_ci", "keeper_an", "guest_du", "nobody", "admin"):
        for field in ("picture", "paper", "shots"):
            value = made[field]
            file = (value[0] if isinstance(value, list) else value)["id"]
            answers = {
                get(room, username, path).status_code
                for path in (
                    f"/files/darkroom/print/{made['id']}/{field}",
                    f"/files/darkroom/print/{made['id']}/{field}?file={file}",
                    f"/files/darkroom/{file}",
                    f"{PATH}/print/{made['id']}/files/{field}",
                )
            }
            assert len(answers) == 1, (username, field, answers)
            seen[username, field] = answers.pop()
    assert {who for who, status in seen.items() if status == 200} == {
        *((u, f) for u in ("author_bo", "keeper_an") for f in ("picture", "paper", "shots")),
        ("guest_du", "picture"),  # papers are hidden from guests, shots masked
    }
    assert {status for status in seen.values() if status != 200} == {404}


def test_what_is_masked_or_hidden_tells_nothing_of_itself(room: Darkroom) -> None:
    names = {
        "shots": "masked-shot.png",
        "passport": "masked-passport.png",
        "paper": "hidden-paper.txt",
    }
    ids = {field: room.file("author_bo", field, png(7, 8), name) for field, name in names.items()}
    made = room.print("author_bo", **ids)
    guest = room.client("guest_du")
    where = f"{PATH}/print/{made['id']}"
    seen = "\n".join(
        (
            guest.get(where).text,
            guest.get(f"{where}/history").text,
            guest.get(f"{PATH}/print", params={"filter": "passport.name = 'masked-passport.png'"}).text,
            guest.patch(where, json={"paper": ids["paper"]}).text,
            room.browser("guest_du").get(f"/apps/darkroom/print/{made['id']}").text,
        )
    )
    telling = {
        *(n.partition(".")[0] for n in names.values()),
        *ids.values(),
        hashlib.sha256(png(7, 8)).hexdigest(),
    }
    assert {text for text in telling if text in seen} == set()


def test_what_was_handed_in_and_not_saved_is_its_senders_alone(room: Darkroom) -> None:
    waiting = room.file("author_bo", "picture", png(12, 12))
    for path in (f"/files/darkroom/{waiting}", f"/api/v1/files/{waiting}"):
        assert get(room, "author_bo", path).content == png(12, 12)
        assert {get(room, u, path).status_code for u in ("author_ci", "keeper_an", "admin")} == {404}


def test_access_lost_is_files_lost_and_the_browser_asks_each_time(room: Darkroom) -> None:
    made = room.print("author_bo", picture=room.file("author_bo", "picture", png(3, 3)))
    path = f"/files/darkroom/print/{made['id']}/picture"
    answer = get(room, "author_bo", path)
    assert answer.headers["cache-control"] == "private, no-cache"
    kept = get(room, "author_bo", path, **{"If-None-Match": answer.headers["etag"]})
    assert (kept.status_code, kept.content) == (304, b"")
    room.client("keeper_an").patch(f"{PATH}/print/{made['id']}", json={"owner": room.users["author_ci"]})
    lost = get(room, "author_bo", path, **{"If-None-Match": answer.headers["etag"]})
    assert lost.status_code == 404
    assert get(room, "author_ci", path).status_code == 200


# --- out --------------------------------------------------------------------------------------------------------------
def test_any_part_of_a_file_can_be_asked_for(room: Darkroom) -> None:
    content = bytes(range(256)) * 40
    made = room.print("author_bo", paper=room.file("author_bo", "paper", content, "data.bin"))
    path = f"/files/darkroom/print/{made['id']}/paper"

    def part(given: str, **more: str) -> tuple[int, bytes, str | None]:
        answer = get(room, "author_bo", path, Range=given, **more)
        return answer.status_code, answer.content, answer.headers.get("content-range")

    total = len(content)
    assert part("bytes=0-99") == (206, content[:100], f"bytes 0-99/{total}")
    assert part("bytes=10000-") == (206, content[10000:], f"bytes 10000-{total - 1}/{total}")
    assert part("bytes=-5") == (206, content[-5:], f"bytes {total - 5}-{total - 1}/{total}")
    assert part("bytes=5-99999999") == (206, content[5:], f"bytes 5-{total - 1}/{total}")
    assert part(f"bytes={total}-") == (416, b"", f"bytes */{total}")
    for whole in ("bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=9-3x"):
        assert part(whole)[:2] == (200, content)
    assert part("bytes=0-9", **{"If-Range": '"other"'})[:2] == (200, content)


def test_small_images_are_made_of_pixels_only(room: Darkroom) -> None:
    photo = jpeg_with_place(1200, 900)
    made = room.print("author_bo", picture=room.file("author_bo", "picture", photo, "a.jpg"))
    path = f"/files/darkroom/print/{made['id']}/picture"
    assert b"back door" in get(room, "author_bo", path).content
    answer = get(room, "author_bo", f"{path}?size=320")
    with Image.open(io.BytesIO(answer.content)) as small:
        assert (small.format, small.size) == ("WEBP", (320, 240))
        assert dict(small.getexif()) == {}
    assert b"back door" not in answer.content
    assert get(room, "author_bo", f"{path}?size=321").status_code == 400
    again = get(room, "author_bo", f"/files/darkroom/{made['picture']['id']}?size=320")
    assert again.headers["cache-control"] == "private, max-age=600"


def test_files_of_sensitive_fields_leave_a_row_in_the_audit(room: Darkroom) -> None:
    made = room.print(
        "author_bo",
        passport=room.file("author_bo", "passport", png(4, 4), "passport.png"),
        picture=room.file("author_bo", "picture", png(4, 4)),
    )
    where = f"/files/darkroom/print/{made['id']}"
    assert get(room, "keeper_an", f"{where}/picture").status_code == 200
    assert get(room, "keeper_an", f"{where}/passport").status_code == 200
    assert get(room, "keeper_an", f"{where}/passport?size=96").status_code == 404
    assert get(room, "guest_du", f"{where}/passport").status_code == 404
    with room.site.database.read() as connection:
        rows = log.find(connection, app="darkroom", record=made["id"], actions=(log.DOWNLOAD,))
    assert [(row.actor_name, row.facts["field"], row.facts["name"]) for row in rows] == [
        ("keeper_an", "passport", "passport.png")
    ]


# --- what stays, and what goes ------------------------------------------------------------------------------------------
@pytest.fixture(params=["sqlite", "postgresql"])
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Darkroom]:
    """A darkroom of the test's own."""
    with open_darkroom(request.param, tmp_path) as made:
        yield made


def stamp(site: Site) -> None:
    """Make what lies there as old as the site's clock says that it is."""
    at = site.clock.now().timestamp()
    for path in (site.settings.data_dir / "files").rglob("*"):
        os.utime(path, (at, at))


def test_uploads_that_no_record_names_go_after_a_day_and_what_the_history_names_stays(own: Darkroom) -> None:
    site, clock = own.site, clock_of(own)
    named, before, waiting = (
        own.file("author_bo", "paper", text.encode(), f"{text}.txt")
        for text in ("named", "before", "waiting")
    )
    made = own.print("author_bo", paper=before)
    where = f"{PATH}/print/{made['id']}"
    own.client("author_bo").patch(where, json={"paper": named})
    (site.incoming / "in-cut").write_bytes(b"half of a fi")
    stamp(site)
    clock.at += timedelta(hours=23)
    assert sweep.sweep(site) == sweep.Swept(0, 0, 0)
    clock.at += timedelta(hours=2)
    late = own.file("author_bo", "paper", b"late", "late.txt")
    assert sweep.sweep(site) == sweep.Swept(files=1, contents=1, drafts=1)
    with site.database.read() as connection:
        assert set(file_table.find(connection, [named, before, waiting, late])) == {named, before, late}
    assert get(own, "author_bo", f"{where}/files/paper?file={before}").content == b"before"
    assert get(own, "author_bo", f"{where}/files/paper").content == b"named"
    assert len(contents(site)) == 3


def test_erasing_the_history_lets_go_of_the_files_that_only_it_named(own: Darkroom) -> None:
    site, clock = own.site, clock_of(own)
    before, now = (own.file("author_bo", "paper", t.encode(), f"{t}.txt") for t in ("before", "now"))
    made = own.print("author_bo", paper=before)
    own.client("author_bo").patch(f"{PATH}/print/{made['id']}", json={"paper": now})
    erasing.erase(site, sites.SYSTEM, "darkroom", "print", made["id"], reason="a request", fields=["paper"])
    clock.at += timedelta(hours=25)
    assert sweep.sweep(site).files == 1
    where = f"/files/darkroom/print/{made['id']}/paper"
    assert get(own, "keeper_an", f"{where}?file={before}").status_code == 404
    assert get(own, "keeper_an", where).content == b"now"


def examined(site: Site) -> list[Found]:
    return list(next(c for c in CHECKS if c.name == "files").look(site))


def test_the_doctor_finds_contents_that_are_missing_or_altered(own: Darkroom) -> None:
    site = own.site
    made = [
        own.print("author_bo", paper=own.file("author_bo", "paper", bytes([n]) * 9, "a")) for n in range(1, 5)
    ]
    assert [f.state for f in examined(site)] == ["good"]
    paths = [next((site.settings.data_dir / "files").rglob(m["paper"]["sha256"])) for m in made]
    paths[0].unlink()
    paths[1].write_bytes(b"shorter")
    paths[2].write_bytes(b"equal len")
    found = examined(site)
    assert [f.state for f in found] == ["bad", "bad"]
    assert made[0]["paper"]["sha256"][:12] in found[0].says.en
    assert all(made[n]["paper"]["sha256"][:12] in found[1].says.en for n in (1, 2))
    answer = get(own, "author_bo", f"/files/darkroom/print/{made[0]['id']}/paper")
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/file-missing")
