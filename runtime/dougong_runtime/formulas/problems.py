"""What is wrong with a formula, said to who wrote it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dougong_runtime.labels import Label


@dataclass(frozen=True, slots=True)
class FormulaProblem:
    """One thing that is wrong: where in the text (an offset in characters, from 0), why, and the nearest right name."""

    offset: int
    zh: str
    en: str
    nearest: str | None = None
    length: int = 1
    """Characters concerned, for an editor to underline."""

    @property
    def label(self) -> Label:
        """The sentence in both languages, the nearest name included."""
        if self.nearest is None:
            return Label(self.zh, self.en)
        return Label(f"{self.zh}；最接近的是「{self.nearest}」", f"{self.en}; nearest: “{self.nearest}”")


class FormulaProblems(Exception):
    """All that is wrong with one formula, in the order of the text."""

    def __init__(self, problems: Iterable[FormulaProblem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: p.offset))
        super().__init__("; ".join(p.label.en for p in self.problems))
