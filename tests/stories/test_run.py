"""How stories are played: what passes, what fails, and what a failure says."""

from __future__ import annotations

import pytest

from dougong_runtime.documents.source import of_files
from dougong_runtime.stories import StoryResult, run_template

APP = """
kind: app
name: studio
---
kind: entity
name: kiln
title: name
fields:
  - {name: name, type: text, required: true}
  - {name: firings, type: formula, formula: COUNT(pots), result: integer}
---
kind: entity
name: pot
title: name
fields:
  - {name: name, type: text, required: true}
  - {name: kiln, type: reference, to: kiln, inverse: pots}
  - {name: owner, type: user, default: USER()}
  - {name: price, type: decimal, scale: 2, sensitive: true}
  - {name: fired_on, type: date}
  - {name: old, type: formula, formula: "fired_on < TODAY() - 3", result: boolean, refresh: daily}
  - {name: stage, type: stage, stages: [raw, fired], transitions: [{from: raw, to: fired, requires: [fired_on]}]}
rules:
  - {name: price_positive, check: "price > 0", message: {zh: 价格须大于零, en: The price must be positive}}
  - {name: dear, check: "price < 1000", severity: warn, message: {zh: 很贵, en: It is dear}}
---
kind: role
name: potter
grants:
  - {entity: pot, actions: [read, create, update], rows: own}
  - {entity: kiln, actions: [read]}
---
kind: role
name: visitor
grants: [{entity: pot, actions: [read], mask: [price]}]
---
kind: settings
name: numbers
values: [{code: limit, type: integer, value: 1}]
"""
PEOPLE = """
teams: [{name: studio}, {name: clay, parent: studio}]
people:
  - {username: mo, name: Mo, team: clay, roles: [potter]}
  - {username: su, name: Su, team: clay, roles: [potter]}
  - {username: guest, name: Guest, team: studio, roles: [visitor]}
"""


def play(story: str) -> StoryResult:
    files = {
        "app.yaml": APP.encode(),
        "data/people.yaml": PEOPLE.encode(),
        "stories/one.yaml": story.encode(),
    }
    (result,) = run_template(of_files(files))
    return result


GOOD = {
    "what is given belongs to whom the story is about": """
story: it
as: mo
given: [{pot: {name: P}, as: p}]
then: [{value: p.owner, is: mo}, {sees: p, as: mo}, {hidden: p, as: su}]
""",
    "values, counts and names of records": """
story: it
as: mo
given: [{kiln: {name: K}, as: k}]
when: [{create: pot, name: p, with: {name: P, kiln: k, price: 12.5}}]
then:
  - {value: p.price, is: "12.50"}
  - {value: p.price, is: 12, within: 0.5}
  - {value: p.owner, is: mo}
  - {value: k.firings, is: 1}
  - {count: pot, where: "kiln = k and owner = mo", is: 1}
  - {count: pot, as: su, is: 0}
""",
    "refusals and warnings": """
story: it
as: mo
when:
  - {create: pot, with: {name: P, price: -1}}
  - {refused: price_positive}
  - {create: pot, with: {name: P, price: 2000}}
  - {warned: dear}
  - {create: pot, name: p, with: {name: P, price: 2000}, reasons: {dear: asked for}}
  - {transition: p, to: fired}
  - {refused: stage}
then: [{value: p.stage, is: raw}]
""",
    "the clock moves, and what follows it": """
story: it
at: 2026-03-02
given: [{pot: {name: P, fired_on: 2026-03-01, owner: mo}, as: p}]
then:
  - {value: p.old, is: false}
  - {advance: 4d}
  - {value: p.old, is: true}
""",
    "what somebody sees": """
story: it
given: [{pot: {name: P, price: 5, owner: mo}, as: p}]
then:
  - {sees: p, as: mo, fields: [name, price]}
  - {hidden: p, as: su}
  - {sees: p, as: guest, fields: [name]}
  - {hidden: p.price, as: guest}
""",
    "the trash": """
story: it
given: [{pot: {name: P, owner: mo}, as: p}]
when: [{delete: p}]
then: [{count: pot, is: 0}, {restore: p}, {count: pot, is: 1}]
""",
}
BAD = {
    "a wrong value": ("then: [{count: pot, is: 3}]", "There should be 3 of pot; there are 1."),
    "a refusal that is not told": ("then: [{update: p, with: {price: -1}}]", "price_positive"),
    "a refusal that did not come": ("then: [{update: p, with: {price: 1}}, {refused: true}]", "was not"),
    "a refusal for another reason": (
        "then: [{update: p, with: {price: -1}}, {refused: dear}]",
        "price_positive",
    ),
    "a name that was never given": ("then: [{value: q.price, is: 1}]", "“q”"),
    "a value that is seen": ("then: [{hidden: p.price, as: mo}]", "should not be seen"),
    "a value that is not seen": ("then: [{sees: p, as: guest, fields: [price]}]", "not seen"),
}


@pytest.mark.parametrize("story", GOOD.values(), ids=GOOD)
def test_a_true_story_passes(story: str) -> None:
    result = play(story)
    assert result.ok, result.why("en")


@pytest.mark.parametrize(("step", "says"), BAD.values(), ids=BAD)
def test_an_untrue_story_fails_with_its_place_and_the_reason(step: str, says: str) -> None:
    result = play(f"story: it\ngiven:\n  - {{pot: {{name: P, price: 5, owner: mo}}, as: p}}\n{step}\n")
    assert not result.ok
    assert says in result.why("en")
    assert "stories/one.yaml:4" in result.why("en")


def test_one_story_leaves_nothing_for_the_next() -> None:
    one = "story: one\ngiven: [{pot: {name: P, owner: mo}}]\nthen: [{count: pot, is: 1}]\n"
    files = {
        "app.yaml": APP.encode(),
        "data/people.yaml": PEOPLE.encode(),
        "stories/all.yaml": f"{one}---\n{one.replace('one', 'two')}".encode(),
    }
    assert [result.ok for result in run_template(of_files(files))] == [True, True]
    assert [result.title for result in run_template(of_files(files), only="two")] == ["two"]
