"""The clinic with roles drawn at random, and what the reference says that its people see of the ward."""

from __future__ import annotations

from random import Random
from typing import Any

from access_reference import Assignment, Fact, Reference, Row, Rule, Town
from access_worlds import draw_grant
from clinic import FOLDER, SYSTEM, Clinic
from dougong_platform import apps
from dougong_runtime import publish
from dougong_runtime.records.query import Query
from ward import ALL, Cell, Ward

PEOPLE = ("dr_lin", "dr_mao", "nurse_bai", "head_yu", "desk_tao", "float_he", "admin", "nobody")
ROLES = ("doctor", "nurse", "head", "registrar", "analyst", "clerk")
HELD = {
    "dr_lin": ("doctor",), "dr_mao": ("doctor",), "nurse_bai": ("nurse",), "head_yu": ("head",),
    "desk_tao": ("registrar",), "float_he": ("nurse", "registrar"),
}  # fmt: skip

_KEPT = ("code", "visit_count", "open_visits", "spent", "last_visit_at", "severe_allergies", "segment", "age")
FIELDS = {
    "patient": (
        "name", "code", "id_number", "phone", "mail", "born_on", "risk", "owner", "allergies", "consent", "left_on",
        "stage", *_KEPT[1:], "days_quiet",
    ),
    "visit": (
        "code", "patient", "doctor", "visited_at", "until", "reason", "fee", "medicine_cost", "cost", "fever", "note",
        "stage",
    ),
}  # fmt: skip
TYPES = {
    "name": "text", "id_number": "id_number", "phone": "phone", "mail": "email", "born_on": "date",
    "spent": "decimal", "reason": "text", "note": "long_text", "fee": "decimal",
}  # fmt: skip


def _patient_of(town: Town, row: Row) -> Row:
    return town.rows["patient"][row["patient"]]


RULES: dict[str, dict[str, Rule]] = {
    "patient": {
        "owner = USER()": lambda town, me, row: row["owner"] == me,
        "stage = 'registered'": lambda town, me, row: True,
        "owner.team = USER().team": lambda town, me, row: (
            town.team_of(me) is not None and town.team_of(row["owner"]) == town.team_of(me)
        ),
        "mail <> NULL AND risk = 'low'": lambda town, me, row: True,
        "COUNT(visits, doctor = USER()) > 0": lambda town, me, row: any(
            v["patient"] == row["id"] and v["doctor"] == me for v in town.rows["visit"].values()
        ),
    },
    "visit": {
        "doctor = USER() OR patient.owner = USER()": lambda town, me, row: (
            me in (row["doctor"], _patient_of(town, row)["owner"])
        ),
        "stage = 'planned'": lambda town, me, row: row["stage"] == "planned",
        "stage <> 'planned' AND patient.risk = 'low'": lambda town, me, row: row["stage"] != "planned",
    },
}
INHERITED = {"patient": ("owner",), "visit": ("patient", "doctor")}


def draw_roles(seed: int) -> dict[str, list[dict[str, Any]]]:
    """Grants for each role of the clinic."""
    random = Random(seed)
    drawn = {}
    for role in ROLES:
        entities = random.choices(("patient", "visit"), k=random.randint(2, 4))
        drawn[role] = [draw_grant(random, e, FIELDS[e], RULES[e], INHERITED[e]) for e in entities]
        for grant in drawn[role]:
            if grant.get("aggregate_only"):
                grant["at_least"] = random.randint(2, 5)
    return drawn


def give_roles(clinic: Clinic, roles: dict[str, list[dict[str, Any]]]) -> None:
    """Publish the clinic with these roles in place of its own."""
    template = apps.read_template(FOLDER)
    for raw in template.documents:
        if raw.data["kind"] == "role":
            raw.data.pop("forbid", None)
            raw.data["grants"] = roles[raw.data["name"]]
    with clinic.site.database.write() as connection:
        linked = apps.link_beside(clinic.site, connection, template)
        plan = publish.plan_publish(connection, linked)
        apps.apply(clinic.site, connection, plan, SYSTEM, "roles at random")


def town_of(ward: Ward, roles: dict[str, list[dict[str, Any]]]) -> Town:
    """The ward as the reference reads it."""
    site = ward.clinic.site
    facts = {e: {n: Fact(TYPES.get(n, "other")) for n in names} for e, names in FIELDS.items()}
    facts["visit"]["patient"] = Fact("reference", ("patient",))
    for entity, name in (("patient", "owner"), ("visit", "doctor")):
        facts[entity][name] = Fact("user", ("user",))
    facts |= {"user": {}, "team": {}}
    rows: dict[str, dict[str, Row]] = {e: {} for e in facts}
    with site.database.read() as connection:
        records = site.records(connection, SYSTEM, "clinic")
        for entity in facts:
            for trash in (False, True):
                for item in records.list(Query(entity, limit=1000, trash=trash)).items:
                    rows[entity][item["id"]] = {**item, "deleted": trash}
    rules = {text: rule for of in RULES.values() for text, rule in of.items()}
    now = site.clock.now()
    held = {
        ward.clinic.users[person]: [Assignment(role) for role in HELD.get(person, ())] for person in PEOPLE
    }
    return Town(now, now.date(), facts, rows, roles, rules, held, admins={ward.clinic.users["admin"]})


def seen_whole(ward: Ward, reference: Reference, username: str) -> set[Cell]:
    """The ward's cells that a person sees unmasked, those of the trash included."""
    person = ward.clinic.users[username]
    found = set()
    for entity, names in ALL.items():
        for (of, name), id in ward.ids.items():
            row = reference.town.rows[entity].get(id) if of == entity else None
            if row is not None and reference.sees_row(person, entity, row):
                shown = {f for f in FIELDS[entity] if reference.way(person, entity, row, f) == "yes"}
                if "cost" in shown:  # nobody prescribes in the ward: what a visit costs is its fee
                    shown.add("fee")
                found |= {(entity, name, f) for f in names & shown}
    return found


def may_reveal(ward: Ward, reference: Reference, username: str) -> set[Cell]:
    """The ward's cells that a person may ask for whole."""
    person = ward.clinic.users[username]
    return {
        (entity, name, field)
        for (entity, name), id in ward.ids.items()
        for field in ALL[entity]
        if reference.sees_row(person, entity, reference.town.rows[entity][id])
        and reference.revealable(person, entity, reference.town.rows[entity][id], field)
    }
