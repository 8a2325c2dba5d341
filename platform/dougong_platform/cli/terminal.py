"""How commands speak: in the terminal's language, as text for people or JSON for scripts."""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from dougong_platform.settings import Settings
from dougong_platform.site import Site
from dougong_runtime.documents.problems import headline
from dougong_runtime.errors import Problem, Refused, problem_type
from dougong_runtime.host import Viewer
from dougong_runtime.labels import Label, Language

REFUSED = 1
MISUSED = 2


def language_of(env: Mapping[str, str] = os.environ) -> Language:
    """The terminal's language: the first of LC_ALL, LC_MESSAGES, LANG that is set; Chinese or English."""
    chosen = next((env[v] for v in ("LC_ALL", "LC_MESSAGES", "LANG") if env.get(v)), "")
    return "zh" if chosen.lower().startswith("zh") else "en"


LANGUAGE = language_of()


def say(zh: str, en: str) -> str:
    """The words in the terminal's language."""
    return zh if LANGUAGE == "zh" else en


UNREADABLE = problem_type("unreadable", 400, "读不了 {path}：{why}", "{path} cannot be read: {why}")

AsJson = Annotated[
    bool, typer.Option("--json", help=say("以 JSON 输出，供脚本使用", "Answer in JSON, for scripts"))
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help=say("不再询问", "Do not ask"))]

errors = Console(stderr=True, highlight=False, soft_wrap=True)


def group(zh: str, en: str) -> typer.Typer:
    """A group of commands."""
    return typer.Typer(help=say(zh, en), no_args_is_help=True, add_completion=False)


# --- the site and who acts ------------------------------------------------------------------------------------
@contextmanager
def open_site(install: bool = True) -> Iterator[Site]:
    """The site that the settings name, its tables made where missing. Misspelt variables are told."""
    site = Site(Settings.load())
    for variable in site.settings.ignored:
        tell(say(f"提示：环境变量 {variable} 没有作用。", f"Note: the variable {variable} has no effect."))
    try:
        if install:
            site.database.install()
        yield site
    finally:
        site.database.close()


def actor(command: str) -> Viewer:
    """The system, acting for whoever typed the command; the name of the system account stands in the audit."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = str(os.getuid())
    viewer = Viewer.system(f"dougong {command} ({name})")
    return replace(viewer, via="cli", language=LANGUAGE)


# --- telling --------------------------------------------------------------------------------------------------
def tell(text: str) -> None:
    """A line for people, beside the answer: goes to the standard error stream."""
    errors.print(text, markup=False)


def answer(data: Any, as_json: bool, text: str) -> None:
    """The answer of a command, on the standard output: `data` as JSON, or `text`."""
    print(to_json(data) if as_json else text)


def to_json(data: Any) -> str:
    """JSON with Chinese as it is, dates in ISO 8601."""
    return json.dumps(data, ensure_ascii=False, indent=2, default=_plain)


def _plain(value: object) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def table(head: Sequence[str], rows: Iterable[Sequence[object]], none: str) -> None:
    """A table on the standard output; `none` where it has no rows."""
    listed = list(rows)
    if not listed:
        print(none)
        return
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for title in head:
        drawn.add_column(title, overflow="fold")
    for row in listed:
        drawn.add_row(*("" if cell is None else str(cell) for cell in row))
    wide = not sys.stdout.isatty()
    Console(highlight=False, markup=False, width=200 if wide else None).print(drawn)


@contextmanager
def progress(text: str) -> Iterator[Any]:
    """Shows that long work goes on; gives a function that takes how much is done, in words or a number."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=not errors.is_terminal) as shown:
        task = shown.add_task(text)
        yield lambda done: shown.update(
            task, description=f"{text} {done:,}" if isinstance(done, int) else f"{text} {done}"
        )


# --- refusing -------------------------------------------------------------------------------------------------
def refused(problems: Refused, as_json: bool) -> NoReturn:
    """Tell every reason, with place and remedy, and end with status 1."""
    found = (*problems.problems, *problems.warnings)
    if as_json:
        print(to_json({"problems": [as_data(p) for p in found]}))
    else:
        for problem in found:
            tell(as_text(problem))
        if len(found) > 1:
            tell(say(f"共 {len(found)} 个问题，没有改动。", f"{len(found)} problems; nothing was changed."))
    sys.exit(REFUSED)


def as_text(problem: Problem) -> str:
    """A problem as people read it: where, of what type, what happened, what to do."""
    lines = []
    if problem.place is not None and str(problem.place):
        lines.append(headline(problem))
    lines.append(("  " if lines else "") + problem.text(LANGUAGE))
    remedy = problem.remedy(LANGUAGE)
    if remedy:
        lines.append("  " + remedy)
    return "\n".join(lines)


def as_data(problem: Problem) -> dict[str, Any]:
    """The same for scripts."""
    place = problem.place
    return {
        "type": problem.type.name,
        "field": problem.field,
        "text": problem.text(LANGUAGE),
        "remedy": problem.remedy(LANGUAGE) or None,
        "place": {"file": place.file, "line": place.line, "column": place.column, "path": place.path}
        if place is not None
        else None,
    }


def misused(zh: str, en: str) -> NoReturn:
    """End with status 2: the command was not meant like this."""
    tell(say(zh, en))
    sys.exit(MISUSED)


def words(label: Label | None) -> str:
    """A label in the terminal's language; empty for none."""
    return label.in_(LANGUAGE) if label is not None else ""


# --- asking ---------------------------------------------------------------------------------------------------
def password_from(stdin: bool, who: str) -> str | None:
    """A new password: the first line of the standard input, or asked twice on a terminal; None where neither is."""
    if stdin:
        line = sys.stdin.readline().rstrip("\r\n")
        if not line:
            misused("标准输入中没有密码。", "There is no password on the standard input.")
        return line
    if not sys.stdin.isatty():
        return None
    prompt = say(f"{who} 的密码", f"Password of {who}")
    again = say("再输一次", "Once more")
    typed: str = typer.prompt(prompt, hide_input=True, confirmation_prompt=again)
    return typed


def confirmed(question: str, yes: bool) -> bool:
    """Whether to go on: `--yes`, or an answer on a terminal."""
    if yes:
        return True
    if not sys.stdin.isatty():
        tell(say("没有改动。加上 --yes 才会执行。", "Nothing was changed. Add --yes to do it."))
        return False
    return typer.confirm(question)
