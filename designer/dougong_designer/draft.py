"""The draft of an app: what builders make of it before it is published. One an app; all its builders work on it.

A draft is its base (a version's documents) and the documents that differ from it. Every act is one step in a history
that only grows: undoing is a step too, so nothing that was done is ever lost, and any point can be gone back to. A
person's undo takes back that person's last act, wherever it was; where others have changed the same place since, it
says so instead.

load(connection, name, running)      the draft as it stands
take(writing, draft, documents)      one act: the documents as they are to be
undo, redo, jump(writing, …)         steps back and forth
steps(connection, name)              the history
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dougong_designer import patch as patches
from dougong_designer.describing import describe
from dougong_designer.identified import identified
from dougong_designer.patch import CHANGED_MEANWHILE, Documents, Operation, Patch
from dougong_designer.shapes import check_shapes
from dougong_designer.sizes import check_size
from dougong_designer.tables import DOCUMENT, DRAFT, STEP
from dougong_runtime.audit import log
from dougong_runtime.documents import versions
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.source import FILE_KEY
from dougong_runtime.errors import NOT_FOUND, problem_type, refuse
from dougong_runtime.host import Clock, Viewer
from dougong_runtime.labels import Label, Language

STEPS_SHOWN = 100
TITLE_LENGTH_MAX = 400
LANGUAGES: tuple[Language, ...] = ("zh", "en")

NOTHING_TO_UNDO = problem_type(
    "nothing-to-undo", 409, "没有可以撤销的改动。", "There is nothing of yours to undo."
)
NOTHING_TO_REDO = problem_type(
    "nothing-to-redo", 409, "没有可以重做的改动。", "There is nothing to do again."
)
IN_THE_WAY = problem_type(
    "step-in-the-way",
    409,
    "不能撤销：{where} 后来又被{who}改过（第 {step} 步）。",
    "Cannot be undone: {where} has been changed since by {who} (step {step}).",
    remedy=(
        "先与对方商量，或在步骤列表里回到更早的一步。",
        "Talk to them, or go back to an earlier step in the list.",
    ),
)
ONE_APP = problem_type(
    "one-app-document",
    422,
    "草稿里应有且只有一个应用文档：{name}。",
    "A draft has one app document, {name}, and no other.",
)
DRAFT_BEHIND = problem_type(
    "draft-behind",
    409,
    "草稿基于第 {base} 版，运行中的已是第 {running} 版。",
    "The draft is based on version {base}; version {running} is running.",
    remedy=("先把新版本并入草稿。", "Merge the new version into the draft first."),
)


@dataclass(frozen=True)
class Draft:
    """A draft as it stood at one revision."""

    app: str
    base: int
    """Number of the version that it started from."""
    revision: int
    """Number of its last step; 0 where nothing has been done yet."""
    running: int
    """Number of the version that serves."""
    original: Documents
    """The base's documents."""
    documents: Documents
    updated_at: datetime | None = None
    """When its last step was made."""
    moved_from: int | None = None
    """Number of the older version that it stood on while nothing was built; the next step notes the move."""

    @property
    def is_behind(self) -> bool:
        """Whether another version has been published since it was begun."""
        return self.base != self.running

    def document(self, key: str) -> Mapping[str, Any]:
        """A document by its key, `entity/visit`. Raises Refused (NOT_FOUND)."""
        found: Mapping[str, Any] | None = self.documents.get(key)
        if found is None:
            raise refuse(NOT_FOUND, name=key)
        return found

    @property
    def changed(self) -> frozenset[str]:
        """Keys of documents that are not as in the base, those that are gone among them."""
        keys = self.documents.keys() | self.original.keys()
        return frozenset(k for k in keys if self.documents.get(k) is not self.original.get(k))


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the history."""

    number: int
    kind: str
    about: int | None
    user: str | None
    by: str
    at: datetime
    title: Label
    documents: tuple[str, ...]
    patch: Patch
    inverse: Patch
    undo: int | None
    redo: int | None


@dataclass(frozen=True, slots=True)
class Writing:
    """A transaction in which somebody builds."""

    connection: sa.Connection
    viewer: Viewer
    clock: Clock


# --- reading ------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Kept:
    """A draft as it was loaded last. What did not change between two revisions is the same object in both, so that what
    is known of a document can be kept. Only what is committed gets in here."""

    stood: tuple[int, int, datetime | None, int]
    """Its row, and the number of the version that served."""
    base: int
    moved_from: int | None
    original: Documents
    documents: Documents
    revisions: Mapping[str, int]
    """Document that differs from the base → the revision that made it so."""


_kept: dict[tuple[str, str], _Kept] = {}
"""Database and app → its draft."""
_keeping = Lock()


def load(connection: sa.Connection, name: str, *, lock: bool = False) -> Draft:
    """The draft of an app; where there is none yet, the running version. `lock`: nobody else acts on it until this
    transaction ends; load so again after an act in the same transaction. Raises Refused (NOT_FOUND) where there is no
    such app."""
    running = versions.running_number(connection, name)
    if running is None:
        raise refuse(NOT_FOUND, name=name)
    query = sa.select(DRAFT.c.base, DRAFT.c.revision, DRAFT.c.updated_at).where(DRAFT.c.app == name)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None and lock:
        _begin(connection, name, running)
        row = connection.execute(query.with_for_update()).one()
    base, revision = (running, 0) if row is None else (row.base, row.revision)
    stood = (base, revision, None if row is None else row.updated_at, running)
    where = str(connection.engine.url.set(password=None)), name
    with _keeping:
        known = _kept.get(where)
    if known is None or known.stood != stood:
        known = _loaded(connection, name, stood, known)
        if not lock:
            with _keeping:
                _kept[where] = known
    moved_from, updated_at = (known.moved_from, stood[2]) if revision else (None, None)
    return Draft(name, known.base, revision, running, known.original, known.documents, updated_at, moved_from)


def _loaded(
    connection: sa.Connection, name: str, stood: tuple[int, int, datetime | None, int], known: _Kept | None
) -> _Kept:
    """The draft from the database; documents that did not change since it was known stay the same objects."""
    base, _, _, running = stood
    overlay = connection.execute(
        sa.select(DOCUMENT.c.key, DOCUMENT.c.data, DOCUMENT.c.revision).where(DOCUMENT.c.app == name)
    ).all()
    moved_from = None
    if not overlay and base != running:
        # Nothing was built on the older version: the draft goes along with the running one.
        moved_from, base = base, running
    if known is not None and known.base == base:
        original, before, revisions = known.original, known.documents, known.revisions
    else:
        found = versions.find(connection, name, base)
        assert found is not None
        original, before, revisions = found.source, {}, {}
    differing = {
        r.key: before[r.key] if revisions.get(r.key) == r.revision and r.key in before else r.data
        for r in overlay
    }
    now = {r.key: r.revision for r in overlay}
    return _Kept(stood, base, moved_from, original, _laid(original, differing), now)


def _begin(connection: sa.Connection, name: str, base: int) -> None:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    values = {"app": name, "base": base, "revision": 0, "updated_at": _EPOCH}
    connection.execute(insert(DRAFT).values(values).on_conflict_do_nothing())


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _laid(original: Documents, differing: Documents) -> Documents:
    """The base with what differs laid over it (None: gone), in the order of kinds and names."""
    made = {**original, **differing}
    kinds = {kind: place for place, kind in enumerate(KINDS)}

    def order(key: str) -> tuple[int, str]:
        kind, _, name = key.partition("/")
        return kinds.get(kind, len(kinds)), name

    return {key: made[key] for key in sorted(made, key=order) if made[key] is not None}


# --- acting -------------------------------------------------------------------------------------------------
def take(
    writing: Writing,
    draft: Draft,
    documents: Documents,
    *,
    about: int | None = None,
    seen: int | None = None,
) -> Step | None:
    """One act: the draft's documents are to be these. `draft` was loaded with its lock in this transaction.

    New members of lists get their ids. None where nothing differs. `seen`: the revision that the builder had before
    them. Raises Refused: where a document would no longer have the shape that its schema says, with every problem;
    DRAFT_TOO_BIG; CHANGED_MEANWHILE where somebody else has changed one of its places since what was seen, with the
    patch that the act comes to; BAD_NAME and what else checks find.
    """
    return _record(writing, _followed(writing, draft), documents, "act", about, seen=seen)


def amend(writing: Writing, draft: Draft, patch: Patch, seen: int | None = None) -> Step | None:
    """The same by a patch. `seen`: the revision that it was made against; refused (CHANGED_MEANWHILE) where one of its
    places has been changed since. Pages send acts faster than they are answered: what a person did there is known."""
    _check_meanwhile(writing, draft, patch, seen)
    return take(writing, draft, patches.apply(draft.documents, patch))


def _check_meanwhile(writing: Writing, draft: Draft, patch: Patch, seen: int | None) -> None:
    """Raise Refused (CHANGED_MEANWHILE, with the patch) where somebody else has changed what it changes, since `seen`."""
    if seen is None or seen >= draft.revision:
        return
    for step in _since(writing.connection, draft.app, seen):
        if step.user == writing.viewer.user and writing.viewer.via == "page":
            continue
        where = patches.overlap(patch, step.patch)
        if where is not None:
            facts = {"where": patches.pointer(where), "now": _shown(draft.documents, where)}
            meant = [one.as_json() for one in patch]
            raise refuse(CHANGED_MEANWHILE, who=step.by, patch=meant, **facts)


def undo(writing: Writing, draft: Draft) -> Step:
    """Take back the viewer's last act. Raises Refused (NOTHING_TO_UNDO, IN_THE_WAY)."""
    tip = _last_of(writing.connection, draft.app, writing.viewer)
    if tip is None or tip.undo is None:
        raise refuse(NOTHING_TO_UNDO)
    step = _step(writing.connection, draft.app, tip.undo)
    return _back(writing, _followed(writing, draft), step, "undo")


def redo(writing: Writing, draft: Draft) -> Step:
    """Do again what the viewer took back last. Raises Refused (NOTHING_TO_REDO, IN_THE_WAY)."""
    tip = _last_of(writing.connection, draft.app, writing.viewer)
    if tip is None or tip.redo is None:
        raise refuse(NOTHING_TO_REDO)
    step = _step(writing.connection, draft.app, tip.redo)
    return _back(writing, _followed(writing, draft), step, "redo")


def jump(writing: Writing, draft: Draft, number: int) -> Step | None:
    """Go to how the draft stood after a step (0: before the first); itself an act that can be undone."""
    draft = _followed(writing, draft)
    return _record(writing, draft, documents_at(writing.connection, draft, number), "jump", number)


def documents_at(connection: sa.Connection, draft: Draft, number: int) -> Documents:
    """How the draft's documents stood after a step (0: before the first)."""
    documents: Documents = draft.documents
    for step in reversed(_since(connection, draft.app, number)):
        documents = patches.apply(documents, step.inverse)
    return documents


def begin_anew(writing: Writing, draft: Draft, number: int, documents: Documents) -> Step | None:
    """The draft is to have the documents of version `number`; its base stays, so that what was published since is known
    to differ. An act that can be undone; None where nothing differs."""
    return _record(writing, _followed(writing, draft), documents, "version", number)


def rebase(
    writing: Writing, draft: Draft, documents: Documents, kind: str, about: int | None, base: int
) -> Step | None:
    """Other documents on another base, as one step: a merge with a version that was published meanwhile, or a way
    back to an old one."""
    moved = versions.find(writing.connection, draft.app, base)
    assert moved is not None
    return _record(writing, draft, documents, kind, about, base=base, original=moved.source)


def published(
    writing: Writing, draft: Draft, number: int, source: Documents, documents: Documents | None = None
) -> None:
    """The draft was published as a version, which is its base from now on; the history goes on. `documents`: as they
    are to be then, where something has been built since what was published."""
    made = draft.documents if documents is None else documents
    _record(writing, draft, made, "publish", number, base=number, original=source)


def _followed(writing: Writing, draft: Draft) -> Draft:
    """The draft with its move to another base noted in the history."""
    if draft.moved_from is None:
        return draft
    former = versions.find(writing.connection, draft.app, draft.moved_from)
    assert former is not None
    before = replace(draft, base=draft.moved_from, original=former.source, documents=former.source)
    _record(writing, before, draft.documents, "merge", draft.base, base=draft.base, original=draft.original)
    return replace(draft, revision=draft.revision + 1, moved_from=None)


def _back(writing: Writing, draft: Draft, step: Step, kind: str) -> Step:
    for later in _still_standing(_since(writing.connection, draft.app, step.number)):
        if later.user == writing.viewer.user and later.kind != "merge":
            continue
        where = patches.overlap(step.inverse, later.patch)
        if where is not None:
            raise refuse(IN_THE_WAY, where=patches.pointer(where), who=later.by, step=later.number)
    documents = patches.apply(draft.documents, step.inverse)
    before = _last_of(writing.connection, draft.app, writing.viewer, step.number)
    if kind == "undo":
        # What is beneath the act in its person's pile; and this step is what a redo would take back.
        about, pile = step.number, (None if before is None else before.undo)
        made = _record(writing, draft, documents, kind, about, undo=pile, redo=draft.revision + 1)
    else:
        about, pile = step.about or 0, (None if before is None else before.redo)
        made = _record(writing, draft, documents, kind, about, undo=draft.revision + 1, redo=pile)
    assert made is not None
    return made


def _still_standing(steps: Iterable[Step]) -> list[Step]:
    """Steps without those that were taken back by another of them, and without what took them back."""
    kept: dict[int, Step] = {}
    for step in steps:
        undone = [n for n, s in kept.items() if s.kind == "undo" and s.about == step.about]
        if step.kind == "undo" and step.about in kept:
            del kept[step.about]
        elif step.kind == "redo" and undone:
            del kept[undone[-1]]
        else:
            kept[step.number] = step
    return list(kept.values())


def _record(
    writing: Writing,
    draft: Draft,
    documents: Documents,
    kind: str,
    about: int | None,
    *,
    base: int | None = None,
    original: Documents | None = None,
    undo: int | None = None,
    redo: int | None = None,
    seen: int | None = None,
) -> Step | None:
    connection, viewer, now = writing.connection, writing.viewer, writing.clock.now()
    keys = sorted(
        key
        for key in draft.documents.keys() | documents.keys()
        if draft.documents.get(key) is not documents.get(key)
    )
    if kind != "publish":
        if {key for key in documents if key.startswith("app/")} != {f"app/{draft.app}"}:
            raise refuse(ONE_APP, name=f"app/{draft.app}")
        check_shapes(draft.documents, documents, keys)
    new = dict(documents)
    for key in keys:
        if key in new and not key.startswith(FILE_KEY) and isinstance(new[key], dict):
            new[key] = identified(draft.app, key.partition("/")[0], new[key])
    patch = patches.between(draft.documents, new, keys)
    if not patch and kind not in ("undo", "redo", "merge", "publish"):
        return None
    _check_meanwhile(writing, draft, patch, seen)
    check_size(draft.documents, new, keys)
    inverse = patches.between(new, draft.documents, keys)
    number = draft.revision + 1
    piled = kind in ("act", "jump", "version")
    kept = kind in ("merge", "publish")
    tip = _last_of(connection, draft.app, viewer) if kept else None
    title = _title(draft, new, keys, kind, about, connection)
    values = {
        "app": draft.app,
        "number": number,
        "kind": kind,
        "about": about,
        "user": viewer.user,
        "by": viewer.name or viewer.username,
        "at": now,
        "title": {"zh": title.zh, "en": title.en},
        "documents": keys,
        "patch": [one.as_json() for one in patch],
        "inverse": [one.as_json() for one in inverse],
        "undo": number if piled else tip.undo if tip else undo,
        "redo": tip.redo if tip else redo,
    }
    connection.execute(sa.insert(STEP).values(values))
    changed = {"revision": number, "updated_at": now, "base": draft.base if base is None else base}
    connection.execute(sa.update(DRAFT).where(DRAFT.c.app == draft.app).values(changed))
    if original is None:
        _lay(connection, draft.app, draft.original, new, keys, number)
    else:
        connection.execute(sa.delete(DOCUMENT).where(DOCUMENT.c.app == draft.app))
        every = [k for k in original.keys() | new.keys() if not _alike(original.get(k), new.get(k))]
        _lay(connection, draft.app, original, new, every, number)
    facts = {"step": number, "kind": kind, "about": about, "documents": keys, "title": title.en}
    event = log.Event(log.DRAFT, draft.app, facts={k: v for k, v in facts.items() if v is not None})
    log.write(connection, viewer, now, [event], version=draft.running)
    return _read(sa.select(STEP).where(STEP.c.app == draft.app, STEP.c.number == number), connection)[0]


def _alike(a: Any, b: Any) -> bool:
    return (a is None) == (b is None) and patches.alike(a, b)


def _lay(
    connection: sa.Connection,
    name: str,
    original: Documents,
    documents: Documents,
    keys: Iterable[str],
    revision: int,
) -> None:
    """Keep documents that differ from the base, and forget those that no longer do."""
    for key in sorted(keys):
        connection.execute(sa.delete(DOCUMENT).where(DOCUMENT.c.app == name, DOCUMENT.c.key == key))
        if not _alike(original.get(key), documents.get(key)):
            row = {"app": name, "key": key, "data": documents.get(key), "revision": revision}
            connection.execute(sa.insert(DOCUMENT).values(row))


def _title(
    draft: Draft,
    new: Documents,
    keys: Sequence[str],
    kind: str,
    about: int | None,
    connection: sa.Connection,
) -> Label:
    """What a step did, in a sentence of both languages."""
    if kind in ("undo", "redo") and about:
        done = _plain_title(_step(connection, draft.app, about))
        assert done is not None
        if kind == "undo":
            return Label(f"撤销：{done.zh}", f"Undo: {done.en}")
        return Label(f"重做：{done.zh}", f"Redo: {done.en}")
    if kind == "jump":
        return Label(f"回到第 {about} 步", f"Back to step {about}")
    if kind == "version":
        return Label(f"从第 {about} 版重新开始", f"Begun anew from version {about}")
    if kind == "publish":
        return Label(f"发布为第 {about} 版", f"Published as version {about}")
    if kind == "merge":
        return Label(f"并入第 {about} 版", f"Merged version {about}")
    return _told(draft.documents, new)


def _told(old: Documents, new: Documents) -> Label:
    """What an act did: the first thing that differs, and how many more."""
    found = describe(old, new)
    if not found:
        return Label("调整", "Adjusted")
    first, more = found[0], sum(max(len(one.sentences), 1) for one in found) - 1
    words = {}
    for language in LANGUAGES:
        inner = first.sentences[0].text(language) if first.sentences else _DONE[first.what].in_(language)
        words[language] = f"{first.title(language)}{'：' if language == 'zh' else ': '}{inner}"
    if more:
        words = {"zh": f"{words['zh']}，另 {more} 处", "en": f"{words['en']}, and {more} more"}
    return Label(words["zh"][:TITLE_LENGTH_MAX], words["en"][:TITLE_LENGTH_MAX])


_DONE: Mapping[str, Label] = {
    "added": Label("新建", "made"),
    "removed": Label("移除", "removed"),
    "changed": Label("修改", "changed"),
}


# --- history ------------------------------------------------------------------------------------------------
def steps(
    connection: sa.Connection, name: str, before: int | None = None, limit: int = STEPS_SHOWN
) -> list[Step]:
    """The history, the latest first; `before`: only steps with a lower number."""
    query = sa.select(STEP).where(STEP.c.app == name).order_by(STEP.c.number.desc()).limit(limit)
    return _read(query if before is None else query.where(STEP.c.number < before), connection)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person's undo and redo would do; None: nothing."""

    undo: Label | None
    redo: Label | None


def standing(connection: sa.Connection, name: str, viewer: Viewer) -> Standing:
    """What the viewer's next undo takes back, and what the next redo does again."""
    tip = _last_of(connection, name, viewer)
    back = _step(connection, name, tip.undo) if tip is not None and tip.undo else None
    again = _step(connection, name, tip.redo) if tip is not None and tip.redo else None
    return Standing(_plain_title(back), _plain_title(again))


def _plain_title(step: Step | None) -> Label | None:
    if step is None:
        return None
    zh, en = step.title.zh, step.title.en
    for mark in ("撤销：", "重做："):
        zh = zh.removeprefix(mark)
    for mark in ("Undo: ", "Redo: "):
        en = en.removeprefix(mark)
    return Label(zh, en)


def _since(connection: sa.Connection, name: str, number: int) -> list[Step]:
    query = sa.select(STEP).where(STEP.c.app == name, STEP.c.number > number).order_by(STEP.c.number)
    return _read(query, connection)


def _step(connection: sa.Connection, name: str, number: int) -> Step:
    found = _read(sa.select(STEP).where(STEP.c.app == name, STEP.c.number == number), connection)
    if not found:
        raise refuse(NOT_FOUND, name=str(number))
    return found[0]


def _last_of(connection: sa.Connection, name: str, viewer: Viewer, before: int | None = None) -> Step | None:
    query = sa.select(STEP).where(STEP.c.app == name, STEP.c.user == viewer.user)
    query = query.order_by(STEP.c.number.desc()).limit(1)
    found = _read(query if before is None else query.where(STEP.c.number < before), connection)
    return found[0] if found else None


def _read(query: sa.Select[Any], connection: sa.Connection) -> list[Step]:
    return [
        Step(
            r.number, r.kind, r.about, r.user, r.by, r.at, Label(r.title["zh"], r.title["en"]),
            tuple(r.documents), _operations(r.patch), _operations(r.inverse), r.undo, r.redo,
        )
        for r in connection.execute(query)
    ]  # fmt: skip


def _operations(kept: Sequence[Mapping[str, Any]]) -> tuple[Operation, ...]:
    return patches.read(list(kept)) if kept else ()


def _shown(documents: Documents, where: patches.Tokens) -> str:
    try:
        found = patches.value_at(documents, where)
    except (KeyError, IndexError, TypeError, ValueError):
        return "—"
    text = found if isinstance(found, str) else str(found)
    return text if len(text) <= 80 else text[:79] + "…"
