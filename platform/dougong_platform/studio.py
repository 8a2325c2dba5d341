"""The studio as its doors share it: the draft of an app before somebody who may build it, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from dougong_designer import abilities, checking, draft, edits
from dougong_designer.draft import Draft, Standing, Step, Writing
from dougong_designer.patch import Documents, Patch
from dougong_platform.site import NO_APP, Site
from dougong_runtime.documents.references import Target
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.lazily import cached_property
from dougong_runtime.model.app import App
from dougong_runtime.model.directory import DIRECTORY_NAME
from dougong_runtime.model.link import Linked

DOES_NOT_LINK = problem_type(
    "draft-has-problems",
    409,
    "草稿里还有 {count} 个错误，先改好再继续。",
    "The draft has problems ({count}); mend them first.",
    remedy=("打开工作室底部的问题栏，逐个修正。", "Open the list of problems at the foot of the studio."),
)


@dataclass
class Studio:
    """One app's draft before one builder. What writes needs a transaction for writing, in which `writes` is set."""

    site: Site
    connection: sa.Connection
    viewer: Viewer
    name: str
    writes: bool = False
    seen: int | None = None
    """The revision that the builder had before them when they acted; None where that is not known."""

    def __post_init__(self) -> None:
        abilities.require_build(self.viewer, self.running)

    @cached_property
    def running(self) -> App:
        """The version that serves. Raises Refused (NO_APP), also for the directory, which no documents make."""
        if self.name == DIRECTORY_NAME:
            raise refuse(NO_APP, name=self.name, nearest=None)
        return self.site.running(self.connection, self.name).app

    @property
    def draft(self) -> Draft:
        """The draft as it stands in this transaction; the same object as long as it is unchanged."""
        kept: Draft | None = self.__dict__.get("_draft")
        if kept is None:
            kept = draft.load(self.connection, self.name, lock=self.writes)
            self.__dict__["_draft"] = kept
        return kept

    @property
    def others(self) -> Mapping[str, App]:
        """The apps installed beside it."""
        names = (n for n in self.site.apps(self.connection) if n != self.name)
        return {name: self.site.running(self.connection, name).app for name in names}

    @property
    def linked(self) -> Linked:
        """The draft linked, with its problems and references: a fifth of a second for a large app, once a revision."""
        return checking.check(self.draft, self.others)

    @property
    def app(self) -> App:
        """The draft as an app that could run. Raises Refused (DOES_NOT_LINK) where it has problems."""
        linked = self.linked
        if linked.app is None or linked.problems:
            raise refuse(DOES_NOT_LINK, count=len(linked.problems))
        return linked.app

    @property
    def standing(self) -> Standing:
        """What the builder's undo and redo would do."""
        return draft.standing(self.connection, self.name, self.viewer)

    def take(self, documents: Documents) -> Step | None:
        """One act: the documents as they are to be. None where nothing differs. Raises Refused."""
        return self._stepped(draft.take(self.writing, self.draft, documents, seen=self.seen))

    def amend(self, patch: Patch, seen: int | None = None) -> Step | None:
        """One act by a patch; `seen`: the revision it was made against. Raises Refused."""
        return self._stepped(
            draft.amend(self.writing, self.draft, patch, self.seen if seen is None else seen)
        )

    def rename(self, target: Target, name: str) -> Step | None:
        """A thing under another name, wherever it is named. Raises Refused."""
        return self.take(edits.renamed(self.draft, self.linked.references, target, name))

    def undo(self) -> Step:
        """Take back the builder's last act. Raises Refused."""
        step = draft.undo(self.writing, self.draft)
        self._stepped(step)
        return step

    def redo(self) -> Step:
        """Do again what the builder took back last. Raises Refused."""
        step = draft.redo(self.writing, self.draft)
        self._stepped(step)
        return step

    def jump(self, number: int) -> Step | None:
        """Go to how the draft stood after a step."""
        return self._stepped(draft.jump(self.writing, self.draft, number))

    @property
    def writing(self) -> Writing:
        """The transaction in which the builder acts."""
        return Writing(self.connection, self.viewer, self.site.clock)

    def _stepped(self, step: Step | None) -> Step | None:
        self.__dict__.pop("_draft", None)
        return step
