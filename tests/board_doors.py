"""The doors of boards, calendars, time lines, galleries and trees; and their cases for the audit."""

from __future__ import annotations

from typing import Any

from audit_work import Row, Work, accepted, by_page, case
from dougong_runtime.audit import log
from ward import Door, Ward

VIEW = "/apps/{app}/views/{view}"
VIEWS = "/apps/clinic/views"
VISITS = f"{VIEWS}/visits_by_stage"
DIARY = f"{VIEWS}/visit_calendar"
KINDS = f"{VIEWS}/allergy_tree"
FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial"}


def _whole(answer: Any) -> str:
    """Body and headers; what was not meant to happen fails."""
    assert answer.status_code < 500, answer.text
    return f"{answer.headers}\n{answer.text}"


PAGES = (
    "patients?as=kanban&group=risk", "patients?as=kanban&group=owner", "patients?as=calendar",
    "patients?as=timeline&group=owner&span=quarter", "visits?as=kanban&group=patient", "visits?as=tree",
    "visits?as=timeline&group=doctor&span=quarter", "visit_calendar", "visit_calendar?span=week", "allergy_tree",
    "patients/figures?group=stage", "patients/lane?group=stage&lane=registered", "patients/lane?group=owner&lane=",
    "visits_by_stage/lane?lane=planned", "visits_by_stage/lane?lane=open", "visit_calendar/day?day=nonsense",
    "visit_calendar/begin?day=2026-03-02&at=09:30", "patients/pictures", "allergy_tree/branch",
)  # fmt: skip


def _some(ward: Ward) -> list[tuple[str, str]]:
    """One's own and another's records: (entity, id)."""
    names = ("lin_1", "lin_1_a", "mao_1", "mao_1_b")
    return [(entity, record) for (entity, name), record in ward.ids.items() if name in names]


def boards(ward: Ward, username: str) -> str:
    """Views every way, by fields of each kind, and the parts that are loaded when they are met."""
    browser = ward.clinic.browser(username, **FRAGMENT)
    seen = [_whole(browser.get(f"{VIEWS}/{page}", follow_redirects=False)) for page in PAGES]
    on = ward.clinic.site.clock.now().date()
    seen.append(_whole(browser.get(f"{DIARY}/day?day={on}")))
    for entity, record in _some(ward):
        view = "patients" if entity == "patient" else "visits_by_stage"
        seen.append(_whole(browser.get(f"{VIEWS}/{view}/ways?record={record}")))
    return "\n".join(seen)


def moved(ward: Ward, username: str) -> str:
    """What is answered to moves that are wrong, stale or not allowed."""
    browser = ward.clinic.browser(username, **FRAGMENT)
    seen = []
    for entity, record in _some(ward):
        board = f"{VIEWS}/patients" if entity == "patient" else VISITS
        for address, sent in (
            (f"{board}/move", {"to": "nonsense"}),
            (f"{board}/move", {"to": "signed", "back": "1"}),
            (f"{DIARY}/shift", {"days": "x", "edge": "end"}),
            (f"{DIARY}/shift", {"visited_at": "nonsense", "back": "1"}),
            (f"{KINDS}/place", {"parent": record}),
        ):
            seen.append(_whole(browser.post(address, data={"record": record, **sent})))
    return "\n".join(seen)


BOARD_DOORS: tuple[Door, ...] = (
    Door(
        "boards and calendars",
        tuple(f"GET {VIEW}/{p}" for p in ("lane", "figures", "ways", "day", "begin", "pictures", "branch")),
        boards,
        {"patient": frozenset({"name"})},
    ),
    Door("moves on boards", tuple(f"POST {VIEW}/{p}" for p in ("move", "shift", "place")), moved),
)


# --- what each leaves in the audit ------------------------------------------------------------------------------
def _visit(work: Work, **more: Any) -> str:
    patient, doctor = work.patient(), work.clinic.users["dr_lin"]
    at = {"visited_at": "2026-03-02T01:00:00Z", "until": "2026-03-02T02:00:00Z"}
    return work.made("visit", patient=patient, doctor=doctor, **at, **more)


@case(f"POST {VIEW}/move")
def board_move(work: Work) -> list[Row]:
    record = _visit(work)
    lin = work.browser("dr_lin")
    accepted(lin.post(f"{VISITS}/move", data={"record": record, "to": "open", "version": "1"}))
    return [
        by_page(
            log.UPDATE, "dr_lin", entity="visit", record=record,
            before={"stage": "planned"}, after={"stage": "open"}, facts=...,
        )
    ]  # fmt: skip


@case(f"POST {VIEW}/shift")
def calendar_shift(work: Work) -> list[Row]:
    record = _visit(work)
    lin = work.browser("dr_lin")
    accepted(
        lin.post(f"{DIARY}/shift", data={"record": record, "days": "1", "minutes": "30", "version": "1"})
    )
    return [
        by_page(
            log.UPDATE, "dr_lin", entity="visit", record=record,
            before={"visited_at": "2026-03-02T01:00:00Z", "until": "2026-03-02T02:00:00Z"},
            after={"visited_at": "2026-03-03T01:30:00Z", "until": "2026-03-03T02:30:00Z"}, facts=...,
        )
    ]  # fmt: skip


@case(f"POST {VIEW}/place")
def tree_place(work: Work) -> list[Row]:
    record = work.made("allergy", name="桦树花粉", severity="mild")
    above = work.made("allergy", name="花粉", severity="mild")
    head = work.browser("head_yu")
    accepted(head.post(f"{KINDS}/place", data={"record": record, "parent": above, "version": "1"}))
    return [
        by_page(
            log.UPDATE, "head_yu", entity="allergy", record=record,
            before={"within": None}, after={"within": above}, facts=...,
        )
    ]  # fmt: skip
