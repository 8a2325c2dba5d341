"""The doors of the HTTP interface."""

from __future__ import annotations

import io
import json
import time
import zipfile
from typing import Any

from clinic import PATH
from ward import ALL, OWNERS, PATIENT_FIELDS, Door, Ward

ONE = "/api/v1/apps/{app}/{entity}/{id}"
MANY = "/api/v1/apps/{app}/{entity}"


def _get(ward: Ward, username: str, *paths: str, **query: Any) -> str:
    client = ward.clinic.client(username)
    return "\n".join(_whole(client.get(path, params=query)) for path in paths)


def _whole(answer: Any) -> str:
    """Body and headers; what was not meant to happen fails."""
    assert answer.status_code < 500, answer.text
    return f"{answer.headers}\n{answer.text}"


def _each(ward: Ward, path: str) -> list[str]:
    """A path below every record of the ward, those in the trash included."""
    return [f"{PATH}/{entity}/{id}{path}" for (entity, _), id in ward.ids.items()]


def listed(ward: Ward, username: str) -> str:
    """Lists."""
    return _get(ward, username, f"{PATH}/patient", f"{PATH}/visit", limit=1000)


def listed_by_paths(ward: Ward, username: str) -> str:
    """Fields of the patient, asked for along the visit's reference, and an aggregate's way back."""
    client = ward.clinic.client(username)
    answers = [
        client.get(f"{PATH}/visit", params={"fields": f"patient.{name}"}) for name in sorted(PATIENT_FIELDS)
    ]
    return "\n".join(_whole(answer) for answer in answers)


def listed_expanded(ward: Ward, username: str) -> str:
    """The patient in place of its id."""
    return _get(ward, username, f"{PATH}/visit", expand="patient")


def found_by_search(ward: Ward, username: str) -> str:
    """Lists, searched by each text of the ward; what was searched for is taken out of the answer's words."""
    client = ward.clinic.client(username)
    seen = []
    for text, (entity, _, _) in ward.telling():
        for path, query in ((f"{PATH}/{entity}", {"search": text}), ("/api/v1/search", {"q": text})):
            seen.append(_whole(client.get(path, params=query)))
    return "\n".join(seen)


def read_one(ward: Ward, username: str) -> str:
    """Each record by its id."""
    return _get(ward, username, *_each(ward, ""))


def read_expanded(ward: Ward, username: str) -> str:
    """Each visit with its patient."""
    return _get(
        ward,
        username,
        *(f"{PATH}/visit/{ward.id('visit', n)}" for n in ward.names("visit")),
        expand="patient",
    )


def trash(ward: Ward, username: str) -> str:
    """What was deleted."""
    return _get(ward, username, f"{PATH}/patient/trash", f"{PATH}/visit/trash")


def history(ward: Ward, username: str) -> str:
    """What happened to each record."""
    return _get(ward, username, *_each(ward, "/history"))


def as_of(ward: Ward, username: str) -> str:
    """Each record as it stands tonight."""
    return _get(ward, username, *_each(ward, "/history"), as_of="2199-01-01")


def explained(ward: Ward, username: str) -> str:
    """Why each cell is seen."""
    return _get(ward, username, *_each(ward, "/explain"), *_each(ward, "/explain?field=phone"))


def shares(ward: Ward, username: str) -> str:
    """With whom each record is shared, and what refusing to share it says."""
    client = ward.clinic.client(username)
    seen = [_get(ward, username, *_each(ward, "/shares"))]
    for path in _each(ward, "/shares"):
        seen.append(_whole(client.delete(f"{path}/{ward.clinic.users['nobody']}")))
    return "\n".join(seen)


def aggregated(ward: Ward, username: str) -> str:
    """Records grouped by each field, and its smallest and largest value."""
    client = ward.clinic.client(username)
    seen = []
    for entity, fields in ALL.items():
        for name in sorted(fields):
            for body in (
                {"rows": [name]},
                {"measures": [{"name": "least", "formula": f"MIN({name})"}]},
                {"measures": [{"name": "most", "formula": f"MAX({name})"}]},
                {"measures": [{"name": "all", "formula": f"JOIN({name}, ';')"}]},
            ):
                seen.append(_whole(client.post(f"{PATH}/{entity}/aggregate", json=body)))
    return "\n".join(seen)


def revealed(ward: Ward, username: str) -> str:
    """A masked value asked for; where the grant allows it, it is seen, and not counted as a leak (see the test)."""
    client = ward.clinic.client(username)
    return "\n".join(
        _whole(client.post(f"{PATH}/patient/{ward.id('patient', n)}/reveal", json={"field": f}))
        for n in OWNERS
        for f in ("phone", "id_number", "spent", "name")
    )


def scans(ward: Ward) -> list[tuple[str, str]]:
    """A consent for each patient, whose scan holds the patient's name: (record, file). Made by the head."""
    head = ward.clinic.client("head_yu")
    made = []
    for name in OWNERS:
        content = ward.text_of(("patient", name, "name")).encode()
        handed_in = head.post(
            f"{PATH}/consent_record/files?field=scan", files={"file": ("scan.txt", content, "text/plain")}
        )
        assert handed_in.status_code == 201, handed_in.text
        values = {"subject": "a test", "patient": ward.id("patient", name), "scan": handed_in.json()["id"]}
        record = head.post(f"{PATH}/consent_record", json=values)
        assert record.status_code == 201, record.text
        made.append((record.json()["id"], handed_in.json()["id"]))
    return made


def files(ward: Ward, username: str) -> str:
    """Contents of files by every address they have, and what is said of files that were handed in."""
    client = ward.clinic.client(username)
    seen = []
    for record, file in scans(ward):
        where = f"{PATH}/consent_record/{record}/files/scan"
        for path in (where, f"{where}?file={file}", f"{where}?size=96", f"/api/v1/files/{file}"):
            seen.append(_whole(client.get(path)))
        for entity, field in (
            ("consent_record", "scan"),
            ("patient", "phone"),
            ("consent_record", "nonsense"),
        ):
            given = {"file": ("a.txt", b"words", "text/plain")}
            seen.append(_whole(client.post(f"{PATH}/{entity}/files?field={field}", files=given)))
        seen.append(_whole(client.patch(f"{PATH}/consent_record/{record}", json={"scan": file})))
    return "\n".join(seen)


def refused_writes(ward: Ward, username: str) -> str:
    """What wrong, stale and forbidden writes are answered."""
    client = ward.clinic.client(username)
    seen = []
    for (entity, _), id in ward.ids.items():
        path = f"{PATH}/{entity}/{id}"
        for body in (
            {"version": 999, "mail": "x@x.example"},
            {"name": "", "reason": 5},
            {"born_on": "2999-01-01"},
        ):
            seen.append(_whole(client.patch(path, json=body)))
        seen.append(_whole(client.post(f"{path}/restore?nonsense=1")))
        seen.append(_whole(client.request("DELETE", path, json={"version": 999})))
    for number in range(3):
        seen.append(_whole(client.post(f"{PATH}/patient", json={"name": f"x{number}", "mail": "no mail"})))
    return "\n".join(seen)


def settings(ward: Ward, username: str) -> str:
    """Settings."""
    client = ward.clinic.client(username)
    return _get(ward, username, f"{PATH}/settings") + _whole(
        client.patch(f"{PATH}/settings", json={"nonsense": 1})
    )


def site_settings(ward: Ward, username: str) -> str:
    """The site's own settings."""
    client = ward.clinic.client(username)
    return _get(ward, username, "/api/v1/settings") + _whole(
        client.patch("/api/v1/settings", json={"nonsense": 1})
    )


def described(ward: Ward, username: str) -> str:
    """Apps, their documents, OpenAPI."""
    return _get(ward, username, "/api/v1/apps", PATH, f"{PATH}/openapi.json", "/api/v1/apps/nonsense")


def about_oneself(ward: Ward, username: str) -> str:
    """Me, my tokens, my jobs."""
    client = ward.clinic.client(username)
    client.put(f"/api/v1/me/starred/clinic/patient/{ward.id('patient', 'lin_1')}")
    addresses = ("/api/v1/me", "/api/v1/me/recent", "/api/v1/me/starred", "/api/v1/tokens", "/api/v1/jobs")
    return _get(ward, username, *addresses) + "\n".join(
        _whole(answer)
        for answer in (
            client.delete(f"/api/v1/me/starred/clinic/patient/{ward.id('patient', 'lin_1')}"),
            client.post("/api/v1/tokens", json={"name": "x"}),
            client.delete(f"/api/v1/tokens/{ward.id('patient', 'lin_1')}"),
        )
    )


def drafts(ward: Ward, username: str) -> str:
    """Unsaved work: what others left, and what is left of each record."""
    client = ward.clinic.client(username)
    kept = [
        client.put(
            "/api/v1/me/drafts",
            json={"app": "clinic", "entity": entity, "record": id, "fields": [["name", "x"]]},
        )
        for (entity, _), id in ward.ids.items()
    ]
    shown = [client.get("/api/v1/me/drafts")]
    mine = [item["id"] for item in shown[0].json()["items"]]
    shown += [client.get(f"/api/v1/me/drafts/{id}") for id in (*mine, ward.id("patient", "lin_1"))]
    gone = [client.delete(f"/api/v1/me/drafts/{id}") for id in mine]
    links = [
        client.get("/api/v1/public-forms"),
        client.post("/api/v1/public-forms", json={"app": "clinic", "form": "registration"}),
        client.post(f"/api/v1/public-forms/{ward.id('patient', 'lin_1')}/close"),
    ]
    return "\n".join(_whole(answer) for answer in (*kept, *shown, *gone, *links))


def exported(ward: Ward, username: str) -> str:
    """Files of both forms, by a job."""
    client = ward.clinic.client(username)
    seen = []
    for entity in ALL:
        for form in ("csv", "xlsx"):
            answer = client.post(f"{PATH}/{entity}/export", json={"format": form})
            seen.append(_whole(answer))
            if answer.status_code == 202:
                seen.append(_result(client, answer.headers["location"]))
    return "\n".join(seen)


def imported(ward: Ward, username: str) -> str:
    """What an import says that is only tried: the rows are the ward's own, so that they collide."""
    client = ward.clinic.client(username)
    rows = "name,phone\n" + "\n".join(f"x,{ward.text_of(('patient', n, 'phone'))}" for n in OWNERS)
    answer = client.post(
        f"{PATH}/patient/import", files={"file": ("x.csv", rows.encode())}, data={"dry_run": "true"}
    )
    seen = _whole(answer)
    if answer.status_code == 202:
        seen += _result(client, answer.headers["location"])
    for name in OWNERS:
        seen = seen.replace(ward.text_of(("patient", name, "phone")), "…")
    return seen


def _result(client: Any, job: str) -> str:
    until = time.monotonic() + 30
    told = client.get(job).json()
    while told["state"] not in ("done", "failed") and time.monotonic() < until:
        time.sleep(0.02)
        told = client.get(job).json()
    if told["result_url"] is None:
        return json.dumps(told, ensure_ascii=False)
    return json.dumps(told) + unpacked(client.get(told["result_url"]).content)


def unpacked(content: bytes) -> str:
    """The text of a CSV file, or of all parts of a workbook."""
    if not content.startswith(b"PK"):
        return content.decode("utf-8-sig")
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return "\n".join(book.read(name).decode() for name in book.namelist())


API_DOORS: tuple[Door, ...] = (
    Door("list", (f"GET {MANY}",), listed, ALL),
    Door("list by paths", (), listed_by_paths),
    Door("list expanded", (), listed_expanded),
    Door("search", ("GET /api/v1/search",), found_by_search),
    Door("read", (f"GET {ONE}",), read_one, ALL),
    Door("read expanded", (), read_expanded),
    Door("trash", (f"GET {MANY}/trash",), trash),
    Door("history", (f"GET {ONE}/history",), history),
    Door("as of", (), as_of),
    Door("explain", (f"GET {ONE}/explain",), explained),
    Door("shares", (f"GET {ONE}/shares", f"POST {ONE}/shares", f"DELETE {ONE}/shares/{{share}}"), shares),
    Door("aggregate", (f"POST {MANY}/aggregate",), aggregated),
    Door("reveal", (f"POST {ONE}/reveal",), revealed),
    Door(
        "refused writes",
        (f"POST {MANY}", f"PATCH {ONE}", f"DELETE {ONE}", f"POST {ONE}/restore"),
        refused_writes,
    ),
    Door(
        "files",
        (f"POST {MANY}/files", f"GET {ONE}/files/{{field}}", "GET /api/v1/files/{id}"),
        files,
    ),
    Door("site settings", ("GET /api/v1/settings", "PATCH /api/v1/settings"), site_settings),
    Door("settings", ("GET /api/v1/apps/{app}/settings", "PATCH /api/v1/apps/{app}/settings"), settings),
    Door(
        "descriptions",
        ("GET /api/v1/apps", "GET /api/v1/apps/{app}", "GET /api/v1/apps/{app}/openapi.json"),
        described,
    ),
    Door(
        "oneself",
        (
            "GET /api/v1/me",
            "GET /api/v1/me/recent",
            "GET /api/v1/me/starred",
            "PUT /api/v1/me/starred/{app}/{entity}/{id}",
            "DELETE /api/v1/me/starred/{app}/{entity}/{id}",
            "GET /api/v1/tokens",
            "POST /api/v1/tokens",
            "DELETE /api/v1/tokens/{id}",
            "GET /api/v1/jobs",
        ),
        about_oneself,
    ),
    Door(
        "drafts",
        (
            "GET /api/v1/me/drafts",
            "PUT /api/v1/me/drafts",
            "GET /api/v1/me/drafts/{id}",
            "DELETE /api/v1/me/drafts/{id}",
            "GET /api/v1/public-forms",
            "POST /api/v1/public-forms",
            "POST /api/v1/public-forms/{id}/close",
        ),
        drafts,
    ),
    Door(
        "export",
        (
            f"POST {MANY}/export",
            "GET /api/v1/jobs/{id}",
            "GET /api/v1/jobs/{id}/result",
            "POST /api/v1/jobs/{id}/cancel",
        ),
        exported,
    ),
    Door("import", (f"POST {MANY}/import",), imported),
)
