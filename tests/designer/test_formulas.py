"""Formulas while they are written: where they stand, what is wrong and how that is mended, what may follow."""

from __future__ import annotations

import time
from typing import Any

import pytest

from dougong_designer import formulas
from dougong_designer.draft import Draft
from dougong_designer.formulas import Findings, Standing
from dougong_designer.formulas import acts as formulas_acts
from dougong_designer.formulas import complete as formulas_complete
from dougong_designer.patch import CHANGED_MEANWHILE, tokens_of
from dougong_runtime.documents import source
from dougong_runtime.documents.templates import template_parts
from dougong_runtime.errors import NOT_FOUND, Refused
from dougong_runtime.formulas.tokens import LENGTH_MAX
from dougong_runtime.model.link import examine, formula_places, places_in
from dougong_runtime.model.linker import formula_text
from standings import NAMES, documents, linked, standing


def rule() -> Standing:
    """A rule of a visit."""
    return standing("/entity~1visit/rules/0/check")


def wrong(text: str, at: Standing | None = None) -> list[tuple[str, str]]:
    """What is underlined in a text, and the text that its remedy makes of it."""
    found = formulas.checked(at or rule(), text)
    made = []
    for one in found.wrong:
        fix = one.fix
        mended = text if fix is None else text[: fix.offset] + fix.text + text[fix.offset + fix.length :]
        made.append((text[one.offset : one.offset + one.length], mended))
    return made


def offered(text: str, at: Standing | None = None) -> list[str]:
    """What is offered at the `|` in a text, as the text that it would make."""
    cursor = text.index("|")
    plain = text.replace("|", "")
    found = formulas_complete.completions(at or rule(), plain, cursor)
    return [plain[: found.start] + one.insert + plain[found.end :] for one in found.items]


# --- where it stands ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_every_formula_of_an_app_is_right_where_the_document_has_it(name: str) -> None:
    count = 0
    for key, data in documents(name).items():
        kind, _, own = key.partition("/")
        for path in formula_places(linked(name), kind, own, data) if kind != "file" else ():
            value: Any = data
            for step in path:
                value = value[step]
            if path[-1] == "type":
                continue  # a field that shows a system field: its type is what is typed
            pointer = "/" + "/".join(str(s).replace("/", "~1") for s in (key, *path))
            found = formulas.checked(standing(pointer, app=name), formula_text(value))
            assert not found.wrong, (pointer, value, found.wrong)
            count += 1
    assert count > 15


@pytest.mark.parametrize("name", NAMES)
def test_every_formula_inside_a_text_is_right_where_the_text_stands(name: str) -> None:
    count = 0
    for key, data in documents(name).items():
        kind, _, own = key.partition("/")
        for path in places_in(linked(name), kind, own, data)[1] if kind != "file" else ():
            value: Any = data
            for step in path:
                value = value[step]
            pointer = "/" + "/".join(str(s).replace("/", "~1") for s in (key, *path))
            place = standing(pointer, app=name)
            for _, piece, is_formula in template_parts(value):
                if is_formula:
                    assert not formulas.checked(place, piece).wrong, (pointer, piece)
                    count += 1
    assert count > 2 or name != "clinic"


def test_a_text_knows_what_may_stand_in_its_braces() -> None:
    body = standing("/message~1visit_missed/body/zh")
    assert (body.at.entity, body.at.place) == ("patient", "message")
    assert "name" in offered("na|", body)
    assert wrong("nmae", body) == [("nmae", "name")]
    # Before anything is written there, and in a language that has none yet.
    assert standing("/message~1visit_missed/subject/en").at.entity == "patient"
    channel = standing("/message~1visit_missed/channels/0/subject/zh")
    assert "owner.name" in offered("owner.na|", channel)


def test_a_place_knows_what_may_stand_in_it_before_anything_does() -> None:
    fresh = standing("/entity~1visit/rules/0/when")
    assert (fresh.at.entity, fresh.at.place, str(fresh.at.expect)) == ("visit", "rule", "boolean")
    of_field = standing("/form~1patient_form/layout/0/fields/0/show")
    assert (of_field.at.entity, of_field.at.place) == ("patient", "row_rule")
    default = standing("/entity~1visit/fields/fee/default")
    assert default.at.expect is None  # a field is named by its id, and "fee" is none
    step = standing("/workflow~1call_back/steps/0/when")
    assert "record" in step.at.variables
    assert standing("", entity="visit").at.entity == "visit"


def test_oddly_named_places_are_none_but_never_a_fault() -> None:
    for pointer in (
        "/",
        "/entity~1visit",
        "/entity~1none/x",
        "/entity~1visit/rules/99/check",
        "/entity~1visit/title/x/y",
    ):
        assert standing(pointer, entity="visit").at.entity == "visit", pointer


# --- what is wrong ------------------------------------------------------------------------------------------------
def test_what_is_wrong_is_mended_by_one_replacement() -> None:
    assert wrong("feee >= 0") == [("feee", "fee >= 0")]
    assert wrong("patient.nam = 'x'") == [("nam", "patient.name = 'x'")]
    assert wrong("stage = 'sined'") == [("'sined'", "stage = 'signed'")]
    assert wrong("COUN(prescriptions) > 1")[0][1] == "COUNT(prescriptions) > 1"
    assert wrong("COUNT(prescriptions > 1")[0][1] == "COUNT(prescriptions > 1)"
    assert wrong("reason = 'abc")[0][1] == "reason = 'abc'"
    assert wrong("fee > 3)") == [(")", "fee > 3")]
    assert wrong("主诉 = 'x'") == [("主诉", "reason = 'x'")]
    assert wrong("SETTING('frequent_spend') > 1")[0][1] == "SETTING('frequent_spent') > 1"


def test_a_remedy_is_offered_only_where_it_is_one() -> None:
    assert wrong("zzzzzz = 1") == [("zzzzzz", "zzzzzz = 1")]
    assert wrong("stage = 'qqqq' AND (fee > 1)")[0][1] == "stage = 'qqqq' AND (fee > 1)"


def test_everything_wrong_is_found_at_once_and_said_in_both_languages() -> None:
    found = formulas.checked(rule(), "feee > 0 AND patient.nam = 'x'")
    assert [w.offset for w in found.wrong] == [0, 21]
    assert all(w.says.zh != w.says.en for w in found.wrong)


def test_the_type_of_a_result_is_said_in_words() -> None:
    def words(text: str) -> str:
        found: Findings = formulas.checked(standing("", entity="visit", place="filter"), text)
        assert found.result is not None
        return formulas.type_words(found.result.type, standing("").app).en

    assert words("fee * 2") == "Number with up to 2 places"
    assert words("COUNT(prescriptions)") == "Whole number"
    assert words("patient") == "One record (Patient)"
    assert words("stage = 'open'") == "Yes or no"


# --- what may follow ----------------------------------------------------------------------------------------------
def test_fields_are_offered_by_name_and_by_label_along_references_and_back() -> None:
    assert "fee" in offered("fe|")
    assert offered("体温|")[0] == "fever"
    assert "patient.name" in offered("patient.na|")
    assert "patient.owner.team" in offered("patient.owner.te|")
    assert "patient.visits" in offered("patient.visi|")
    assert offered("patient.owner.team.leader.name.|") == []
    assert "SUM(prescriptions.amount" in offered("SUM(prescriptions.am|")


def test_inside_an_aggregate_names_are_the_inner_records_and_this_the_outer_one() -> None:
    inside = offered("COUNT(prescriptions, am|")
    assert "COUNT(prescriptions, amount" in inside
    assert offered("COUNT(prescriptions, fever|") == []
    assert "COUNT(prescriptions, amount > THIS.fee" in offered("COUNT(prescriptions, amount > THIS.fe|")


def test_options_settings_and_roles_are_offered_in_quotes() -> None:
    assert offered("stage = '|") == [f"stage = '{v}'" for v in ("planned", "open", "signed", "cancelled")]
    assert offered("stage IN ('open', 'si|')") == ["stage IN ('open', 'signed')"]
    assert offered("patient.risk = '|'") == [f"patient.risk = '{v}'" for v in ("low", "medium", "high")]
    assert "SETTING('frequent_spent')" in offered("SETTING('freq|')")
    assert "HAS(USER().roles, 'nurse')" in offered("HAS(USER().roles, 'nur|')")
    assert offered("reason = 'op|'") == []


def test_what_has_no_meaning_at_a_place_is_not_offered() -> None:
    everywhere = standing("", entity="visit", place="formula")
    assert "CHANGED()" in offered("CHANG|")
    assert "OLD." in offered("OL|")
    assert "CHANGED()" not in offered("CHANG|", everywhere)
    assert "USER()" not in offered("USE|", everywhere)
    assert "USER().team" in offered("USER().te|")


def test_steps_of_a_workflow_are_offered_where_they_come_before() -> None:
    at = standing("/workflow~1call_back/steps/1/when")
    assert "record" in offered("rec|", at)
    assert any(text.startswith("record.") for text in offered("record.|", at))
    first = next(name.split(".")[1] for name in at.at.variables if name.startswith("steps."))
    assert f"steps.{first}" in offered("steps.|", at)
    chip = formulas.chips(at, "record.stage")[0]
    assert chip.label.zh.endswith("› 状态")
    assert first in formulas.chips(at, f"steps.{first}")[0].label.en


def test_names_are_shown_by_their_labels_however_unfinished_the_formula_is() -> None:
    found = formulas.chips(
        rule(), "patient.owner.name = 'stage' AND COUNT(prescriptions, amount > THIS.fee) > (fee"
    )
    assert [c.label.zh for c in found] == ["病人 › 责任医生 › 姓名", "处方", "金额", "本记录 › 诊费", "诊费"]


# --- attacks ------------------------------------------------------------------------------------------------------
def test_hostile_texts_are_answered_soon() -> None:
    texts = [
        "(" * 4_000, "a." * 2_000, "'" * 3_999, "'\\" * 2_000, "COUNT(" * 600, "fee and " * 500, "NOT " * 1_000,
        "x" * (LENGTH_MAX * 5), "fee IN (" + "'a'," * 900, "“" * 2_000, "\x00" * 100, "SUM(visits.cost, " * 200, "字" * 4_000,
    ]  # fmt: skip
    started = time.thread_time()
    for text in texts:
        assert formulas.checked(rule(), text).result is None
        formulas.chips(rule(), text)
        assert (
            len(formulas_complete.completions(rule(), text, len(text)).items) <= formulas_complete.OFFERED_MAX
        )
    assert time.thread_time() - started < 20


def test_ten_thousand_options_are_narrowed_and_cut() -> None:
    options = ", ".join(f"{{value: o{n}}}" for n in range(10_000))
    text = (
        "kind: app\nname: wide\n---\nkind: entity\nname: thing\n"
        f"fields:\n  - {{name: title, type: text}}\n  - {{name: sort, type: choice, options: [{options}]}}\n"
    )
    wide = examine(source.of_text(text))
    assert wide.app is not None
    at = formulas.place_of(wide, wide.app.source, (), "thing")
    assert at is not None
    found = formulas_complete.completions(at, "sort = '", 8)
    assert (len(found.items), found.is_whole) == (formulas_complete.OFFERED_MAX, False)
    assert [o.insert for o in formulas_complete.completions(at, "sort = 'o9999", 13).items] == ["o9999'"]


# --- writing ------------------------------------------------------------------------------------------------------
def draft(name: str = "clinic") -> Draft:
    """A draft in which nothing has been done."""
    return Draft(name, 1, 0, 1, documents(name), documents(name))


def test_a_formula_is_written_against_the_value_that_was_seen() -> None:
    where = tokens_of("/entity~1visit/rules/0/check")
    made = formulas_acts.written(draft(), where, "fee > 0", "fee >= 0")
    assert formulas.value_at(made, where) == "fee > 0"
    with pytest.raises(Refused) as refused:
        formulas_acts.written(draft(), where, "fee > 0", "fee >= 1")
    assert refused.value.problems[0].type is CHANGED_MEANWHILE
    with pytest.raises(Refused) as refused:
        formulas_acts.written(draft(), tokens_of("/entity~1visit/rules/99/check"), "TRUE")
    assert refused.value.problems[0].type is NOT_FOUND


def test_a_bare_field_becomes_whole_to_carry_a_condition_and_bare_again_without() -> None:
    key = "form/patient_form"
    layout = documents("clinic")[key]["layout"]
    part, at = next(
        (n, m)
        for n, section in enumerate(layout)
        for m, field in enumerate(section.get("fields", ()))
        if isinstance(field, str)
    )
    where = (key, "layout", str(part), "fields", str(at), "show")
    before = layout[part]["fields"][at]
    made = formulas_acts.written(draft(), where, "risk = 'high'", "")
    assert made[key]["layout"][part]["fields"][at] == {"field": before, "show": "risk = 'high'"}
    back = Draft("clinic", 1, 1, 1, documents("clinic"), made)
    again = formulas_acts.written(back, where, "", "risk = 'high'")
    assert again[key]["layout"][part]["fields"][at] == before
