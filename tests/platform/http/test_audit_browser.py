"""The audit in the browser: filtered, under its seals, verified up to a batch, taken out with its proof, erased by law."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest
import sqlalchemy as sa

from clinic import PASSWORD, PATH, Clinic
from dougong_platform import audit_export, seals
from dougong_runtime.audit.log import dg_audit
from dougong_runtime.audit.seal import dg_seal

AUDIT, ERASE = "/admin/audit", "/admin/audit/erase"
_numbers = itertools.count(13_900_000_000)


@pytest.fixture
def patient(clinic: Clinic) -> str:
    """A patient that a doctor made and changed."""
    lin = clinic.client("dr_lin")
    phone = str(next(_numbers))
    made = lin.post(f"{PATH}/patient", json={"name": "Ada Quirk", "phone": phone}).json()["id"]
    lin.patch(f"{PATH}/patient/{made}", json={"mail": "secret@x.example"})
    return str(made)


def shown(clinic: Clinic, query: str = "", username: str = "admin") -> str:
    """The page of the audit."""
    answer = clinic.browser(username).get(f"{AUDIT}?{query}")
    assert answer.status_code == 200, answer.text[:1000]
    return answer.text


def events(page: str) -> list[str]:
    """Sentences on a page."""
    return [re.sub(r"<[^>]+>", "", s) for s in re.findall(r"<summary><time.*?</summary>", page, re.DOTALL)]


def exported(clinic: Clinic, form: str = "ndjson", **asked: str) -> bytes:
    """The file of what is filtered."""
    answer = clinic.browser("admin").post(f"{AUDIT}/export", data={"format": form, **asked})
    assert answer.status_code == 200, answer.text[:1000]
    assert "attachment" in answer.headers["content-disposition"]
    content: bytes = answer.content
    return content


def lines(content: bytes) -> list[dict[str, Any]]:
    """A file of lines, read."""
    return [json.loads(line) for line in content.splitlines()]


@pytest.mark.parametrize("path", ["/export", "/erase", "/verify"])
def test_they_are_for_administrators(clinic: Clinic, path: str) -> None:
    assert clinic.browser("head_yu").post(f"{AUDIT}{path}").status_code == 403


def test_filters_are_carried_by_the_address(clinic: Clinic, patient: str) -> None:
    both = events(shown(clinic, f"record={patient}"))
    assert len(both) == 2
    assert len(events(shown(clinic, f"record={patient}&action=create"))) == 1
    assert len(events(shown(clinic, f"record={patient}&via=api&actor=dr_lin"))) == 2
    assert events(shown(clinic, f"record={patient}&via=page")) == []
    assert events(shown(clinic, f"record={patient}&actor=dr_mao")) == []
    assert len(events(shown(clinic, f"record={patient}&entity=clinic.patient"))) == 2
    assert events(shown(clinic, f"record={patient}&entity=clinic.visit")) == []


def test_days_bound_the_list(clinic: Clinic, patient: str) -> None:
    assert events(shown(clinic, f"record={patient}&from=2999-01-01")) == []
    assert events(shown(clinic, f"record={patient}&to=2000-01-01")) == []
    assert len(events(shown(clinic, f"record={patient}&from=2000-01-01&to=2999-01-01"))) == 2


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_days_at_the_ends_of_the_calendar_bound_nothing(clinic: Clinic, patient: str, day: str) -> None:
    assert len(events(shown(clinic, f"record={patient}&from={day}&to={day}"))) == 2


def test_nonsense_in_the_address_asks_for_nothing(clinic: Clinic) -> None:
    page = shown(clinic, "record=x&action=nonsense&via=nowhere&from=someday&before=x")
    assert "fchip" not in page


def test_what_the_administrator_may_not_read_is_dots(clinic: Clinic, patient: str) -> None:
    page = shown(clinic, f"record={patient}")
    assert "secret@x.example" not in page
    assert "Ada Quirk" not in page
    assert "Mail" in page


def test_each_seal_is_marked_and_verified_up_to(clinic: Clinic, patient: str) -> None:
    seals.seal_now(clinic.site)
    page = shown(clinic, f"record={patient}")
    batch = int(re.findall(r'data-batch="(\d+)"', page)[0])
    admin = clinic.browser("admin")
    answer = admin.post(f"{AUDIT}/verify", data={"until": str(batch), "record": patient})
    assert f"Verified up to batch {batch}:" in answer.text
    assert len(events(answer.text)) == 2


def test_verifying_up_to_a_batch_says_nothing_of_what_follows(clinic: Clinic, patient: str) -> None:
    seals.seal_now(clinic.site)
    with clinic.site.database.read() as connection:
        first = connection.scalar(sa.select(sa.func.max(dg_seal.c.batch))) or 0
    clinic.client("dr_lin").patch(f"{PATH}/patient/{patient}", json={"mail": "later@x.example"})
    seals.seal_now(clinic.site)
    found, _ = seals.verify_all(clinic.site, until=first)
    everything, _ = seals.verify_all(clinic.site)
    assert found.ok
    assert found.batches == first
    assert everything.batches > first


def test_a_file_is_proved_by_its_seals(clinic: Clinic, patient: str) -> None:
    seals.seal_now(clinic.site)
    content = exported(clinic, record=patient)
    found = lines(content)
    assert [line["kind"] for line in found[:3]] == ["head", "event", "event"]
    assert found[-1] == {"kind": "end", "events": 2}
    checked = audit_export.check(clinic.site, content.splitlines())
    assert checked.ok, checked.problem
    assert (checked.events, checked.sealed, checked.unproved) == (2, 2, 0)


def test_a_file_holds_no_value_that_the_administrator_may_not_read(clinic: Clinic, patient: str) -> None:
    seals.seal_now(clinic.site)
    content = exported(clinic, record=patient)
    assert b"secret@x.example" not in content
    changed = next(line for line in lines(content) if line.get("action") == "update")
    assert "after.mail" in changed["withheld"]
    assert changed["after"] == {}


@pytest.mark.parametrize("change", ["actor", "withheld", "dropped", "seal"])
def test_a_changed_file_is_found_out(clinic: Clinic, patient: str, change: str) -> None:
    seals.seal_now(clinic.site)
    found = exported(clinic, record=patient).splitlines()
    place = next(n for n, line in enumerate(found) if b'"kind":"event"' in line)
    match change:
        case "actor":
            found[place] = found[place].replace(b'"actor_name":"dr_lin"', b'"actor_name":"dr_mao"')
        case "withheld":
            found[place] = found[place].replace(b'"after":{}', b'"after":{"mail":"forged@x.example"}')
        case "dropped":
            del found[place]
        case _:
            place = next(n for n, line in enumerate(found) if b'"kind":"seal"' in line)
            found[place] = re.sub(rb'"root":"....', b'"root":"0000', found[place])
    checked = audit_export.check(clinic.site, found)
    assert not checked.ok
    assert checked.problem is not None


def test_a_table_for_spreadsheets_names_batch_and_seal(clinic: Clinic, patient: str) -> None:
    seals.seal_now(clinic.site)
    text = exported(clinic, "csv", record=patient).decode("utf-8-sig")
    head, *rows = text.strip().splitlines()
    assert head.startswith("seq,at,actor_name")
    assert head.endswith("row,batch,seal")
    assert len(rows) == 2
    assert re.search(r",[0-9a-f]{64},\d+,[0-9a-f]{64}$", rows[0])
    assert "secret@x.example" not in text


def test_that_it_was_taken_out_stands_in_the_audit(clinic: Clinic, patient: str) -> None:
    exported(clinic, record=patient)
    with clinic.site.database.read() as connection:
        asked = (
            sa.select(dg_audit.c.facts).where(dg_audit.c.action == "export").order_by(dg_audit.c.seq.desc())
        )
        facts = json.loads(str(connection.scalar(asked)))
    assert facts == {"of": "audit", "format": "ndjson", "asked": {"record": patient}}


def form(patient: str, **more: str) -> dict[str, Any]:
    """The form for erasing the mail address."""
    return {"place": "clinic.patient", "record": patient, "fields": "mail", "reason": "request 17", **more}


def test_what_would_be_erased_is_shown_first(clinic: Clinic, patient: str) -> None:
    answer = clinic.browser("admin").post(ERASE, data=form(patient, step="preview"))
    assert "values in 1 rows would go" in answer.text
    assert "secret@x.example" not in answer.text
    assert "mail" in stored(clinic, patient)


def stored(clinic: Clinic, patient: str) -> str:
    """What the audit holds of the record's changes."""
    with clinic.site.database.read() as connection:
        asked = sa.select(dg_audit.c.after).where(dg_audit.c.record == patient, dg_audit.c.action == "update")
        return str(connection.scalar(asked))


def test_erasing_takes_the_password_and_leaves_the_seals_good(clinic: Clinic, patient: str) -> None:
    seals.seal_now(clinic.site)
    admin = clinic.browser("admin")
    wrong = admin.post(ERASE, data=form(patient, step="erase", password="not it"), follow_redirects=False)
    assert wrong.status_code == 422
    assert "secret@x.example" in stored(clinic, patient)
    done = admin.post(ERASE, data=form(patient, step="erase", password=PASSWORD), follow_redirects=False)
    assert done.status_code == 303
    assert "secret@x.example" not in stored(clinic, patient)
    assert seals.verify_all(clinic.site)[0].ok
    content = exported(clinic, record=patient)
    assert audit_export.check(clinic.site, content.splitlines()).ok


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"record": "17"}, 422),
        ({"reason": ""}, 422),
        ({"place": "clinic.nothing"}, 404),
        ({"place": "x"}, 404),
    ],
)
def test_a_form_that_is_not_whole_erases_nothing(
    clinic: Clinic, patient: str, change: dict[str, str], status: int
) -> None:
    sent = form(patient, step="erase", password=PASSWORD) | change
    answer = clinic.browser("admin").post(ERASE, data=sent, follow_redirects=False)
    assert answer.status_code == status
    assert "secret@x.example" in stored(clinic, patient)
