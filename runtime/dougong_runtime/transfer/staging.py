"""Rows of a file put down for a while, on disk: keys seen, and in which order rows that name each other must go.

A private SQLite database in a temporary file of the system; memory stays the same whatever the file's length.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from types import TracebackType

DEPTH_MAX = 200
"""Generations of rows below each other that are told apart; what lies deeper is treated as a circle."""


class Staging:
    """A context manager; everything in it is forgotten at the end."""

    def __enter__(self) -> Staging:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8000;"
            "CREATE TABLE key (value TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID;"
            "CREATE TABLE name (text TEXT, line INTEGER, PRIMARY KEY (text, line)) WITHOUT ROWID;"
            "CREATE TABLE wish (line INTEGER, text TEXT, PRIMARY KEY (line, text)) WITHOUT ROWID;"
            "CREATE TABLE row (line INTEGER PRIMARY KEY, level INTEGER);"
            "CREATE TABLE bad (line INTEGER PRIMARY KEY);"
            "CREATE TABLE made (line INTEGER PRIMARY KEY, id TEXT)"
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    # --- keys ----------------------------------------------------------------------------------------------------
    def first_line(self, key: str, line: int) -> int:
        """The line where a key stood first: this one, unless it is doubled."""
        if self._db.execute("INSERT OR IGNORE INTO key VALUES (?, ?)", (key, line)).rowcount:
            return line
        with closing(self._db.execute("SELECT line FROM key WHERE value = ?", (key,))) as found:
            return int(found.fetchone()[0])

    # --- rows that name each other ---------------------------------------------------------------------------------
    def add(self, line: int, names: Iterable[str], wishes: Iterable[str]) -> None:
        """A row: what it may be called, and what the rows are called that it refers to."""
        self._db.execute("INSERT INTO row VALUES (?, NULL)", (line,))
        self._db.executemany("INSERT OR IGNORE INTO name VALUES (?, ?)", [(name, line) for name in names])
        self._db.executemany("INSERT OR IGNORE INTO wish VALUES (?, ?)", [(line, wish) for wish in wishes])

    def order(self) -> int:
        """Give each row its level: 0 where it waits for none, else one more than what it waits for. Gives the number
        of levels. Rows in a circle, or below one, have none."""
        self._db.executescript(
            "CREATE TABLE edge (line INTEGER, target INTEGER, PRIMARY KEY (line, target)) WITHOUT ROWID;"
            "INSERT INTO edge SELECT DISTINCT w.line, n.line FROM wish w JOIN name n ON n.text = w.text;"
            "CREATE INDEX edge_target ON edge (target);"
            "CREATE INDEX row_level ON row (level);"
            "UPDATE row SET level = 0 WHERE line NOT IN (SELECT line FROM edge)"
        )
        for level in range(1, DEPTH_MAX):
            done = self._db.execute(
                "UPDATE row SET level = :next WHERE level IS NULL "
                "AND line IN (SELECT e.line FROM row r JOIN edge e ON e.target = r.line WHERE r.level = :last) "
                "AND NOT EXISTS (SELECT 1 FROM edge e JOIN row t ON t.line = e.target WHERE e.line = row.line "
                "AND (t.level IS NULL OR t.level = :next))",
                {"next": level, "last": level - 1},
            )
            if not done.rowcount:
                return level
        return DEPTH_MAX

    def levels(self, lines: Iterable[int]) -> Iterator[int | None]:
        """The level of each of these rows; None in a circle."""
        for line in lines:
            with closing(self._db.execute("SELECT level FROM row WHERE line = ?", (line,))) as found:
                yield found.fetchone()[0]

    def has_circle(self) -> bool:
        """Whether any row is in a circle or below one."""
        with closing(self._db.execute("SELECT 1 FROM row WHERE level IS NULL LIMIT 1")) as found:
            return found.fetchone() is not None

    def namesakes(self, text: str) -> list[int]:
        """Lines of the rows that may be called so; two at most are told."""
        with closing(self._db.execute("SELECT line FROM name WHERE text = ? LIMIT 2", (text,))) as found:
            return [row[0] for row in found]

    def mark_bad(self, line: int) -> None:
        """Remember that a row was refused."""
        self._db.execute("INSERT OR IGNORE INTO bad VALUES (?)", (line,))

    def is_bad(self, line: int) -> bool:
        """Whether it was."""
        with closing(self._db.execute("SELECT 1 FROM bad WHERE line = ?", (line,))) as found:
            return found.fetchone() is not None

    def made(self, line: int, id: str) -> None:
        """Remember which record a row became."""
        self._db.execute("INSERT OR REPLACE INTO made VALUES (?, ?)", (line, id))

    def id_of(self, line: int) -> str | None:
        """The record that a row became."""
        with closing(self._db.execute("SELECT id FROM made WHERE line = ?", (line,))) as found:
            row = found.fetchone()
            return None if row is None else row[0]
