"""The tables of comments, followers and notices.

A record is known by its id and an entity by that of its document, which no rename touches. None of them says who may
read: that is asked of the record, whenever something of them is read.
"""

from __future__ import annotations

import sqlalchemy as sa

from dougong_runtime.exact import Instant, JsonValue, RecordId
from dougong_runtime.storage.system import SYSTEM

COMMENT = sa.Table(
    "dg_comment",
    SYSTEM,
    sa.Column("id", RecordId(), primary_key=True),
    sa.Column("app", sa.String(48), nullable=False),
    sa.Column("entity_id", sa.String(64), nullable=False),
    sa.Column("record", RecordId(), nullable=False),
    sa.Column("author", RecordId()),
    sa.Column("at", Instant(), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("mentions", JsonValue(), nullable=False),
    sa.Column("edited_at", Instant()),
    sa.Column("deleted_at", Instant()),
    sa.Index("dg_comment_record", "record", "id"),
)
"""What somebody wrote about a record; `author` NULL is the system.

text        as it was typed; empty once it was deleted, or erased by law
mentions    {name as it was typed: record id of the person}
"""

FOLLOWER = sa.Table(
    "dg_follower",
    SYSTEM,
    sa.Column("record", RecordId(), primary_key=True),
    sa.Column("user", RecordId(), primary_key=True),
    sa.Column("app", sa.String(48), nullable=False),
    sa.Column("follows", sa.Boolean, nullable=False),
    sa.Column("at", Instant(), nullable=False),
)
"""Who follows a record beside its owner and its creator, who do without a row. `follows` false: a person who does not
want to, whoever they are to the record."""

NOTICE = sa.Table(
    "dg_notice",
    SYSTEM,
    sa.Column("id", RecordId(), primary_key=True),
    sa.Column("user", RecordId(), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("app", sa.String(48), nullable=False),
    sa.Column("entity_id", sa.String(64), nullable=False),
    sa.Column("record", RecordId()),
    sa.Column("comment", RecordId()),
    sa.Column("field", sa.String(64)),
    sa.Column("before", sa.Text),
    sa.Column("after", sa.Text),
    sa.Column("how_many", sa.Integer),
    sa.Column("actor", RecordId()),
    sa.Column("at", Instant(), nullable=False),
    sa.Column("read_at", Instant()),
    sa.Index("dg_notice_user", "user", "id"),
    sa.Index("dg_notice_record", "record"),
)
"""Something that a person is to know, written in the transaction of what caused it.

kind    mention, comment, stage, owner, assigned; `many`: so many records were assigned at once that one row stands for all
field   id of the field that changed, for stage, owner and assigned
before  its value before, and after: a stage's value or a person's id
how_many  how many records, for `many`, whose `record` is NULL
actor   who did it; NULL for the system
"""

sa.Index(
    "dg_notice_unread",
    NOTICE.c.user,
    NOTICE.c.id,
    postgresql_where=NOTICE.c.read_at.is_(None),
    sqlite_where=NOTICE.c.read_at.is_(None),
)
