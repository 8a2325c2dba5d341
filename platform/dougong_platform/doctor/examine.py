"""Looks at everything, in an order in which what does not answer is told once."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.exc import OperationalError, SQLAlchemyError

from dougong_platform.database import unreachable
from dougong_platform.doctor.finding import CHECKS, Check, Finding
from dougong_platform.migrations import runner
from dougong_platform.site import Site
from dougong_runtime.errors import Refused
from dougong_runtime.labels import Label


def examine(site: Site, *, slow: bool = True) -> list[Finding]:
    """Look at everything; what cannot be looked at is a finding too. `slow`: also at what reads whole tables."""
    answers, is_current = _standing(site)
    findings: list[Finding] = []
    for one in CHECKS:
        if one.is_slow and not slow:
            continue
        if (one.needs == "database" and not answers) or (one.needs == "tables" and not is_current):
            continue
        findings += _looked(site, one)
    return findings


def examine_one(site: Site, name: str) -> list[Finding]:
    """One look alone, whatever it reads. Raises KeyError where there is none of that name."""
    found = next((one for one in CHECKS if one.name == name), None)
    if found is None:
        raise KeyError(name)
    return list(_looked(site, found))


def _standing(site: Site) -> tuple[bool, bool]:
    """Whether the database answers, and whether it has the system's tables in this program's form."""
    try:
        with site.database.read() as connection:
            return True, runner.current(connection) == runner.head()
    except SQLAlchemyError:
        return False, False


def _looked(site: Site, one: Check) -> Iterator[Finding]:
    try:
        for found in one.look(site):
            yield Finding(one.name, found.state, found.says, found.remedy)
    except OperationalError as error:
        yield from _refused(one, unreachable(error))
    except (SQLAlchemyError, OSError) as error:
        why = str(error).splitlines()[0]
        yield Finding(one.name, "bad", Label(f"检查不了：{why}", f"cannot be looked at: {why}"))
    except Refused as refused:
        yield from _refused(one, refused)


def _refused(one: Check, refused: Refused) -> Iterator[Finding]:
    for problem in refused.problems:
        remedy = Label(problem.remedy("zh"), problem.remedy("en")) if problem.remedy("en") else None
        yield Finding(one.name, "bad", Label(problem.text("zh"), problem.text("en")), remedy)
