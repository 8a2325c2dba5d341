"""The commands that write, and the rows that each must leave in the audit."""

from __future__ import annotations

import shutil

import pyotp

from audit_work import NEW_PASSWORD, SYSTEM, Row, Work, account, by_command, case
from clinic import FOLDER
from dougong_platform import seals, totp
from dougong_runtime.audit import log

NO_ROW_COMMANDS: dict[str, str] = {
    "init": "makes tables and the first administrator: as user add",
    "demo": "fills an empty database: as template install, user add and data import",
    "serve": "serves",
    "settings": "reads",
    "explain": "reads",
    "upgrade": "changes system tables only",
    "doctor": "reads; with --recompute see the tests of what it repairs",
    "user list": "reads",
    "team list": "reads",
    "template check": "reads",
    "template plan": "rehearses",
    "template diff": "reads",
    "template export": "writes documents, which hold no records, to a file",
    "template test": "tells stories in a database of its own",
    "app publish": "is template install",
    "app list": "reads",
    "app versions": "reads",
    "audit verify": "reads",
    "audit check": "reads",
    "audit seal": "seals what is there",
    "audit anchors": "sends seals; accepting an anchor is told in tests/faults/test_seal_tampering.py",
}
"""Commands that change nothing that the audit tells."""


@case("user add")
def user_add(work: Work) -> list[Row]:
    work.command(
        "user", "add", "typed", "--password-stdin", "--role", "clinic.nurse", "--email", "t@x.example",
        stdin=NEW_PASSWORD + "\n",
    )  # fmt: skip
    after = {"username": "typed", "name": "typed", "active": True, "email": "t@x.example"}
    return [
        by_command(log.CREATE, "user add", **account(...), after=after, facts={"version": 1}),
        by_command(log.PASSWORD, "user add", **account(...), facts=None),
        by_command(log.GRANT, "user add", **account(...), facts={"roles": ["clinic.nurse"], "until": None}),
    ]


@case("user passwd")
def user_passwd(work: Work) -> list[Row]:
    them = work.person("typed_password")
    work.command("user", "passwd", "typed_password", "--password-stdin", stdin=NEW_PASSWORD + "\n")
    return [by_command(log.PASSWORD, "user passwd", **account(them), facts=None)]


@case("user token")
def user_token(work: Work) -> list[Row]:
    them = work.person("typed_token")
    work.command("user", "token", "typed_token", "--scope", "read", "--days", "0")
    facts = {"token": ..., "scopes": ["read"], "until": None}
    return [by_command(log.TOKEN, "user token", **account(them), facts=facts)]


@case("user roles")
def user_roles(work: Work) -> list[Row]:
    them = work.person("typed_roles", "clinic.nurse")
    work.command("user", "roles", "typed_roles", "--grant", "clinic.clerk", "--revoke", "clinic.nurse")
    return [
        by_command(log.REVOKE, "user roles", **account(them), facts={"roles": ["clinic.nurse"]}),
        by_command(
            log.GRANT, "user roles", **account(them), facts={"roles": ["clinic.clerk"], "until": None}
        ),
    ]


@case("user disable", "user enable")
def user_disable_and_enable(work: Work) -> list[Row]:
    them = work.person("typed_out")
    work.command("user", "disable", "typed_out")
    first = work.mark
    work.command("user", "enable", "typed_out")
    work.mark = first
    out, back = {"active": False}, {"active": True}
    return [
        by_command(log.UPDATE, "user disable", **account(them), before=back, after=out),
        by_command(log.UPDATE, "user enable", **account(them), before=out, after=back),
    ]


@case("user reset-factor")
def user_reset_factor(work: Work) -> list[Row]:
    them = work.person("typed_factor")
    with work.site.database.write() as connection:
        secret = totp.enrol(work.site, connection, them, "typed_factor").secret
        totp.confirm(work.site, connection, SYSTEM, them, pyotp.TOTP(secret).at(work.site.clock.now()))
    work.command("user", "reset-factor", "typed_factor")
    return [by_command(log.SECOND_FACTOR, "user reset-factor", **account(them), facts={"state": "off"})]


@case("team add")
def team_add(work: Work) -> list[Row]:
    work.command("team", "add", "typed team")
    after = {"name": "typed team"}
    return [by_command(log.CREATE, "team add", app="dougong", entity="team", record=..., after=after)]


@case("data import")
def data_import(work: Work) -> list[Row]:
    file = work.folder / "typed.csv"
    file.write_text("name,mail\n丙,c@typed.example\n", encoding="utf-8")
    work.command("data", "import", "clinic", "patient", file)
    after = {
        "name": "丙",
        "mail": "c@typed.example",
        "consent": False,
        "risk": "low",
        "code": ...,
        "stage": "registered",
    }
    return [
        by_command(
            log.CREATE, "data import", entity="patient", record=..., after=after, facts={"version": 1}
        ),
        by_command(log.IMPORT, "data import", entity="patient", facts=...),
    ]


@case("data export")
def data_export(work: Work) -> list[Row]:
    file = work.folder / "out.csv"
    work.command("data", "export", "clinic", "patient", file, "--fields", "name", "--as", "head_yu")
    facts = {"format": "csv", "fields": ["name"], "filter": None, "search": None, "count": ...}
    return [Row(log.EXPORT, "patient", facts=facts, who="head_yu", via="cli")]


@case("template install", "app rollback")
def template_install_and_rollback(work: Work) -> list[Row]:
    """The last case: those before it use the first version."""
    changed = work.folder / "clinic"
    shutil.copytree(FOLDER, changed)
    patient = changed / "entities" / "patient.yaml"
    added = "fields:\n  - {name: nickname, type: text, label: {zh: 小名, en: Nickname}}\n"
    patient.write_text(patient.read_text(encoding="utf-8").replace("fields:\n", added, 1), encoding="utf-8")
    work.command("template", "install", changed, "--yes")
    first = work.mark
    work.command("app", "rollback", "clinic", "1", "--yes")
    work.mark = first
    facts = {
        "number": 2, "from": 1, "back_to": None, "version": ..., "documents": ..., "steps": ..., "violations": [],
        "unconvertible": 0, "sees_more": ...,
    }  # fmt: skip
    back = {**facts, "number": 3, "from": 2, "back_to": 1}
    return [
        Row(log.PUBLISH, facts=facts, reason=..., who="system", via="cli"),
        Row(log.ROLLBACK, facts=back, reason="rollback to 1", who="system", via="cli"),
    ]


@case("audit erase")
def audit_erase(work: Work) -> list[Row]:
    record = work.patient(mail="erased@x.example")
    seals.seal_now(work.site)
    work.command(
        "audit", "erase", "clinic", "patient", record, "--field", "mail", "--reason", "request 9", "--yes"
    )
    facts = {"fields": ["mail"], "rows": 1, "values": 1}
    return [Row(log.ERASE, "patient", record, facts=facts, reason="request 9", who="system", via="cli")]
