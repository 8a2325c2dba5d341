"""Records with a text of its own in each cell: a cell is seen where its text occurs, however it is worded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from clinic import Clinic

Cell: TypeAlias = tuple[str, str, str]
"""Entity, name of the record in the ward, field."""
PATIENT_FIELDS = frozenset({"name", "id_number", "phone", "mail", "born_on", "spent"})
VISIT_FIELDS = frozenset({"reason", "note", "fee"})
ALL = {"patient": PATIENT_FIELDS, "visit": VISIT_FIELDS}

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

    def telling(self) -> list[tuple[str, Cell]]:
        """The texts of one's own and of another's records: enough to search by, where each search is a request."""
        chosen = ("lin_1", "lin_1_a", "mao_1", "mao_1_a")
        return [(text, cell) for text, cell in self.texts.items() if cell[1] in chosen]

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


Asking: TypeAlias = Callable[[Ward, str], str]
"""(ward, username) → all that a door answers, as text."""


@dataclass(frozen=True)
class Door:
    """A way out. `routes` as `METHOD /template`; `reach`: entity → fields that it shows where they may be seen.

    Every door must show no more than the person may see; one with a reach must show all of that within its reach.
    """

    name: str
    routes: tuple[str, ...]
    ask: Asking
    reach: dict[str, frozenset[str]] = field(default_factory=dict)
