"""All labels of an app: every one is found, and a table of them that comes back unchanged changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import make
from dougong_designer import labels
from dougong_designer.labels import Wanted
from dougong_designer.labels.table import read, written
from dougong_designer.shapes import check_shapes
from dougong_runtime.documents import source
from dougong_runtime.documents.ids import filled
from dougong_runtime.errors import Refused

TEMPLATES = Path(__file__).parents[2] / "templates"
CLINIC: dict[str, Any] = dict(make.app("clinic").source)


def _pairs(data: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Everything that is a text in two languages by its looks."""
    if isinstance(data, dict):
        if data and set(data) <= {"zh", "en"} and all(isinstance(words, str) for words in data.values()):
            yield path
        for name, inner in data.items():
            yield from _pairs(inner, (*path, name))
    elif isinstance(data, list):
        for index, inner in enumerate(data):
            token = inner.get("id") if isinstance(inner, dict) else None
            yield from _pairs(inner, (*path, str(token or index)))


def test_every_label_of_every_template_is_found_and_goes_out_and_in_unchanged() -> None:
    stored: list[Any] = [make.app(name).source for name in ("clinic", "workshop", "school", "lending")]
    for folder in sorted(TEMPLATES.iterdir()):
        whole = source.read(folder).documents
        stored.append({f"{raw.kind}/{raw.name}": filled(folder.name, raw.kind, raw.data) for raw in whole})
    for documents in stored:
        found = labels.places(documents)
        places = {(place.document, place.path) for place in found}
        assert len(places) == len(found)
        looks = {(key, path) for key, data in documents.items() for path in _pairs(data)}
        assert looks - places == set()
        back = labels.compare(documents, read(written(found)))
        assert (back.changes, back.refused, back.same) == ((), (), len(found))


def _place(document: str, owner: str, name: str = "label", documents: Any = None) -> labels.Place:
    return next(
        place
        for place in labels.places(documents or CLINIC)
        if (place.document, place.owner, place.path[-1]) == (document, owner, name)
    )


def test_what_is_missing_is_found_and_filled_in_by_one_language() -> None:
    lacking = labels.chosen(labels.places(CLINIC), missing="any")
    assert [place.document for place in lacking] == ["form/patient_form", "form/visit_form"]
    phone = _place("entity/patient", "phone")
    half = labels.changed(CLINIC, [labels.Change(phone, "电话", "")])
    assert [
        (p.owner, p.missing) for p in labels.chosen(labels.places(half), missing="en", kind="entity")
    ] == [("phone", ("en",))]
    whole = labels.compare(half, [Wanted("entity/patient", phone.pointer, None, "Phone")])
    assert labels.changed(half, whole.changes) == CLINIC
    named = labels.compare(CLINIC, [Wanted("form/visit_form", "/label", "就诊表单", "Visit form")])
    made = labels.changed(CLINIC, named.changes)
    assert list(made["form/visit_form"])[:4] == ["kind", "name", "id", "label"]
    check_shapes(CLINIC, made, ["form/visit_form"])
    assert len(labels.chosen(labels.places(CLINIC), text="电话")) == 1
    assert {p.kind for p in labels.chosen(labels.places(CLINIC), kind="role")} == {"role"}


def test_a_table_that_was_away_takes_nothing_back_and_overwrites_nothing() -> None:
    """Away for translation, meanwhile another label and one of the same were changed here."""
    away = {(one.document, one.pointer): one for one in read(written(labels.places(CLINIC)))}
    phone, mail, born = (_place("entity/patient", name) for name in ("phone", "mail", "born_on"))
    now = labels.changed(
        CLINIC, [labels.Change(mail, "邮件", "E-mail"), labels.Change(born, "生日", "Birthday")]
    )

    def translated(place: labels.Place, en: str) -> Wanted:
        kept = away[place.document, place.pointer]
        return Wanted(kept.document, kept.pointer, kept.zh, en, kept.mark, 7)

    back = [
        translated(phone, "Telephone"),
        away[mail.document, mail.pointer],
        translated(born, "Date of birth"),
        Wanted("entity/patient", "/fields/none/label", "无", "None"),
    ]
    found = labels.compare(now, back)
    assert [(c.place.owner, c.en) for c in found.changes] == [("phone", "Telephone")]
    assert [(r.why, r.wanted.line) for r in found.refused] == [("changed", 7), ("unknown", 0)]
    assert found.same == 1
    after = labels.changed(now, found.changes)
    assert _place("entity/patient", "phone", documents=after).zh == "电话"
    assert _place("entity/patient", "mail", documents=after).en == "E-mail"


def test_words_that_a_spreadsheet_would_run_go_out_guarded_and_come_back_as_they_were() -> None:
    phone = _place("entity/patient", "phone")
    risky = labels.changed(CLINIC, [labels.Change(phone, "=1+1", "@cmd\nsecond line")])
    text = written(labels.places(risky)).decode("utf-8-sig")
    assert ",'=1+1," in text
    assert labels.compare(risky, read(text.encode("utf-8"))).changes == ()
    with pytest.raises(Refused):
        read(b"place,zh\n/label,x\n")
    with pytest.raises(Refused):
        read(b"")


def test_a_text_for_both_languages_stays_one_until_they_differ() -> None:
    plain = {**CLINIC, "app/clinic": {**CLINIC["app/clinic"], "label": "Clinic"}}
    place = next(p for p in labels.places(plain) if (p.document, p.path) == ("app/clinic", ("label",)))
    assert (place.zh, place.en, place.missing) == ("Clinic", "Clinic", ())
    made = labels.changed(plain, [labels.Change(place, "诊所", "Clinic")])
    assert made["app/clinic"]["label"] == {"zh": "诊所", "en": "Clinic"}
    nothing = labels.compare(plain, [Wanted("app/clinic", "/label", "", "")])
    assert [refusal.why for refusal in nothing.refused] == ["empty"]
