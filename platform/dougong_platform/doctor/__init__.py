"""What may be wrong with a site, and what to do about it: `dougong doctor` and the administrator's page.

A look is a function in a module of its subject, registered by `finding.check`.
"""

from __future__ import annotations

from dougong_platform.doctor import (
    apps,
    audit,
    backups,
    clock,
    database,
    disk,
    files,
    jobs,
    keys,
    migrations,
    people,
    processes,
    refreshes,
    replica,
    settings,
    statements,
    tables,
    transactions,
    upkeep,
)
from dougong_platform.doctor.examine import examine, examine_one
from dougong_platform.doctor.finding import CHECKS, Check, Finding, State

LOOKS = (
    settings,
    database,
    migrations,
    replica,
    disk,
    files,
    clock,
    keys,
    apps,
    people,
    audit,
    upkeep,
    refreshes,
    processes,
    jobs,
    transactions,
    tables,
    statements,
    backups,
)
"""Where the looks are, in the order in which they are told."""

CHECKS.sort(key=lambda one: [module.__name__ for module in LOOKS].index(one.look.__module__))

__all__ = ["CHECKS", "LOOKS", "Check", "Finding", "State", "examine", "examine_one"]
