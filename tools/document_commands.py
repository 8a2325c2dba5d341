"""Writes `docs/command-line.md` from the commands and settings themselves: `python tools/document_commands.py`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from dougong_platform.cli.main import dougong
from dougong_platform.settings import SETTINGS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "command-line.md"

HEAD = """\
# The command line

<!-- Written by tools/document_commands.py from the commands in the code. Change the words there. -->

Every command speaks the language of the terminal (`LANG`): Chinese or English. `--json` answers in JSON, for scripts.
Answers go to the standard output, remarks and progress to the standard error stream.

Exit status: 0 done, 1 refused with reasons (each with its place and what to do), 2 misused.
"""

SETTINGS_HEAD = """\

## Settings

What an administrator decides, by environment or in `dougong.toml` (which `DOUGONG_CONFIG` may name otherwise); the
environment wins. `dougong settings` shows what is in force and where each was decided. An unknown name in the file is
refused with the nearest one; an unknown variable is noted.

`DOUGONG_DEMO_PASSWORD` is the password of the people of `dougong demo`; without it one is made and printed.

| setting | variable | default | meaning |
| --- | --- | --- | --- |
"""


def document() -> str:
    """The page. The words of commands follow the language of the terminal at import, so a process of its own makes it."""
    env = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "1"}
    made = subprocess.run(
        [sys.executable, __file__, "--print"], env=env, check=True, capture_output=True, encoding="utf-8"
    )
    return made.stdout


def _page() -> str:
    return "".join(
        (HEAD, *_sections(typer.main.get_command(dougong), "dougong"), SETTINGS_HEAD, *_settings())
    )


def _sections(command: Any, path: str) -> Iterator[str]:
    for name, inner in command.commands.items():
        words = f"{path} {name}"
        if hasattr(inner, "commands"):
            yield f"\n## {words}\n\n{inner.help}.\n"
            yield from _sections(inner, words)
            continue
        parameters = [p for p in inner.params if p.name != "help"]
        arguments = [p for p in parameters if p.param_type_name == "argument"]
        spelt = " ".join([words, *(p.metavar or p.name.upper() for p in arguments)])
        level = "##" if path == "dougong" else "###"
        yield f"\n{level} {words}\n\n{(inner.help or '').rstrip('.')}.\n\n```\n{spelt}\n```\n"
        rows = [f"| {_spelling(p)} | {p.help or ''} |" for p in parameters]
        if rows:
            yield "\n| | |\n| --- | --- |\n" + "\n".join(rows) + "\n"


def _spelling(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar or parameter.name.upper()}`"
    value = "" if parameter.is_flag else f" {parameter.metavar or parameter.name.upper()}"
    return f"`{parameter.opts[0]}{value}`".replace("|", "\\|")


def _settings() -> Iterator[str]:
    for s in SETTINGS:
        default = f"`{s.default}`" if s.default not in ("", None) else ""
        yield f"| `{s.name}` | `{s.variable}` | {default} | {s.meaning.en} |\n"


def main() -> None:
    """Write the page, or print it."""
    if "--print" in sys.argv:
        sys.stdout.write(_page())
    else:
        PAGE.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
