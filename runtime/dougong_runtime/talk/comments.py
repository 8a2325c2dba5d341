"""Comments on records: under the record's access, edited for a while, deleted by who wrote them, kept in the audit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import sqlalchemy as sa

from dougong_runtime.audit import log
from dougong_runtime.errors import FORBIDDEN, INVALID_VALUE, NOT_FOUND, Refused, problem_type, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.names import uuid7
from dougong_runtime.records.door import VIEWING_ONLY, Records
from dougong_runtime.records.scene import known_id
from dougong_runtime.talk import notify
from dougong_runtime.talk.cursor import behind
from dougong_runtime.talk.followers import followers, set_following
from dougong_runtime.talk.mentions import Named, candidates, mentioned
from dougong_runtime.talk.tables import COMMENT, NOTICE

TEXT_MAX = 10_000
"""Characters of a comment."""
EDIT_FOR = timedelta(minutes=15)
"""So long its author may change it."""
PAGE_MAX = 200
SAID = "_comment"
"""Under which the audit keeps the words of a comment: no field's name begins so."""

MENTION_CANNOT_READ = problem_type(
    "mention-cannot-read",
    422,
    "{names}看不到这条记录，不能在这里提醒。",
    "{names} cannot see this record, and cannot be mentioned here.",
    remedy=(
        "去掉 @，或先把记录共享给对方。",
        "Leave the @ out, or share the record first.",
    ),
)
MENTION_DOUBTFUL = problem_type(
    "mention-doubtful",
    422,
    "有几位同事都叫{names}。",
    "Several colleagues are called {names}.",
    remedy=("改用 @ 加用户名。", "Write @ and the user name instead."),
)
COMMENT_TOO_OLD = problem_type(
    "comment-too-old",
    409,
    "评论发出 {minutes} 分钟后不能再改。",
    "A comment cannot be changed {minutes} minutes after it was written.",
    remedy=("可以删除它，或再写一条。", "It can be deleted, and another one written."),
)


class Colleagues(Protocol):
    """What comments need of the host: somebody as they would come in themselves."""

    def viewer_of(self, user: str) -> Viewer | None:
        """The active person of that record id, with the roles held today; None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as its reader has it."""

    id: str
    author: str | None
    author_name: str
    at: datetime
    text: str
    mentions: Mapping[str, str]
    """Name as typed → id."""
    edited_at: datetime | None
    may_edit: bool
    may_delete: bool


class Comments:
    """The comments of one app's records before one viewer, in a transaction that the caller owns."""

    def __init__(self, records: Records, colleagues: Colleagues) -> None:
        self._records, self._colleagues = records, colleagues
        self._connection, self._viewer = records.connection, records.viewer

    def of(self, entity: str, id: str, *, before: str | None = None, limit: int = 50) -> Sequence[Comment]:
        """Comments of a record, the newest first; `before` is the id of the last one had. Raises Refused(NOT_FOUND)."""
        record = self._readable(entity, id)
        asked = sa.select(COMMENT).where(COMMENT.c.record == record, COMMENT.c.deleted_at.is_(None))
        if before is not None:
            asked = asked.where(COMMENT.c.id < behind(before))
        rows = self._connection.execute(asked.order_by(COMMENT.c.id.desc()).limit(min(limit, PAGE_MAX))).all()
        names = self._records.beside.people({r.author for r in rows if r.author})
        return [self._made(r, names) for r in rows]

    def may_write(self, entity: str) -> bool:
        """Whether the viewer may comment on records of an entity that they read: the entity's document may say who."""
        found = self._entity(entity)
        if self._viewer.acting_for is not None or not self._records.can(entity, "read"):
            return False
        roles = self._viewer.roles_in(self._records.running.app.name)
        return found.comments is None or self._viewer.is_system or bool(roles & set(found.comments))

    def add(self, entity: str, id: str, text: str) -> Comment:
        """Write one. Who is named by `@` is told, and so is who follows the record. Raises Refused."""
        self._must_not_view_as()
        found = self._entity(entity)
        record = self._readable(entity, id)
        self._must_write(found)
        said = _clean(text)
        named = self._mentioned(entity, record, said)
        now, made = self._records.now, uuid7()
        self._connection.execute(
            COMMENT.insert().values(
                id=made,
                app=self._app,
                entity_id=found.id,
                record=record,
                author=self._viewer.user,
                at=now,
                text=said,
                mentions=named,
            )
        )
        self._records.beside.said(log.COMMENT, entity, record, after={SAID: said}, facts={"comment": made})
        if self._viewer.user is not None:
            set_following(self._connection, self._app, record, self._viewer.user, True, now, anew=False)
        self._tell(found, record, made, frozenset(named.values()), frozenset())
        return self.get(entity, record, made)

    def edit(self, entity: str, id: str, comment: str, text: str) -> Comment:
        """Change one's own, for a quarter of an hour. Who is newly named is told. Raises Refused."""
        self._must_not_view_as()
        found = self._entity(entity)
        record = self._readable(entity, id)
        row = self._own(record, comment, Label("修改", "changing"))
        self._must_write(found)
        if self._records.now - row.at > EDIT_FOR:
            raise refuse(COMMENT_TOO_OLD, minutes=int(EDIT_FOR.total_seconds()) // 60)
        said = _clean(text)
        if said == row.text:
            return self.get(entity, record, row.id)
        named = self._mentioned(entity, record, said)
        before = frozenset(row.mentions.values())
        self._connection.execute(
            COMMENT.update()
            .where(COMMENT.c.id == row.id)
            .values(text=said, mentions=named, edited_at=self._records.now)
        )
        self._records.beside.said(
            log.COMMENT_EDIT, entity, record, {SAID: row.text}, {SAID: said}, {"comment": row.id}
        )
        gone = before - frozenset(named.values())
        if gone:
            self._connection.execute(
                NOTICE.delete().where(
                    NOTICE.c.comment == row.id,
                    NOTICE.c.record == record,
                    NOTICE.c.kind == notify.MENTION,
                    NOTICE.c.user.in_(sorted(gone)),
                )
            )
        self._tell(found, record, row.id, frozenset(named.values()) - before, None)
        return self.get(entity, record, row.id)

    def delete(self, entity: str, id: str, comment: str) -> None:
        """Take one's own away; its words stay in the audit alone. Raises Refused."""
        self._must_not_view_as()
        record = self._readable(entity, id)
        row = self._own(record, comment, Label("删除", "deleting"))
        self._connection.execute(
            COMMENT.update()
            .where(COMMENT.c.id == row.id)
            .values(text="", mentions={}, deleted_at=self._records.now)
        )
        self._connection.execute(NOTICE.delete().where(NOTICE.c.record == record, NOTICE.c.comment == row.id))
        self._records.beside.said(
            log.COMMENT_DELETE, entity, record, before={SAID: row.text}, facts={"comment": row.id}
        )

    def get(self, entity: str, id: str, comment: str) -> Comment:
        """One comment of a record. Raises Refused(NOT_FOUND)."""
        row = self._row(self._readable(entity, id), comment)
        return self._made(row, self._records.beside.people({row.author} if row.author else ()))

    def may_read(self, entity: str, id: str, people: Collection[str]) -> frozenset[str]:
        """Of these people those who may read the record, and so be named in its comments."""
        able = set()
        for person in people:
            viewer = self._colleagues.viewer_of(person)
            if viewer is not None and self._records.seen_by(viewer).beside.glances(entity, [id]):
                able.add(person)
        return frozenset(able)

    # --- inside ---------------------------------------------------------------------------------------------------
    @property
    def _app(self) -> str:
        return self._records.running.app.name

    def _entity(self, name: str) -> Entity:
        found = self._records.running.app.entities.get(name)
        if found is None or not self._records.can(name, "read"):
            raise refuse(NOT_FOUND)
        return found

    def _readable(self, entity: str, id: str) -> str:
        """The id of a living record that the viewer may read."""
        return str(self._records.get(entity, id, fields=("id",))["id"])

    def _must_write(self, entity: Entity) -> None:
        if not self.may_write(entity.name):
            raise refuse(FORBIDDEN, entity=entity.label, action=Label("评论", "commenting"))

    def _must_not_view_as(self) -> None:
        if self._viewer.acting_for is not None:
            raise refuse(VIEWING_ONLY)

    def _row(self, record: str, comment: str) -> sa.Row[tuple[object, ...]]:
        known = known_id(comment)
        asked = sa.select(COMMENT).where(
            COMMENT.c.id == known, COMMENT.c.record == record, COMMENT.c.deleted_at.is_(None)
        )
        row = None if known is None else self._connection.execute(asked).first()
        if row is None:
            raise refuse(NOT_FOUND)
        return row

    def _own(self, record: str, comment: str, action: Label) -> sa.Row[tuple[object, ...]]:
        row = self._row(record, comment)
        if not self._is_mine(row):
            raise refuse(FORBIDDEN, entity=Label("别人的评论", "another's comment"), action=action)
        return row

    def _is_mine(self, row: sa.Row[tuple[object, ...]]) -> bool:
        return self._viewer.is_system or (row.author is not None and row.author == self._viewer.user)

    def _made(self, row: sa.Row[tuple[object, ...]], names: Mapping[str, str]) -> Comment:
        mine = self._is_mine(row) and self._viewer.acting_for is None
        fresh = self._records.now - row.at <= EDIT_FOR
        return Comment(
            row.id,
            row.author,
            names.get(row.author or "", ""),
            row.at,
            row.text,
            row.mentions,
            row.edited_at,
            mine and fresh,
            mine,
        )

    def _mentioned(self, entity: str, record: str, text: str) -> dict[str, str]:
        """Who is named, all of whom may read the record. Raises Refused: MENTION_CANNOT_READ, MENTION_DOUBTFUL."""
        words = candidates(text)
        if not words:
            return {}
        people = [Named(c.id, c.username, c.name) for c in self._records.beside.called(words)]
        named, doubtful = mentioned(text, people)
        if doubtful:
            raise refuse(MENTION_DOUBTFUL, "text", names=_quoted(doubtful))
        able = self.may_read(entity, record, set(named.values()))
        if unable := [word for word, person in named.items() if person not in able]:
            raise refuse(MENTION_CANNOT_READ, "text", names=_quoted(unable))
        return named

    def _tell(
        self, entity: Entity, record: str, comment: str, named: frozenset[str], told: frozenset[str] | None
    ) -> None:
        """Notices: to who is named, and unless `told` is None to whoever else follows the record."""
        me = self._viewer.user
        rows = [
            notify.Row(person, notify.MENTION, self._app, entity.id, record, me, comment=comment)
            for person in sorted(named - {me})
        ]
        if told is not None:
            whose = self._records.beside.whose(entity.name, [record])
            following = followers(self._connection, [record], whose)[record]
            rows += [
                notify.Row(person, notify.COMMENT, self._app, entity.id, record, me, comment=comment)
                for person in sorted(following - named - {me})
            ]
        notify.write(self._connection, rows, self._records.now)


def erase(connection: sa.Connection, app: str, record: str, at: datetime) -> int:
    """Take the words of a record's comments and all notices of it away, by law; gives how many comments held any."""
    gone = connection.execute(
        COMMENT.update()
        .where(COMMENT.c.record == record, COMMENT.c.app == app, COMMENT.c.text != "")
        .values(
            text="",
            mentions={},
            deleted_at=sa.func.coalesce(COMMENT.c.deleted_at, sa.bindparam("at", at, COMMENT.c.at.type)),
        )
    )
    connection.execute(NOTICE.delete().where(NOTICE.c.record == record, NOTICE.c.app == app))
    return gone.rowcount


def _clean(text: str) -> str:
    """A comment's words as they are kept. Raises Refused (INVALID_VALUE) for none, too many, or such as no text holds."""
    said = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not said:
        raise _wrong("写点什么再发。", "Write something first.")
    if len(said) > TEXT_MAX:
        raise _wrong(
            f"最多 {TEXT_MAX:,} 字，现在 {len(said):,} 字。",
            f"At most {TEXT_MAX:,} characters; this has {len(said):,}.",
        )
    if "\0" in said or any("\ud800" <= c <= "\udfff" for c in said):
        raise _wrong("含有无法保存的字符。", "It holds a character that cannot be kept.")
    return said


def _wrong(zh: str, en: str) -> Refused:
    return refuse(INVALID_VALUE, "text", zh=zh, en=en)


def _quoted(names: Sequence[str]) -> Label:
    return Label("、".join(f"「{n}」" for n in names), ", ".join(f"“{n}”" for n in names))
