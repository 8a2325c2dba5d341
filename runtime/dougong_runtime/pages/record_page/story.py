"""What happened to a record and what was said about it, in one line of time, read on page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from dougong_runtime.fields.base import Field
from dougong_runtime.pages.entry import Titles
from dougong_runtime.pages.faces import hue, initial
from dougong_runtime.pages.reading import Reader
from dougong_runtime.pages.record_page.look import Look
from dougong_runtime.pages.record_page.parts import Said, Show, Story, StoryDay
from dougong_runtime.pages.sentences import Day, Sentence, day_label, sentences, told
from dougong_runtime.records.past import FieldChange, HistoryEvent
from dougong_runtime.talk.comments import Comment, Comments
from dougong_runtime.talk.mentions import pieces

PAGE = 25


def story(
    look: Look,
    comments: Comments,
    show: Show = "all",
    cursor: str = "",
    *,
    draft: str = "",
    problem: str = "",
) -> Story:
    """The newest first; `cursor` is the `next` of the page before."""
    seq, comment = _cursor(cursor)
    events = _events(look, PAGE + 1, seq) if show != "comments" else []
    said: Sequence[Comment] = []
    if show != "changes":
        said = comments.of(look.entity.name, look.record, before=comment, limit=PAGE + 1)
    both: list[HistoryEvent | Comment] = [*events, *said]
    merged = sorted(both, key=lambda one: one.at, reverse=True)
    taken = merged[:PAGE]
    seqs = [e.seq for e in taken if isinstance(e, HistoryEvent)]
    ids = [c.id for c in taken if isinstance(c, Comment)]
    following = f"{seqs[-1] if seqs else seq or ''}.{ids[-1] if ids else comment or ''}"
    reader, fields = look.desk.reader, _fields(look)
    drawn = [_drawn(one, look, fields, reader) for one in taken]
    days: dict[date, list[Said | Sentence]] = {}
    for item in drawn:
        if item is not None:
            days.setdefault(item.day, []).append(item)
    return Story(
        look.href,
        show,
        tuple(StoryDay(day_label(day, reader), tuple(items)) for day, items in days.items()),
        following if len(merged) > PAGE else "",
        comments.may_write(look.entity.name),
        not cursor,
        draft,
        problem,
    )


def history(look: Look, limit: int) -> tuple[Day, ...]:
    """What happened to it alone, the newest first."""
    return sentences(_events(look, limit, None), _fields(look), look.desk.reader, look.desk.address)


def said(comment: Comment, reader: Reader) -> Said:
    """A comment as drawn."""
    local = reader.local(comment.at)
    who = comment.author_name or reader.t("history.system")
    return Said(
        comment.id,
        comment.at,
        f"{local:%H:%M}",
        reader.exact_moment(comment.at),
        local.date(),
        who,
        hue(who),
        initial(who),
        pieces(comment.text, comment.mentions),
        comment.edited_at is not None,
        comment.may_edit,
        comment.may_delete,
    )


def _drawn(
    one: HistoryEvent | Comment, look: Look, fields: Mapping[str, Field], reader: Reader
) -> Said | Sentence | None:
    if isinstance(one, Comment):
        return said(one, reader)
    return told(one, fields, reader, look.desk.address)


def _cursor(text: str) -> tuple[int | None, str | None]:
    seq, _, comment = text.partition(".")
    return int(seq) if seq.isascii() and seq.isdecimal() and len(seq) < 19 else None, comment or None


def _fields(look: Look) -> dict[str, Field]:
    return {n: look.entity.fields[n] for n in look.views if n in look.entity.fields}


def _events(look: Look, limit: int, before: int | None) -> list[HistoryEvent]:
    """Events with what they name titled, and people by the names that they have now."""
    desk = look.desk
    events = desk.records.history(look.entity.name, look.record, limit, before)
    fields = _fields(look)
    titled = Titles(desk)
    titled.learn((fields.get(c.field), v) for e in events for c in e.changes for v in (c.before, c.after))
    people = desk.records.titles("user", {e.actor for e in events if e.actor})
    return [
        replace(_with_titles(e, fields, titled), actor_name=people.get(e.actor or "", e.actor_name))
        for e in events
    ]


def _with_titles(event: HistoryEvent, fields: Mapping[str, Field], titled: Titles) -> HistoryEvent:
    """The same event with references titled; what was masked stays masked."""
    changes = tuple(
        FieldChange(c.field, titled.of(fields[c.field], c.before), titled.of(fields[c.field], c.after))
        for c in event.changes
        if c.field in fields
    )
    return replace(event, changes=changes)
