"""Assembly of the command, and its one place for refusals."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version

import typer
from sqlalchemy.exc import OperationalError

from dougong_platform.cli import app as app_commands
from dougong_platform.cli import (
    audit,
    data,
    demo,
    doctor,
    explain,
    init,
    serve,
    settings,
    team,
    template,
    upgrade,
    user,
)
from dougong_platform.cli.terminal import refused, say
from dougong_platform.database import unreachable
from dougong_runtime.errors import Refused

dougong = typer.Typer(
    name="dougong",
    help=say("斗拱：无代码平台。", "Dougong: a no-code platform."),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@dougong.callback(invoke_without_command=True)
def root(
    show_version: bool = typer.Option(False, "--version", help=say("版本号", "The version's number")),
) -> None:
    """Options that stand before a command."""
    if show_version:
        print(version("dougong"))
        raise typer.Exit


root.__doc__ = say("斗拱：无代码平台。", "Dougong: a no-code platform.")

for name, command in (
    ("init", init.init),
    ("serve", serve.serve),
    ("demo", demo.demo),
    ("settings", settings.settings),
    ("doctor", doctor.doctor),
    ("explain", explain.explain),
    ("upgrade", upgrade.upgrade),
):
    dougong.command(name)(command)
for name, commands in (
    ("user", user.commands),
    ("team", team.commands),
    ("template", template.commands),
    ("app", app_commands.commands),
    ("data", data.commands),
    ("audit", audit.commands),
):
    dougong.add_typer(commands, name=name)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process with its status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        dougong(given)
    except Refused as problems:
        refused(problems, as_json="--json" in given)
    except OperationalError as error:
        refused(unreachable(error), as_json="--json" in given)
