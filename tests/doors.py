"""Every way in which data leaves the site or can be asked about, a function each.

A door is asked as a person and gives the cells that can be read from what it answers, however it words them: each
cell of the ward (below) holds a text that stands nowhere else, and is seen where that text occurs. So a leak shows
whatever form it takes: a field, a title, a message of an error, a header, a cell of a workbook.

A route that no door names makes `tests/platform/test_doors.py` fail.
"""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from clinic import PATH, Clinic

Cell: TypeAlias = tuple[str, str, str]
"""Entity, name of the record in the ward, field."""

# --- the ward: records with a text of its own in each cell --------------------------------------------------------
OWNERS = {"lin_1": "dr_lin", "lin_2": "dr_lin", "mao_1": "dr_mao", "head_1": "head_yu"}
"""Patient → whose."""
STAGES = {"a": "planned", "b": "open"}
"""Each patient has two visits, `<patient>_a` still planned and `<patient>_b` open."""
GONE = "gone_1"
"""A patient of dr_lin in the trash."""


def id_number(n: int) -> str:
    """A resident id with its check digit, of a person born on 1 January 1980."""
    head = f"11010119800101{n:03}"
    check = sum(int(c) * (2 ** (17 - i) % 11) for i, c in enumerate(head)) % 11
    return head + "10X98765432"[check]


def patient_values(name: str, n: int) -> dict[str, str]:
    """What stands in a patient's cells."""
    return {
        "name": f"病人{name}",
        "id_number": id_number(n),
        "phone": f"138{n:03}{n:05}",
        "mail": f"{name}@cells.example",
        "born_on": f"19{n % 90 + 10}-0{n % 9 + 1}-11",
    }


def visit_values(name: str, n: int) -> dict[str, str]:
    """What stands in a visit's cells."""
    return {"reason": f"主诉{name}", "note": f"备注{name}", "fee": f"{n}.{n % 90 + 10}"}


@dataclass
class Ward:
    """The clinic with the ward's records in it."""

    clinic: Clinic
    ids: dict[tuple[str, str], str] = field(default_factory=dict)
    """(entity, name in the ward) → record id."""
    texts: dict[str, Cell] = field(default_factory=dict)
    """Text → the one cell that it stands in."""

    def id(self, entity: str, name: str) -> str:
        """Record id."""
        return self.ids[entity, name]

    def cells_in(self, text: str) -> set[Cell]:
        """The cells whose texts occur in an answer."""
        return {cell for canary, cell in self.texts.items() if canary in text}

    def text_of(self, cell: Cell) -> str:
        """What stands in a cell."""
        return next(text for text, known in self.texts.items() if known == cell)

    def names(self, entity: str) -> list[str]:
        """Names of an entity's living records."""
        return [name for known, name in self.ids if known == entity and name != GONE]


def fill(clinic: Clinic) -> Ward:
    """Make the ward's records, as the system."""
    ward = Ward(clinic)
    for place, (name, owner) in enumerate({**OWNERS, GONE: "dr_lin"}.items(), start=1):
        n = 100 + place * 11
        values = patient_values(name, n)
        made = clinic.make("patient", **values, owner=clinic.users[owner])
        _keep(ward, "patient", name, made["id"], values)
        if name == GONE:
            clinic.remove("patient", made["id"])
            continue
        spent = 0
        for step, (letter, stage) in enumerate(STAGES.items()):
            m = n + step
            values = visit_values(f"{name}_{letter}", m)
            visit = clinic.make("visit", patient=made["id"], doctor=clinic.users[owner], **values)
            if stage != "planned":
                clinic.change("visit", visit["id"], stage=stage)
            _keep(ward, "visit", f"{name}_{letter}", visit["id"], values)
            spent += m * 100 + m % 90 + 10
        ward.texts[f"{spent // 100}.{spent % 100:02}"] = ("patient", name, "spent")
    assert len(ward.texts) == sum(1 for _ in ward.texts)
    return ward


def _keep(ward: Ward, entity: str, name: str, id: str, values: dict[str, str]) -> None:
    ward.ids[entity, name] = id
    for field_name, text in values.items():
        assert text not in ward.texts, text
        ward.texts[text] = (entity, name, field_name)


# --- doors ------------------------------------------------------------------------------------------------------
Asking: TypeAlias = Callable[[Ward, str], str]
"""(ward, username) → all that the door answers, as text."""


@dataclass(frozen=True)
class Door:
    """A way out. `routes` as `METHOD /template`; `reach`: entity → fields that it shows where they may be seen.

    Every door must show no more than the person may see; one with a reach must show all of that within its reach.
    """

    name: str
    routes: tuple[str, ...]
    ask: Asking
    reach: dict[str, frozenset[str]] = field(default_factory=dict)


PATIENT_FIELDS = frozenset({"name", "id_number", "phone", "mail", "born_on", "spent"})
VISIT_FIELDS = frozenset({"reason", "note", "fee"})
ALL = {"patient": PATIENT_FIELDS, "visit": VISIT_FIELDS}
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
    for text, (entity, _, _) in ward.texts.items():
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


def described(ward: Ward, username: str) -> str:
    """Apps, their documents, OpenAPI."""
    return _get(ward, username, "/api/v1/apps", PATH, f"{PATH}/openapi.json", "/api/v1/apps/nonsense")


def about_oneself(ward: Ward, username: str) -> str:
    """Me, my tokens, my jobs."""
    client = ward.clinic.client(username)
    return _get(ward, username, "/api/v1/me", "/api/v1/tokens", "/api/v1/jobs") + "\n".join(
        _whole(answer)
        for answer in (
            client.post("/api/v1/tokens", json={"name": "x"}),
            client.delete(f"/api/v1/tokens/{ward.id('patient', 'lin_1')}"),
        )
    )


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


def _routes(*templates: str) -> tuple[str, ...]:
    return templates


DOORS: tuple[Door, ...] = (
    Door("list", _routes(f"GET {MANY}"), listed, ALL),
    Door("list by paths", (), listed_by_paths),
    Door("list expanded", (), listed_expanded),
    Door("search", _routes("GET /api/v1/search"), found_by_search),
    Door("read", _routes(f"GET {ONE}"), read_one, ALL),
    Door("read expanded", (), read_expanded),
    Door("trash", _routes(f"GET {MANY}/trash"), trash),
    Door("history", _routes(f"GET {ONE}/history"), history),
    Door("as of", (), as_of),
    Door("explain", _routes(f"GET {ONE}/explain"), explained),
    Door(
        "shares", _routes(f"GET {ONE}/shares", f"POST {ONE}/shares", f"DELETE {ONE}/shares/{{share}}"), shares
    ),
    Door("aggregate", _routes(f"POST {MANY}/aggregate"), aggregated),
    Door("reveal", _routes(f"POST {ONE}/reveal"), revealed),
    Door(
        "refused writes",
        _routes(f"POST {MANY}", f"PATCH {ONE}", f"DELETE {ONE}", f"POST {ONE}/restore"),
        refused_writes,
    ),
    Door(
        "settings", _routes("GET /api/v1/apps/{app}/settings", "PATCH /api/v1/apps/{app}/settings"), settings
    ),
    Door(
        "descriptions",
        _routes("GET /api/v1/apps", "GET /api/v1/apps/{app}", "GET /api/v1/apps/{app}/openapi.json"),
        described,
    ),
    Door(
        "oneself",
        _routes(
            "GET /api/v1/me",
            "GET /api/v1/tokens",
            "POST /api/v1/tokens",
            "DELETE /api/v1/tokens/{id}",
            "GET /api/v1/jobs",
        ),
        about_oneself,
    ),
    Door(
        "export",
        _routes(f"POST {MANY}/export", "GET /api/v1/jobs/{id}", "GET /api/v1/jobs/{id}/result"),
        exported,
    ),
    Door("import", _routes(f"POST {MANY}/import"), imported),
)

WITHOUT_DATA: dict[str, str] = {
    "GET /healthz": "whether the process lives",
    "GET /readyz": "whether it can serve, and how many apps",
    "GET /metrics": "figures by route template",
    "GET /problems/{name}": "the catalogue of problem types",
    "GET /static/{name:path}": "files of the interface",
}
"""Routes that hold no records, each with what it does."""


def routes_of(app: Any) -> set[str]:
    """All routes of an application, as `METHOD /template`; HEAD follows from GET."""
    return set(_walk(app.routes, ""))


def _walk(routes: Iterable[Any], prefix: str) -> Iterable[str]:
    for route in routes:
        inner = getattr(route, "routes", None)
        if inner:
            yield from _walk(inner, prefix + getattr(route, "path", ""))
            continue
        for method in sorted((getattr(route, "methods", None) or {"*"}) - {"HEAD"}):
            yield f"{method} {prefix}{route.path}"
