"""Drafts: a history that only grows, undo for each person, several at work at once, on both databases."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from threading import Barrier, Thread
from typing import Any

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_designer import draft as drafts
from dougong_designer import edits, sizes
from dougong_designer import patch as patches
from dougong_designer.draft import (
    IN_THE_WAY,
    NOTHING_TO_REDO,
    NOTHING_TO_UNDO,
    ONE_APP,
    Draft,
    Step,
    Writing,
)
from dougong_designer.patch import CHANGED_MEANWHILE
from dougong_designer.sizes import DRAFT_TOO_BIG
from dougong_designer.tables import DOCUMENT, STEP
from dougong_platform import apps
from dougong_platform.site import Site
from dougong_runtime import publish
from dougong_runtime.audit import log
from dougong_runtime.documents.export import files_of
from dougong_runtime.errors import Refused
from dougong_runtime.host import Viewer
from dougong_runtime.model.link import link_stored
from dougong_runtime.names import uuid7
from sites import SYSTEM, close, copied_site, install

EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
APP = "clinic"
FIELDS = ("name", "code", "phone", "mail", "owner", "risk")
LIN = Viewer(str(uuid7()), "dr_lin", "林医生")
MAO = Viewer(str(uuid7()), "dr_mao", "毛医生")


@pytest.fixture
def site(database_kind: str, tmp_path: Path) -> Iterator[Site]:
    made = copied_site(database_kind, tmp_path, "clinic for drafts", install)
    yield made
    close(made)


def loaded(site: Site) -> Draft:
    with site.database.read() as connection:
        return drafts.load(connection, APP)


def doing(site: Site, who: Viewer, act: Callable[[Writing, Draft], Any]) -> Any:
    with site.database.write() as connection:
        return act(Writing(connection, who, site.clock), drafts.load(connection, APP, lock=True))


def at(field: str, *path: str, key: str = "entity/patient") -> str:
    """The pointer of a field's property, by the field's id."""
    return patches.pointer((key, "fields", field, *path))


def ids_of(site: Site) -> dict[str, str]:
    return {f["name"]: f["id"] for f in loaded(site).documents["entity/patient"]["fields"]}


def amended(site: Site, who: Viewer, *operations: dict[str, Any], seen: int | None = None) -> Step:
    patch = patches.read(list(operations))
    step: Step | None = doing(site, who, lambda writing, draft: drafts.amend(writing, draft, patch, seen))
    assert step is not None
    return step


def labelled(site: Site, who: Viewer, pointer: str, label: Any, seen: int | None = None) -> Step:
    return amended(site, who, {"op": "replace", "path": pointer, "value": label}, seen=seen)


def undone(site: Site, who: Viewer) -> Step:
    step: Step = doing(site, who, drafts.undo)
    return step


def redone(site: Site, who: Viewer) -> Step:
    step: Step = doing(site, who, drafts.redo)
    return step


def refusal(act: Callable[[], object]) -> Any:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.problems[0]


def label_of(draft: Draft, field: str) -> Any:
    return next(f["label"] for f in draft.documents["entity/patient"]["fields"] if f["name"] == field)


def bytes_of(draft: Draft) -> dict[str, bytes]:
    return files_of(draft.documents)


@every_database
def test_an_act_is_a_step_that_is_kept_titled_and_told_to_the_audit(site: Site) -> None:
    before, ids = loaded(site), ids_of(site)
    assert (before.revision, before.base, before.changed, before.updated_at) == (0, 1, frozenset(), None)
    step = labelled(site, LIN, at(ids["name"], "label"), {"zh": "名字", "en": "Full name"})
    after = loaded(site)
    assert (step.number, step.kind, step.by, step.documents) == (1, "act", "林医生", ("entity/patient",))
    assert "name" in step.title.en
    assert (after.revision, after.changed) == (1, {"entity/patient"})
    assert after.documents["entity/patient"]["fields"][0]["label"] == {"zh": "名字", "en": "Full name"}
    assert after.documents["entity/visit"] is before.documents["entity/visit"], (
        "what stays is the same object"
    )
    assert after.updated_at == site.clock.now()
    nothing = doing(site, LIN, lambda writing, draft: drafts.take(writing, draft, dict(draft.documents)))
    assert nothing is None
    with site.database.read() as connection:
        events = log.find(connection, actions=[log.DRAFT])
        assert [(e.actor_name, e.app, e.facts and e.facts["step"]) for e in events] == [("dr_lin", APP, 1)]
        assert connection.scalar(sa.select(sa.func.count()).select_from(STEP)) == 1


@every_database
def test_undo_and_redo_are_each_persons_own(site: Site) -> None:
    """Random acts, undos, redos and jumps of two people, each on fields of their own: what stands is what each made."""
    ids, first = ids_of(site), loaded(site)
    people = {LIN: FIELDS[:3], MAO: FIELDS[3:]}
    for seed in range(EFFORT):
        random = Random(f"{site.settings.database_url[:6]}{seed}")
        piles: dict[str, tuple[list[Any], list[Any]]] = {who.username: ([], []) for who in people}
        start = loaded(site).revision
        state = dict.fromkeys(FIELDS, "")
        for turn in range(40):
            who = random.choice((LIN, MAO))
            done, back = piles[who.username]
            choice = random.random()
            if choice < 0.5:
                name = random.choice(people[who])
                done.append((name, state[name], f"{seed}.{turn}"))
                back.clear()
                state[name] = f"{seed}.{turn}"
                labelled(site, who, at(ids[name], "label"), state[name])
            elif choice < 0.8:
                if done:
                    name, old, new = done.pop()
                    back.append((name, old, new))
                    state[name] = old
                    assert undone(site, who).kind == "undo"
                elif start == 0:
                    assert refusal(partial(undone, site, who)).type is NOTHING_TO_UNDO
            elif back:
                name, old, new = back.pop()
                done.append((name, old, new))
                state[name] = new
                assert redone(site, who).kind == "redo"
            elif start == 0:
                assert refusal(partial(redone, site, who)).type is NOTHING_TO_REDO
            now = {f["name"]: f.get("label") for f in loaded(site).documents["entity/patient"]["fields"]}
            assert {n: now[n] for n in FIELDS if state[n]} == {n: v for n, v in state.items() if v}
        doing(site, LIN, lambda writing, draft, n=start: drafts.jump(writing, draft, n))
        assert bytes_of(loaded(site)) == bytes_of(first)
    steps = loaded(site).revision
    with site.database.read() as connection:
        assert [s.number for s in drafts.steps(connection, APP, limit=steps)] == list(range(steps, 0, -1))


@every_database
def test_undo_leaves_what_others_added_and_is_refused_where_they_changed_the_same(site: Site) -> None:
    ids, first = ids_of(site), bytes_of(loaded(site))
    new = {"name": "weight", "type": "integer"}
    mine = amended(site, LIN, {"op": "add", "path": at("-"), "value": new, "before": ids["phone"]})
    given = mine.patch[0].value["id"]
    amended(site, MAO, {"op": "add", "path": at("-"), "value": {"name": "height", "type": "integer"}})
    undone(site, LIN)
    names = [f["name"] for f in loaded(site).documents["entity/patient"]["fields"]]
    assert "height" in names
    assert "weight" not in names
    redone(site, LIN)
    fields = loaded(site).documents["entity/patient"]["fields"]
    assert [f["name"] for f in fields].index("weight") == [f["name"] for f in fields].index("phone") - 1
    assert {f["name"]: f["id"] for f in fields}["weight"] == given, "it is the same field again"
    labelled(site, MAO, at(given, "type"), "text")
    problem = refusal(lambda: undone(site, LIN))
    assert problem.type is IN_THE_WAY
    assert (problem.facts["who"], problem.facts["step"]) == ("毛医生", 5)
    undone(site, MAO)
    undone(site, LIN)
    undone(site, MAO)
    assert bytes_of(loaded(site)) == first
    with site.database.read() as connection:
        standing = drafts.standing(connection, APP, MAO)
        assert standing.undo is None
        assert standing.redo is not None
        assert "height" in standing.redo.en


@every_database
def test_a_jump_goes_to_any_point_and_can_be_taken_back(site: Site) -> None:
    ids, seen = ids_of(site), [bytes_of(loaded(site))]
    for number in range(1, 5):
        labelled(site, (LIN, MAO)[number % 2], at(ids["mail"], "label"), f"第 {number} 步")
        seen.append(bytes_of(loaded(site)))
    for number in (2, 0, 4, 3):
        doing(site, LIN, lambda writing, draft, n=number: drafts.jump(writing, draft, n))
        assert bytes_of(loaded(site)) == seen[number]
    undone(site, LIN)
    assert bytes_of(loaded(site)) == seen[4]
    assert refusal(lambda: undone(site, MAO)).type is IN_THE_WAY


@every_database
def test_who_changes_what_was_changed_meanwhile_is_told_who_and_what(site: Site) -> None:
    ids = ids_of(site)
    labelled(site, LIN, at(ids["mail"], "label"), "邮箱", seen=0)
    labelled(site, MAO, at(ids["phone"], "label"), "电话", seen=0)
    problem = refusal(lambda: labelled(site, MAO, at(ids["mail"], "label"), "信箱", seen=0))
    assert problem.type is CHANGED_MEANWHILE
    assert (problem.facts["who"], problem.facts["now"]) == ("林医生", "邮箱")
    labelled(site, MAO, at(ids["mail"], "label"), "信箱", seen=2)


@every_database
def test_nothing_of_a_transaction_that_was_rolled_back_is_remembered(site: Site) -> None:
    ids, before = ids_of(site), loaded(site)

    def act(writing: Writing, draft: Draft) -> None:
        patch = patches.read([{"op": "replace", "path": at(ids["mail"], "label"), "value": "丢"}])
        drafts.amend(writing, draft, patch)
        again = drafts.load(writing.connection, APP, lock=True)
        assert label_of(again, "mail") == "丢"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        doing(site, LIN, act)
    after = loaded(site)
    assert after.documents is before.documents
    assert after.revision == 0
    labelled(site, MAO, at(ids["mail"], "label"), "留")
    assert label_of(loaded(site), "mail") == "留"


@every_database
def test_two_at_once_lose_nothing(site: Site) -> None:
    """Each adds fields of their own while the other does: every one is there, and every step has its number."""
    count, gate, failed = 6, Barrier(2), []

    def build(who: Viewer) -> None:
        try:
            gate.wait(30)
            for number in range(count):
                field = {"name": f"{who.username}_{number}", "type": "text"}
                amended(site, who, {"op": "add", "path": at("-"), "value": field}, seen=0)
        except Exception as error:
            failed.append(error)

    threads = [Thread(target=build, args=(who,)) for who in (LIN, MAO)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed
    after = loaded(site)
    names = {f["name"] for f in after.documents["entity/patient"]["fields"]}
    assert {f"{who.username}_{n}" for who in (LIN, MAO) for n in range(count)} <= names
    assert after.revision == 2 * count
    doing(site, LIN, lambda writing, draft: drafts.jump(writing, draft, 0))
    assert loaded(site).documents == loaded(site).original


def publish_another(site: Site, label: str) -> None:
    """A version that was not made from the draft: by an upgrade, or the command line."""
    with site.database.write() as connection:
        source = dict(site.running(connection, APP).app.source)
        source["entity/allergy"] = {**source["entity/allergy"], "label": label}
        apps.apply(site, connection, publish.plan_publish(connection, link_stored(source)), SYSTEM)


@every_database
def test_a_draft_follows_a_version_published_elsewhere_while_nothing_is_built(site: Site) -> None:
    ids = ids_of(site)
    publish_another(site, "甲")
    assert (loaded(site).base, loaded(site).changed) == (2, frozenset())
    assert loaded(site).documents["entity/allergy"]["label"] == "甲"
    labelled(site, LIN, at(ids["mail"], "label"), "邮箱")
    publish_another(site, "乙")
    behind = loaded(site)
    assert (behind.base, behind.running, behind.is_behind) == (2, 3, True)
    assert behind.documents["entity/allergy"]["label"] == "甲", "what is being built stays on its base"
    undone(site, LIN)
    assert (loaded(site).base, loaded(site).documents["entity/allergy"]["label"]) == (3, "乙")
    labelled(site, MAO, at(ids["mail"], "label"), "信箱")
    with site.database.read() as connection:
        kinds = [step.kind for step in drafts.steps(connection, APP)]
        assert kinds == ["act", "merge", "undo", "act"]
    doing(site, MAO, lambda writing, draft: drafts.jump(writing, draft, 1))
    back = loaded(site)
    assert back.documents["entity/allergy"]["label"] == "甲"
    assert back.changed == {"entity/allergy", "entity/patient"}


@every_database
def test_what_is_built_may_be_published_and_the_history_goes_on(site: Site) -> None:
    ids = ids_of(site)
    labelled(site, LIN, at(ids["mail"], "label"), "邮箱")

    def go(writing: Writing, draft: Draft) -> None:
        plan = publish.plan_publish(writing.connection, link_stored(draft.documents))
        number = apps.apply(site, writing.connection, plan, SYSTEM)
        drafts.published(writing, draft, number, plan.after.source)

    doing(site, MAO, go)
    after = loaded(site)
    assert (after.base, after.running, after.revision, after.changed) == (2, 2, 2, frozenset())
    undone(site, LIN)
    assert loaded(site).changed == {"entity/patient"}, "what was published can be undone in the draft"
    redone(site, LIN)
    with site.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(DOCUMENT)) == 0
        assert drafts.steps(connection, APP)[2].title.en == "Published as version 2"


def whole(draft: Draft, key: str, data: Any) -> dict[str, Any]:
    return {**draft.documents, key: data}


@every_database
def test_what_would_break_every_reader_is_refused(site: Site) -> None:
    ids, base = ids_of(site), loaded(site)
    patient = base.documents["entity/patient"]
    deep: Any = "x"
    for _ in range(60):
        deep = [deep]
    tried: dict[str, Any] = {
        "no app": {k: v for k, v in base.documents.items() if k != f"app/{APP}"},
        "two apps": whole(base, "app/other", {"kind": "app", "name": "other", "label": "x"}),
        "no kind": whole(base, "nonsense/x", {"kind": "nonsense", "name": "x"}),
        "no name": whole(base, "entity/", {"kind": "entity", "name": ""}),
        "__proto__": whole(base, "__proto__", {}),
        "another name": whole(base, "entity/patient", {**patient, "name": "visit"}),
        "a text": whole(base, "entity/patient", "patient"),
        "fields that are none": whole(base, "entity/patient", {**patient, "fields": "name"}),
        "a field of no type": whole(base, "entity/patient", {**patient, "fields": [{"name": "x", "type": 5}]}),
        "an unknown property": whole(base, "entity/patient", {**patient, "colour": "red"}),
        "a control character": whole(base, "entity/patient", {**patient, "label": "a\x00b"}),
        "half a surrogate pair": whole(base, "entity/patient", {**patient, "label": "\ud800"}),
        "a text too long": whole(base, "entity/patient", {**patient, "label": "长" * 300_000}),
        "too deep": whole(base, "entity/patient", {**patient, "label": deep}),
        "an id twice": whole(base, "entity/patient", {**patient, "fields": [patient["fields"][0]] * 2}),
        "another's id": whole(base, "entity/two", {**patient, "name": "two"}),
        "a path that leads out": whole(base, "file/../x", {"text": ""}),
        "a file that is none": whole(base, "file/data/x.csv", {"text": 5}),
        "a file of bad base64": whole(base, "file/data/x.csv", {"base64": "x"}),
        "five hundred and one fields": whole(
            base, "entity/patient",
            {**patient, "fields": [{"name": f"f{n}", "type": "text"} for n in range(501)]},
        ),
    }  # fmt: skip
    for why, documents in tried.items():
        with pytest.raises(Refused) as refused:
            doing(site, LIN, lambda writing, draft, d=documents: drafts.take(writing, draft, d))
        if why.endswith("app") or why == "two apps":
            assert refused.value.problems[0].type is ONE_APP
    assert loaded(site).revision == 0
    # What was wrong before may stay while something else is mended.
    labelled(site, LIN, at(ids["mail"], "label"), "邮箱")


@every_database
def test_a_draft_has_limits(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    base = loaded(site)
    size = sum(len(str(data)) for data in base.documents.values())

    def grown(writing: Writing, draft: Draft) -> Any:
        made = {
            "kind": "settings",
            "name": "big",
            "values": [{"code": "a", "type": "text", "label": "x" * 2_000}],
        }
        return drafts.take(writing, draft, edits.with_document(draft, made))

    for limit, value in (
        ("DOCUMENTS_MAX", len(base.documents)),
        ("DOCUMENT_BYTES_MAX", 1_000),
        ("DOCUMENTS_BYTES_MAX", size // 4),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(sizes, limit, value)
            assert refusal(lambda: doing(site, LIN, grown)).type is DRAFT_TOO_BIG, limit
    assert doing(site, LIN, grown).number == 1


@every_database
def test_a_whole_document_keeps_the_ids_that_its_text_leaves_out(site: Site) -> None:
    base = loaded(site).documents["entity/patient"]
    bare = {k: v for k, v in base.items() if k != "id"}
    bare["fields"] = [{k: v for k, v in f.items() if k != "id"} for f in reversed(base["fields"])]
    step = doing(
        site, LIN, lambda w, d: drafts.take(w, d, edits.with_document(d, bare, key="entity/patient"))
    )
    now = loaded(site).documents["entity/patient"]
    assert now["id"] == base["id"]
    assert (
        {f["name"]: f["id"] for f in now["fields"]}
        == ids_of(site)
        == {f["name"]: f["id"] for f in base["fields"]}
    )
    assert {one.op for one in step.patch} == {"move"}
