"""What is wrong with documents is told all at once, each with its place, what was expected and the nearest name."""

from __future__ import annotations

import pytest

from dougong_runtime.documents import source
from dougong_runtime.documents.problems import say
from dougong_runtime.errors import Problem
from dougong_runtime.model.link import examine
from make import APPS

BASE = """
kind: app
name: shop
---
kind: entity
name: machine
title: name
fields:
  - {name: name, type: text}
  - {name: bought_on, type: date}
  - {name: price, type: decimal, scale: 2}
  - {name: keeper, type: user, inverse: machines}
  - {name: kind, type: choice, options: [{value: lathe}, {value: drill}]}
  - {name: state, type: stage, stages: [{value: new}, {value: used}], transitions: [{from: new, to: used}]}
  - {name: total, type: formula, formula: SUM(jobs.cost), result: decimal, scale: 2}
---
kind: entity
name: job
fields:
  - {name: title, type: text}
  - {name: machine, type: reference, to: machine, inverse: jobs}
  - {name: cost, type: decimal, scale: 2}
  - {name: due_on, type: date}
---
kind: role
name: keeper
grants: [{entity: machine}]
---
kind: settings
name: rates
values: [{code: rate, type: percent, value: 0.1}]
---
kind: message
name: hello
to: machine
channels: [in_app]
body: "{name}"
---
"""


def problems(text: str, base: str = BASE) -> tuple[Problem, ...]:
    """What is wrong with documents beside those of the shop."""
    return examine(source.of_files({"base.yaml": base.encode(), "x.yaml": text.encode()})).problems


def field(text: str) -> str:
    """An entity with one more field."""
    return f"{{kind: entity, name: extra, fields: [{{name: title, type: text}}, {text}]}}"


def step(text: str) -> str:
    """A workflow of one step after another that makes a job."""
    return (
        "kind: workflow\nname: w\ntrigger: {on: record_created, entity: machine}\n"
        "steps:\n  - {id: made, do: create_record, entity: job, values: {machine: record}}\n"
        f"  - {text}\n"
    )


CASES = [
    # fields
    (field("{name: a, type: txt}"), "unknown-document", "fields[1].type", "text"),
    (field("{name: a, type: text, scale: 2}"), "unknown-property", "fields[1].scale", None),
    (field("{name: a, type: decimal, scael: 2}"), "unknown-property", "fields[1].scael", "scale"),
    (field("{name: a, type: reference, to: machin}"), "unknown-document", "fields[1].to", "machine"),
    (field("{name: a, type: reference}"), "document-shape", "fields[1]", None),
    (field("{name: title, type: text}"), "duplicate", "fields[1].name", None),
    (field("{name: id, type: text}"), "document-shape", "fields[1].name", None),
    (field("{name: not, type: text}"), "document-shape", "fields[1].name", None),
    (field("{name: dg_x, type: text}"), "document-shape", "fields[1].name", None),
    (field("{name: A, type: text}"), "bad-name", "fields[1].name", None),
    (field("{name: a, type: reference, to: machine, inverse: jobs}"), "duplicate", "fields[1].inverse", None),
    (field("{name: a, type: reference, to: machine, inverse: price}"), "duplicate", "fields[1].inverse", None),
    (field("{name: a, type: user, inverse: machines}"), "duplicate", "fields[1].inverse", None),
    (field("{name: a, type: choice, options: [x, y, x]}"), "duplicate", "fields[1].options[2]", None),
    (field("{name: a, type: choice, options: [x], default: \"'z'\"}"), "formula", "fields[1].default", None),
    (field("{name: a, type: integer, default: \"'x'\"}"), "formula", "fields[1].default", None),
    (field("{name: a, type: autonumber, pattern: '{000}', default: 1}"), "wrong-field", "fields[1].default", None),
    (field("{name: a, type: formula, formula: titel & 'x'}"), "formula", "fields[1].formula", "title"),
    (field("{name: a, type: formula, formula: title, result: intger}"), "document-value", "fields[1].result", "integer"),
    (field("{name: a, type: formula, formula: title, result: date}"), "formula", "fields[1].formula", None),
    (field("{name: a, type: formula, formula: a & 'x'}"), "wrong-field", "fields[1].formula", None),
    (field("{name: a, type: formula, formula: USER()}"), "formula", "fields[1].formula", None),
    (field("{name: a, type: formula, formula: \"SETTING('rat')\"}"), "formula", "fields[1].formula", "rate"),
    (field("{name: a, type: stage, stages: [p, q], transitions: [{from: p, to: r}]}"), "unknown-option", "fields[1].transitions[0].to", None),
    (field("{name: a, type: stage, stages: [p, q], transitions: [{from: p, to: q, roles: [keper]}]}"), "unknown-document", "fields[1].transitions[0].roles[0]", "keeper"),
    (field("{name: a, type: stage, stages: [p, q], transitions: [{from: p, to: q, requires: [titel]}]}"), "unknown-field", "fields[1].transitions[0].requires[0]", "title"),
    (field("{name: a, type: stage, stages: [p]}, {name: b, type: stage, stages: [p]}"), "wrong-field", "fields[2]", None),
    (field("{name: a, type: filter, of: machin}"), "unknown-document", "fields[1].of", "machine"),
    (field("{name: a, type: decimal, precision: 99}"), "document-value", "fields[1].precision", None),
    (field("{name: a, type: id_number, scheme: us_ssn}"), "document-value", "fields[1].scheme", None),
    (field("{name: a, type: autonumber, pattern: 'X-{YYYY}'}"), "document-value", "fields[1].pattern", None),
    (field("{name: a, type: formula, formula: \"AGE(made_on)\", unique: true}, {name: made_on, type: date}"), "wrong-field", "fields[1].unique", None),
    (field("{name: a, type: decimal, minimum: low}"), "document-value", "fields[1].minimum", None),
    (field("{name: a, type: text, required: }"), "document-value", "fields[1].required", None),
    # guards
    ("{kind: entity, name: e, title: nam, fields: [{name: name, type: text}]}", "unknown-field", "title", "name"),
    ("{kind: entity, name: e, fields: [{name: n, type: integer}], rules: [{name: r, check: n + 1}]}", "formula", "rules[0].check", None),
    ("{kind: entity, name: e, fields: [{name: n, type: integer}], rules: [{name: r, check: n > 0}, {name: r, check: n > 1}]}", "duplicate", "rules[1].name", None),
    ("{kind: entity, name: e, fields: [{name: n, type: integer}], unique: [[m]]}", "unknown-field", "unique[0].fields[0]", None),
    ("{kind: entity, name: e, fields: [{name: n, type: references, to: job}], unique: [[n]]}", "wrong-field", "unique[0].fields[0]", None),
    ("{kind: entity, name: e, fields: [{name: n, type: integer}], unique: [{fields: [n], when: 'n > DAY(TODAY())'}]}", "wrong-field", "unique[0].when", None),
    ("{kind: entity, name: e, fields: [{name: n, type: integer}], lock: [{when: n > 0, except: [m]}]}", "unknown-field", "lock[0].except[0]", None),
    ("{kind: entity, name: e, fields: [{name: n, type: integer}], retain: {years: 3, from: n}}", "wrong-field", "retain.from", None),
    ("{kind: entity, name: machine, fields: []}", "duplicate", "name", None),
    ("{kind: entity, name: user, fields: []}", "duplicate", "name", None),
    ("{kind: entity, name: Bad, fields: []}", "bad-name", "name", None),
    ("{kind: enttiy, name: e, fields: []}", "unknown-kind", "kind", "entity"),
    ("{name: e}", "missing-property", "", None),
    # roles
    ("{kind: role, name: r, grants: [{entity: machne}]}", "unknown-document", "grants[0].entity", "machine"),
    ("{kind: role, name: r, grants: [{entity: machine, hide: [prise]}]}", "unknown-field", "grants[0].hide[0]", "price"),
    ("{kind: role, name: r, grants: [{entity: machine, rows: keper = USER()}]}", "formula", "grants[0].rows", "keeper"),
    ("{kind: role, name: r, grants: [{entity: machine, rows: price + 1}]}", "formula", "grants[0].rows", None),
    ("{kind: role, name: r, grants: [{entity: job, rows: {inherit: machin}}]}", "unknown-field", "grants[0].rows.inherit", "machine"),
    ("{kind: role, name: r, grants: [{entity: job, rows: {inherit: title}}]}", "wrong-field", "grants[0].rows.inherit", None),
    ("{kind: role, name: r, grants: [{entity: machine, mask: [{field: nme, show: last4}]}]}", "unknown-field", "grants[0].mask[0].field", "name"),
    ("{kind: role, name: r, forbid: [[r, keepr]]}", "unknown-document", "forbid[0][1]", "keeper"),
    ("{kind: role, name: r, forbid: [[r, r]]}", "document-shape", "forbid[0]", None),
    ("{kind: role, name: r, home: {view: v}}", "unknown-document", "home.view", None),
    # settings and calendars
    ("{kind: settings, name: s, values: [{code: rate, type: text}]}", "duplicate", "values[0].code", None),
    ("{kind: settings, name: s, values: [{code: a, type: integer, value: x}]}", "document-value", "values[0].value", None),
    ("{kind: settings, name: s, values: [{code: a, type: integer, value: 5, maximum: 3}]}", "document-value", "values[0].value", None),
    ("{kind: settings, name: s, values: [{code: a, type: formula}]}", "unknown-document", "values[0].type", None),
    ("{kind: calendar, name: c, based_on: XX}", "unknown-document", "based_on", None),
    ("{kind: calendar, name: c, closed: [2026-02-30]}", "document-value", "closed[0]", None),
    ("{kind: settings, name: s, values: [{code: a, type: decimal, value: 5, maximum: x}]}", "document-value", "values[0].maximum", None),
    ("{kind: role, name: r, grants: [{entity: machine, aggregate_only: true, at_least: }]}", "document-value", "grants[0].at_least", None),
    ("{kind: view, name: v, entity: job, columns: [title, ~]}", "document-value", "columns[1]", None),
    # views, forms, pages, reports
    ("{kind: view, name: v, entity: machine, columns: [name, prise]}", "unknown-field", "columns[1]", "price"),
    ("{kind: view, name: v, entity: job, columns: [machine.keeper.tem]}", "unknown-field", "columns[0]", "team"),
    ("{kind: view, name: v, entity: job, columns: [title.length]}", "wrong-field", "columns[0]", None),
    ("{kind: view, name: v, entity: job, sort: [-du_on]}", "unknown-field", "sort[0]", "due_on"),
    ("{kind: view, name: v, entity: job, filter: cost}", "formula", "filter", None),
    ("{kind: view, name: v, entity: job, type: kanban}", "document-shape", "", None),
    ("{kind: view, name: v, entity: job, type: calendar, start: title}", "wrong-field", "start", None),
    ("{kind: view, name: v, entity: job, type: tree, parent: machine}", "wrong-field", "parent", None),
    ("{kind: form, name: f, entity: machine, layout: [{section: A, fields: [nam]}]}", "unknown-field", "layout[0].fields[0]", "name"),
    ("{kind: form, name: f, entity: machine, layout: [{section: A, fields: [{field: name, show: pric > 1}]}]}", "formula", "layout[0].fields[0].show", "price"),
    ("{kind: form, name: f, entity: machine, layout: [{tabs: [{label: A, list: {of: job, fields: [cost]}}]}]}", "unknown-field", "layout[0].tabs[0].list.of", "jobs"),
    ("{kind: form, name: f, entity: machine, layout: [{list: {of: jobs, fields: [cots]}}]}", "unknown-field", "layout[0].list.fields[0]", "cost"),
    ("{kind: page, name: p, blocks: [{timeline: [jobs]}]}", "document-shape", "blocks[0]", None),
    ("{kind: page, name: p, blocks: [{metric: COUNT()}]}", "document-shape", "blocks[0]", None),
    ("{kind: page, name: p, entity: machine, blocks: [{metric: totl}]}", "formula", "blocks[0].metric", "total"),
    ("{kind: page, name: p, blocks: [{report: r}]}", "unknown-document", "blocks[0].report", None),
    ("{kind: dashboard, name: d, blocks: [{metric: SUM(cots), entity: job}]}", "formula", "blocks[0].metric", "cost"),
    ("{kind: report, name: r, source: job, rows: [machne], measures: [{name: n, formula: COUNT()}]}", "formula", "rows[0]", "machine"),
    ("{kind: report, name: r, source: job, measures: [{name: n, formula: cost}]}", "formula", "measures[0].formula", None),
    ("{kind: report, name: r, source: job, measures: [{name: n, formula: COUNT()}], sort: [-m]}", "unknown-field", "sort[0]", None),
    ("{kind: report, name: r, source: job, measures: [{name: n, formula: COUNT()}], having: m > 1}", "formula", "having", None),
    # messages and connectors
    ("{kind: message, name: m, to: machine, channels: [{mail: keeper.emial}], body: x}", "unknown-field", "channels[0].mail", "email"),
    ("{kind: message, name: m, to: machine, channels: [in_app], body: {zh: '{nam}', en: x}}", "formula", "body.zh", "name"),
    ("{kind: message, name: m, to: machine, channels: [in_app], body: 'x {name'}", "formula", "body", None),
    ("{kind: message, name: m, to: machine, channels: [in_app], body: x, eligible: price}", "formula", "eligible", None),
    ("{kind: message, name: m, to: machine, channels: [in_app], body: x, attach: [price]}", "wrong-field", "attach[0]", None),
    ("{kind: connector, name: c, type: webhook, entity: job, map: {titel: a.b}}", "unknown-field", "map.titel", "title"),
    # workflows
    ("{kind: workflow, name: w, trigger: {on: record_created}, steps: []}", "document-shape", "trigger", None),
    ("{kind: workflow, name: w, trigger: {on: stage_entered, entity: machine, stage: usd}, steps: []}", "unknown-option", "trigger.stage", "used"),
    ("{kind: workflow, name: w, trigger: {on: stage_entered, entity: job, stage: used}, steps: []}", "wrong-field", "trigger.stage", None),
    ("{kind: workflow, name: w, trigger: {on: date_reached, entity: job, date: title}, steps: []}", "formula-type", "trigger.date", None),
    (step("{id: a, do: wait, until: steps.made.title}"), "formula-type", "steps[1].until", None),
    (step("{id: a, do: wait, until: steps.mad.due_on}"), "formula", "steps[1].until", "made"),
    (step("{id: a, do: branch, if: steps.made.cost, then: []}"), "formula", "steps[1].if", None),
    (step("{id: a, do: create_record, entity: job, values: {titel: \"'x'\"}}"), "unknown-field", "steps[1].values.titel", "title"),
    (step("{id: a, do: create_record, entity: job, values: {due_on: record.name}}"), "formula", "steps[1].values.due_on", None),
    (step("{id: a, do: update_records, record: record, values: {total: 1}}"), "wrong-field", "steps[1].values.total", None),
    (step("{id: a, do: notify, to: record.keeper, message: helo}"), "unknown-document", "steps[1].message", "hello"),
    (step("{id: a, do: notify, to: record.keper, message: hello}"), "formula", "steps[1].to", "keeper"),
    (step("{id: a, do: notify, to: record.keeper, text: 'x {record.nam}'}"), "formula", "steps[1].text", "name"),
    (step("{id: a, do: transition, to: usd}"), "unknown-option", "steps[1].to", "used"),
    (step("{id: a, do: for_each, in: record.price, steps: []}"), "formula-type", "steps[1].in", None),
    (step("{id: a, do: for_each, in: record.jobs, steps: [{id: b, do: notify, to: item.titl}]}"), "formula", "steps[1].steps[0].to", "title"),
    (step("{id: made, do: stop}"), "duplicate", "steps[1].id", None),
    (step("{id: a, do: run_workflow, workflow: ww}"), "unknown-document", "steps[1].workflow", None),
    (step("{id: a, do: find_records, entity: job, filter: cots > 1}"), "formula", "steps[1].filter", "cost"),
    # menu
    ("{kind: app, name: again}", "duplicate", "name", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "path", "near"), CASES, ids=[f"{k} {p}" for _, k, p, _ in CASES])
def test_a_mistake_is_told_with_its_place_and_the_nearest_name(
    text: str, kind: str, path: str, near: str | None
) -> None:
    found = problems(text)
    told = [(p.type.name, p.place.path if p.place else "") for p in found]
    assert (kind, path) in told, say(found)
    problem = found[told.index((kind, path))]
    assert problem.place is not None
    assert problem.place.file == "x.yaml"
    assert problem.place.line >= 1
    assert problem.text("zh")
    assert problem.text("en")
    if near is not None:
        assert problem.facts.get("nearest") == near, say(found)
    assert len(found) <= 2, say(found)


def test_the_shop_itself_is_right() -> None:
    assert problems("") == ()


def test_the_column_of_a_formula_is_that_of_the_word() -> None:
    (problem,) = problems("kind: view\nname: v\nentity: job\nfilter: \"title = 'x' AND cots > 1\"\n")
    assert problem.place is not None
    assert (problem.place.line, problem.place.column) == (4, 10 + len("title = 'x' AND "))


def test_problems_of_many_documents_come_in_the_order_of_files_and_lines() -> None:
    text = "{kind: view, name: a, entity: job, columns: [x1], sort: [x2]}\n---\n{kind: view, name: b, entity: nope}"
    places = [(p.place.file, p.place.line) for p in problems(text) if p.place]
    assert places == sorted(places)
    assert len(places) == 3


def test_an_entity_that_is_half_wrong_is_half_known_and_causes_no_second_problem() -> None:
    text = """
kind: entity
name: e
fields:
  - {name: good, type: text}
  - {name: bad, type: txet}
  - {name: worse, type: decimal, scale: many}
  - {name: uses, type: formula, formula: "good & bad"}
---
kind: view
name: v
entity: e
columns: [good, bad, worse, unknown_one]
"""
    told = [(p.type.name, p.place.path) for p in problems(text) if p.place]
    assert told == [
        ("unknown-document", "fields[1].type"),
        ("document-value", "fields[2].scale"),
        ("unknown-field", "columns[3]"),
    ]


def test_words_look_as_promised() -> None:
    text = "kind: view\nname: v\nentity: machine\ncolumns: [name, prise]\n"
    told = say(examine(source.of_files({"base.yaml": BASE.encode(), "views/v.yaml": text.encode()})).problems)
    assert told == (
        "views/v.yaml:4:17  unknown-field  at columns[1]\n"
        "  “prise” is not a field of machine. Nearest: price.\n"
        "1 problem; nothing was published."
    )


def test_a_wait_for_what_is_no_date_names_the_dates_there_are() -> None:
    (problem,) = problems(step("{id: a, do: wait, until: steps.made.title}"))
    assert problem.text("en") == (
        "Expected a date or a time, found text: steps.made.title. Dates of job: due_on."
    )


def test_formulas_that_need_each_other_name_the_way_round() -> None:
    text = field(
        "{name: a, type: formula, formula: b + 1, result: integer}, {name: b, type: formula, formula: a + 1, result: integer}"
    )
    (problem,) = problems(text)
    assert problem.type.name == "formula-cycle"
    assert problem.place is not None
    assert problem.place.path in ("fields[1].formula", "fields[2].formula")


def test_travelling_files_are_checked_too() -> None:
    files = source.read(APPS / "clinic")
    story = b"story: x\nas: nobody\nwhen: [{create: visitt, with: {patient: a}}, {creat: visit}]\n"
    people = b"people: [{username: a, roles: [doctr], team: x}]\nteams: [{name: y}]\n"
    changed = source.Source(
        files.documents, {"data/people.yaml": people, "stories/s.yaml": story}, files.origin
    )
    told = {(p.type.name, p.place.path, p.facts.get("nearest")) for p in examine(changed).problems if p.place}
    assert told == {
        ("unknown-document", "people[0].roles[0]", "doctor"),
        ("unknown-document", "people[0].team", None),
        ("unknown-document", "as", None),
        ("unknown-document", "when[0].create", "visit"),
        ("document-value", "when[1]", "create"),
    }


def test_files_that_travel_are_judged_by_what_they_say_now() -> None:
    app = b"kind: app\nname: small\n---\nkind: entity\nname: thing\nfields:\n  - {name: title, type: text}\n"

    def places(story: str, path: str = "stories/one.yaml") -> list[str]:
        found = examine(source.of_files({"app.yaml": app, path: story.encode()}))
        return [problem.place.file for problem in found.problems if problem.place is not None]

    good = (
        "story: One\nas: nobody\nwhen: [{create: thing, with: {title: x}}]\nthen: [{count: thing, is: 1}]\n"
    )
    wrong = good.replace("title", "titel")
    before = places(good)
    assert places(wrong) == [*before, "stories/one.yaml"]
    assert places(good) == before
    assert places(wrong, "stories/two.yaml")[-1] == "stories/two.yaml"
