"""Plays stories: each in a transaction that is rolled back, its steps in order, until one does not go as told."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from dougong_runtime.documents.source import Raw, Source
from dougong_runtime.errors import Place, Refused
from dougong_runtime.host import FixedClock
from dougong_runtime.labels import Label, Language
from dougong_runtime.model.link import link
from dougong_runtime.records.refresh import RHYTHMS, Rhythm, refresh
from dougong_runtime.storage.dialects import make_engine
from dougong_runtime.stories.checks import CHECKS, Differs
from dougong_runtime.stories.scene import Cast, Missing
from dougong_runtime.stories.stage import Stage, set_up

MakeEngine = Callable[[], AbstractContextManager[sa.Engine]]
"""Gives an engine on an empty database, and takes it away again."""

ZONE = ZoneInfo("Asia/Shanghai")
_SPANS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([mhdw])")
_GIVEN_SCOPE = frozenset({"as", "name", "by", "reasons"})


@dataclass(frozen=True, slots=True)
class StoryResult:
    """How one story went. `place`: where the step stands that did not go as told."""

    title: str
    ok: bool
    label: Label | None = None
    place: Place | None = None

    def why(self, language: Language) -> str:
        """What went otherwise than told, with its place; empty where all went well."""
        if self.label is None:
            return ""
        return f"{self.place}: {self.label.in_(language)}" if self.place else self.label.in_(language)


def run_template(
    source: Source, make_database: MakeEngine | None = None, *, only: str | None = None
) -> list[StoryResult]:
    """Play the stories that travel with a template, on SQLite unless a maker of databases is given.

    `only`: those whose title has this text. Raises Refused where the template itself has problems.
    """
    with (make_database or scratch)() as engine:
        return run(source, engine, only=only)


def run(source: Source, engine: sa.Engine, *, only: str | None = None) -> list[StoryResult]:
    """Install the template in an empty database and play its stories there; none leaves a trace for the next."""
    app = link(source)
    chosen = [raw for raw in source.stories() if only is None or only in raw.name]
    with engine.begin() as connection:
        stage = set_up(connection, app, source)
    return [play(raw, stage, engine) for raw in chosen]


@contextmanager
def scratch() -> Iterator[sa.Engine]:
    """An empty SQLite database in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="dougong-stories-", ignore_cleanup_errors=True) as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'stories.sqlite'}")
        try:
            yield engine
        finally:
            engine.dispose()


def play(raw: Raw, stage: Stage, engine: sa.Engine) -> StoryResult:
    """Play one story on a stage that is set up, and take back all that it did."""
    with engine.connect() as connection:
        transaction = connection.begin()
        try:
            return _Player(raw, stage, connection).play()
        finally:
            transaction.rollback()


@dataclass
class _Player:
    """One story being played."""

    raw: Raw
    stage: Stage
    connection: sa.Connection
    cast: Cast = field(init=False)
    outcome: Refused | None = None
    """What the step before was refused with."""

    def __post_init__(self) -> None:
        self.stage.clock.at = _instant(self.raw.data.get("at"), FixedClock().at)
        self.cast = Cast(self.stage, self.connection, self.raw.data.get("as"))

    def play(self) -> StoryResult:
        path: tuple[str | int, ...] = ()
        try:
            for path, step in self._steps():
                self._take(step, given=path[0] == "given")
            if self.outcome is not None:
                raise Differs.refused(self.outcome)
        except (Differs, Missing) as differs:
            return StoryResult(self.raw.name, False, differs.label, self.raw.at(*path))
        return StoryResult(self.raw.name, True)

    def _steps(self) -> Iterable[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
        data = self.raw.data
        if data.get("settings"):
            yield ("settings",), {"settings": data["settings"]}
        for part in ("given", "when", "then"):
            for number, step in enumerate(data.get(part, ())):
                yield (part, number), step

    def _take(self, step: Mapping[str, Any], given: bool) -> None:
        if not given:
            check = next((CHECKS[name] for name in CHECKS if name in step), None)
            if check is not None:
                expects_refusal = "refused" in step or "warned" in step
                if self.outcome is not None and not expects_refusal:
                    raise Differs.refused(self.outcome)
                try:
                    check(self.cast, step, self.outcome)
                except Refused as refused:
                    self.outcome = refused
                else:
                    self.outcome = None
                return
        if self.outcome is not None:
            raise Differs.refused(self.outcome)
        act = self._given if given else self._act
        point = self.connection.begin_nested()
        try:
            act(step)
        except Refused as refused:
            point.rollback()
            self.outcome = refused
        else:
            point.commit()

    def _given(self, step: Mapping[str, Any]) -> None:
        entity = next(name for name in step if name not in _GIVEN_SCOPE)
        name = step.get("name", step.get("as"))
        who = step.get("by")
        self.cast.create(entity, step[entity] or {}, name, who, step.get("reasons"), given=who is None)

    def _act(self, step: Mapping[str, Any]) -> None:
        cast, who = self.cast, step.get("as", self.cast.actor)
        match step:
            case {"settings": values}:
                cast.records(None).change_settings(values)
            case {"setting": code, "to": value}:
                cast.records(who).change_settings({code: value})
            case {"create": entity}:
                cast.create(entity, step.get("with", {}), step.get("name"), who, step.get("reasons"))
            case {"update": name}:
                cast.update(name, step.get("with", {}), who, step.get("reasons"))
            case {"transition": name, "to": stage}:
                field_name = cast.entity(name).stage
                cast.update(name, {field_name.name if field_name else "stage": stage}, who, None)
            case {"delete": name}:
                cast.records(who).delete(cast.entity(name).name, cast.id(name))
            case {"restore": name}:
                cast.records(who).restore(cast.entity(name).name, cast.id(name))
            case {"refresh": which}:
                self._refresh(next((r for r in RHYTHMS if r == which), "daily"))
            case {"advance": span}:
                self._move(self.stage.clock.at + _span(str(span)))
            case {"at": moment}:
                self._move(_instant(moment, self.stage.clock.at))
            case _:
                raise Differs(
                    f"这一步现在还不能演：{next(iter(step))}。",
                    f"This step cannot be played: {next(iter(step))}.",
                )

    def _move(self, to: datetime) -> None:
        """Set the clock; what follows the clock is brought up to date as it would be overnight."""
        before = self.stage.clock.at.astimezone(ZONE).date()
        self.stage.clock.at = to
        self._refresh("hourly")
        if to.astimezone(ZONE).date() != before:
            self._refresh("daily")

    def _refresh(self, which: Rhythm) -> None:
        refresh(self.connection, self.stage.running, which, self.stage.clock)


def _span(text: str) -> timedelta:
    found = _SPAN.findall(text)
    if not found:
        raise Differs(f"「{text}」不是时长，如 8d、2h。", f"“{text}” is no span, such as 8d or 2h.")
    return timedelta(seconds=sum(float(number) * _SPANS[unit] for number, unit in found))


def _instant(raw: Any, fallback: datetime) -> datetime:
    """An instant from ISO 8601; without a zone it is the site's, and a day alone begins at ten."""
    if raw is None:
        return fallback
    moment = raw if isinstance(raw, datetime) else datetime.fromisoformat(str(raw))
    if len(str(raw)) <= 10:
        moment = moment.replace(hour=10)
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).astimezone(UTC)
