"""The command line as people and scripts meet it: what it prints, what it ends with, what it did."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from databases import every_database
from dougong_platform import signin, tokens
from dougong_platform.audit_export import Export
from dougong_platform.cli.main import main
from dougong_platform.cli.terminal import language_of
from dougong_platform.settings import Settings
from dougong_platform.site import Site
from dougong_platform.viewers import Door
from dougong_runtime.records.query import Query
from sites import CLINIC, PASSWORD, SYSTEM


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def last_line(self) -> str:
        return self.out.rstrip("\n").splitlines()[-1]


class Terminal:
    """A shell whose site is the test's."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def run(self, *arguments: str | Path, stdin: str = "") -> Ran:
        """Run `dougong ARGUMENTS`."""
        self._monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        self._capsys.readouterr()
        status = 0
        try:
            main([str(a) for a in arguments])
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        captured = self._capsys.readouterr()
        return Ran(status, captured.out, captured.err)

    def ok(self, *arguments: str | Path, stdin: str = "") -> Ran:
        """The same, which must go well."""
        done = self.run(*arguments, stdin=stdin)
        assert done.status == 0, done.err + done.out
        return done

    def refused(self, *arguments: str | Path, stdin: str = "") -> Ran:
        """The same, which must be refused with reasons."""
        done = self.run(*arguments, stdin=stdin)
        assert done.status == 1, done.err + done.out
        return done


@pytest.fixture
def shell(
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Terminal]:
    monkeypatch.setenv("DOUGONG_DATABASE_URL", database_url)
    monkeypatch.setenv("DOUGONG_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return Terminal(capsys, monkeypatch)


def open_site() -> Site:
    return Site(Settings.load())


@every_database
def test_a_new_site_gets_its_administrator_and_no_second_one(shell: Terminal) -> None:
    made = shell.ok("init", "--password-stdin", "--json", stdin=PASSWORD + "\n").json
    assert (made["admin"], made["admins"]) == ("admin", 1)
    again = shell.ok("init", "--json").json
    assert (again["admin"], again["admins"]) == (None, 1)
    site = open_site()
    token = signin.sign_in(site, "admin", PASSWORD).token
    with site.database.read() as connection:
        viewer = signin.viewer_of_session(site, connection, token, Door("page"))
    assert viewer is not None
    assert viewer.is_admin
    site.database.close()


@every_database
def test_init_without_terminal_or_password_says_how_to_add_an_administrator(shell: Terminal) -> None:
    assert "dougong user add admin --role admin" in shell.ok("init").out


@every_database
def test_an_app_is_checked_planned_installed_and_listed(shell: Terminal) -> None:
    shell.ok("template", "check", CLINIC)
    planned = shell.ok("template", "plan", CLINIC)
    assert "entity/patient" in planned.out
    assert shell.ok("app", "list", "--json").json == []
    assert (
        shell.refused("template", "install", CLINIC)
        .err.rstrip()
        .endswith(("--yes to do it.", "--yes 才会执行。"))
    )
    shell.ok("template", "install", CLINIC, "--yes")
    assert shell.ok("app", "list", "--json").json[0]["name"] == "clinic"
    assert [v["runs"] for v in shell.ok("app", "versions", "clinic", "--json").json] == [True]


@every_database
def test_what_is_exported_installs_elsewhere_and_exports_to_the_same_bytes(
    shell: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.ok("template", "install", CLINIC, "--yes")
    shell.ok("template", "export", "clinic", tmp_path / "one.zip")
    monkeypatch.setenv("DOUGONG_DATABASE_URL", f"sqlite:///{tmp_path / 'elsewhere.sqlite'}")
    shell.ok("template", "install", tmp_path / "one.zip", "--yes")
    shell.ok("template", "export", "clinic", tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


@every_database
def test_an_upgrade_makes_a_version_and_a_rollback_another(shell: Terminal, tmp_path: Path) -> None:
    shell.ok("template", "install", CLINIC, "--yes")
    shell.ok("template", "export", "clinic", tmp_path / "clinic")
    path = tmp_path / "clinic" / "entities" / "allergy.yaml"
    text = path.read_text("utf-8")
    path.write_text(
        text.replace("fields:\n", "fields:\n  - {name: remark, type: text, label: Remark}\n", 1), "utf-8"
    )
    assert shell.ok("template", "install", tmp_path / "clinic", "--yes", "--json").json["number"] == 2
    assert shell.ok("template", "install", tmp_path / "clinic", "--yes", "--json").json["number"] == 2
    assert shell.refused("app", "rollback", "clinic", "9", "--yes").err != ""
    assert shell.ok("app", "rollback", "clinic", "1", "--yes", "--json").json["number"] == 3
    assert [v["runs"] for v in shell.ok("app", "versions", "clinic", "--json").json] == [True, False, False]
    assert "remark" not in shell.ok("data", "export", "clinic", "allergy", "-").out


@every_database
def test_people_teams_roles_and_a_token_that_opens_the_api(shell: Terminal) -> None:
    shell.ok("template", "install", CLINIC, "--yes")
    shell.ok("team", "add", "hospital")
    shell.ok("team", "add", "medicine", "--parent", "hospital")
    shell.ok(
        "user", "add", "dr_lin", "--password-stdin", "--role", "clinic.doctor", "--role", "admin",
        "--team", "medicine", "--time-zone", "Asia/Shanghai", stdin=PASSWORD + "\n",
    )  # fmt: skip
    person = shell.ok("user", "list", "--json").json[0]
    assert (person["username"], person["team"], person["roles"]) == (
        "dr_lin",
        "medicine",
        ["admin", "clinic.doctor"],
    )
    token = shell.ok("user", "token", "dr_lin").last_line
    site = open_site()
    with site.database.read() as connection:
        bearer = tokens.verify(site, connection, token, Door("api"))
    assert bearer is not None
    assert bearer.viewer.roles == {"admin", "clinic.doctor"}
    site.database.close()
    shell.ok(
        "user",
        "roles",
        "dr_lin",
        "--revoke",
        "clinic.doctor",
        "--grant",
        "clinic.nurse",
        "--until",
        "2027-01-31",
    )
    held = shell.ok("user", "roles", "dr_lin", "--json").json
    assert [(h["role"], h["until"]) for h in held] == [("admin", None), ("clinic.nurse", "2027-01-31")]


@every_database
def test_a_new_password_by_command_is_the_one_that_works(shell: Terminal) -> None:
    shell.ok("user", "add", "dr_lin", "--password-stdin", stdin=PASSWORD + "\n")
    shell.ok("user", "passwd", "dr_lin", "--password-stdin", stdin="another lantern here\n")
    site = open_site()
    signin.sign_in(site, "dr_lin", "another lantern here")
    site.database.close()


@every_database
def test_a_refusal_names_every_reason_and_ends_with_1(shell: Terminal) -> None:
    done = shell.refused(
        "user", "add", "dr_lin", "--password-stdin", "--role", "clinic.doctor", stdin=PASSWORD + "\n"
    )
    assert "clinic.doctor" in done.err
    assert shell.ok("user", "list", "--json").json == []
    problems = shell.refused("user", "passwd", "nobody", "--password-stdin", "--json", stdin=PASSWORD).json[
        "problems"
    ]
    assert problems[0]["type"] == "no-person"
    assert shell.refused("user", "add", "x", "--password-stdin", stdin="short\n").err != ""


@every_database
def test_documents_with_errors_are_refused_with_file_line_and_column(shell: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "app.yaml").write_text("kind: app\nname: broken\nlabel: Broken\nversion: 1.0.0\n", "utf-8")
    (folder / "thing.yaml").write_text(
        "kind: entity\nname: thing\ntitle: nam\nfields:\n  - {name: name, type: txt}\n", "utf-8"
    )
    done = shell.refused("template", "check", folder)
    assert "thing.yaml:" in done.err
    found = shell.refused("template", "check", folder, "--json").json["problems"]
    assert found[0]["place"]["line"] > 0


@pytest.mark.parametrize(
    "arguments",
    [("user", "add"), ("user", "add", "x", "--rol", "admin"), ("nothing",), ("serve", "--port", "many")],
)
@every_database
def test_misuse_ends_with_2(shell: Terminal, arguments: tuple[str, ...]) -> None:
    assert shell.run(*arguments).status == 2


@every_database
def test_the_audit_is_sealed_and_verified_and_a_change_ends_with_1(shell: Terminal) -> None:
    shell.ok("init", "--password-stdin", stdin=PASSWORD)
    assert shell.ok("audit", "seal", "--json").json["rows"] == 3
    assert shell.ok("audit", "verify", "--json").json["ok"] is True
    site = open_site()
    with site.database.write() as connection:
        if connection.dialect.name == "sqlite":
            for (name,) in connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).all():
                connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        else:
            connection.exec_driver_sql("ALTER TABLE dg_audit DISABLE TRIGGER ALL")
        connection.exec_driver_sql("UPDATE dg_audit SET actor_name = 'someone else' WHERE seq = 2")
    site.database.close()
    found = shell.refused("audit", "verify", "--json").json
    assert (found["ok"], found["row"]) == (False, 2)


@every_database
def test_a_file_of_the_audit_is_checked_and_a_changed_one_ends_with_1(
    shell: Terminal, tmp_path: Path
) -> None:
    shell.ok("init", "--password-stdin", stdin=PASSWORD)
    shell.ok("audit", "seal")
    site = open_site()
    taken = Export(site, (), 1_000, lambda connection, events: events, {})
    content = b"".join(taken.ndjson())
    site.database.close()
    (tmp_path / "whole.ndjson").write_bytes(content)
    found = shell.ok("audit", "check", str(tmp_path / "whole.ndjson"), "--json").json
    assert (found["ok"], found["events"], found["sealed"]) == (True, 3, 3)
    (tmp_path / "changed.ndjson").write_bytes(content.replace(b'"action":"grant"', b'"action":"token"'))
    assert (
        "row"
        in shell.refused("audit", "check", str(tmp_path / "changed.ndjson"), "--json").json["problem"].lower()
    )


@every_database
def test_the_doctor_looks_at_everything(shell: Terminal) -> None:
    shell.ok("init")
    found = {f["name"]: f["state"] for f in shell.run("doctor", "--json").json}
    assert {"database", "disk", "clock", "keys", "people"} <= set(found)
    assert found["people"] == "warning"


@every_database
def test_settings_are_listed_without_secrets(shell: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOUGONG_SECRET_KEY", "do-not-show-this-key")
    done = shell.ok("settings", "--json")
    assert "do-not-show-this-key" not in done.out
    assert {row["name"]: row["origin"] for row in done.json}["secret_key"] == "environment"


@every_database
def test_records_come_in_and_go_out_and_a_bad_row_is_named(shell: Terminal, tmp_path: Path) -> None:
    shell.ok("template", "install", CLINIC, "--yes")
    file = tmp_path / "allergies.csv"
    file.write_text("name,severity\npollen,mild\n花粉,grave\n", "utf-8")
    bad = shell.refused("data", "import", "clinic", "allergy", file, "--json").json
    assert (bad["created"], bad["rejected"], bad["saved"]) == (1, 1, False)
    assert [(b["line"], b["column"], b["value"]) for b in bad["bad"]] == [(3, "severity", "grave")]
    assert "grave" in shell.refused("data", "import", "clinic", "allergy", file).err
    file.write_text("name,severity\npollen,mild\n花粉,重\n", "utf-8")
    assert shell.ok("data", "import", "clinic", "allergy", file, "--dry-run", "--json").json["saved"] is False
    assert shell.ok("data", "import", "clinic", "allergy", file, "--json").json["created"] == 2
    again = shell.ok("data", "import", "clinic", "allergy", file, "--key", "name", "--json").json
    assert (again["created"], again["updated"]) == (0, 2)
    out = tmp_path / "out.csv"
    assert shell.ok("data", "export", "clinic", "allergy", out, "--sort", "name", "--json").json["rows"] == 2
    assert out.read_text("utf-8-sig").splitlines()[0].startswith("id,name,severity")
    assert (
        shell.ok("data", "import", "clinic", "allergy", out, "--key", "name", "--json").json["updated"] == 2
    )
    assert shell.refused("data", "import", "clinic", "allergy", tmp_path / "none.csv").err != ""


@every_database
def test_an_unknown_app_is_refused_with_the_nearest(shell: Terminal) -> None:
    shell.ok("template", "install", CLINIC, "--yes")
    done = shell.refused("app", "versions", "clinc", "--json")
    assert "clinic" in done.json["problems"][0]["remedy"]


@pytest.mark.parametrize(
    ("env", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8", "LC_ALL": "zh_CN"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "C"}, "en"),
        ({}, "en"),
    ],
)
def test_it_speaks_the_terminals_language(env: dict[str, str], language: str) -> None:
    assert language_of(env) == language


@every_database
def test_the_installed_command_runs_as_a_process_in_chinese(
    shell: Terminal, tmp_path: Path, database_url: str
) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from dougong_platform.cli import main; main()",
            "user",
            "passwd",
            "nobody",
            "--password-stdin",
        ],
        input="a lantern over water\n",
        capture_output=True,
        text=True,
        env={
            "PATH": "/usr/bin:/bin",
            "LANG": "zh_CN.UTF-8",
            "PYTHONUTF8": "1",
            "DOUGONG_DATABASE_URL": database_url,
            "DOUGONG_DATA_DIR": str(tmp_path / "d"),
        },
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "没有用户「nobody」" in done.stderr


@every_database
def test_a_demonstration_is_not_made_in_somebodys_database(shell: Terminal) -> None:
    shell.ok("init", "--password-stdin", stdin=PASSWORD)
    done = shell.refused("demo", "--port", "0", "--no-open")
    assert "no demonstration" in done.err
    assert [p["username"] for p in shell.ok("user", "list", "--json").json] == ["admin"]


@every_database
def test_a_demonstration_that_was_broken_off_is_not_taken_for_whole(shell: Terminal) -> None:
    shell.ok("init")
    site = open_site()
    with site.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO dg_site (name, value) VALUES ('demo', 'begun')")
    site.database.close()
    assert "unfinished" in shell.refused("demo", "--port", "0", "--no-open").err


def test_the_port_is_asked_for_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DOUGONG_DATABASE_URL", "DOUGONG_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SystemExit) as end:
            main(["demo", "--data-dir", str(tmp_path), "--port", str(taken.getsockname()[1]), "--no-open"])
    assert end.value.code == 1
    assert "--port" in capsys.readouterr().err
    assert not (tmp_path / "demo.sqlite").exists()


def test_the_demonstration_serves_this_machine_with_the_printed_password_and_keeps_its_data(
    tmp_path: Path,
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "dougong_platform",
        "demo",
        "--data-dir",
        "d",
        "--port",
        str(port),
        "--scale",
        "0.01",
        "--no-open",
    ]
    ids = []
    for _ in range(2):
        serving = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert serving.stdout is not None
            password = next(line for line in serving.stdout if line.startswith("Password: ")).split()[1]
            token = _post(
                f"http://127.0.0.1:{port}/api/v1/tokens", {"username": "advisor_li", "password": password}
            )["token"]
            ask = urllib.request.Request(
                f"http://127.0.0.1:{port}/api/v1/me", headers={"Authorization": f"Bearer {token}"}
            )
            with urllib.request.urlopen(ask) as answered:
                ids.append(json.load(answered)["id"])
        finally:
            serving.terminate()
            assert serving.wait(30) in (0, -15)
    assert ids[0] == ids[1]


def _post(address: str, body: dict[str, str]) -> Any:
    """The answer, once the server is up."""
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    for _ in range(600):
        try:
            with urllib.request.urlopen(request) as answered:
                return json.load(answered)
        except urllib.error.HTTPError:
            raise
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not come up")


@every_database
def test_a_templates_stories_are_run(shell: Terminal) -> None:
    found = shell.run("template", "test", CLINIC, "--json")
    assert found.status in (0, 1)
    assert all(set(f) == {"story", "ok", "why"} for f in found.json)
    assert found.json


def test_a_database_that_does_not_answer_is_said_plainly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOUGONG_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DOUGONG_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(SystemExit) as end:
        main(["user", "list"])
    assert end.value.code == 1
    assert "cannot be reached" in capsys.readouterr().err


@every_database
def test_why_a_person_sees_a_record_is_explained_by_grant(shell: Terminal, tmp_path: Path) -> None:
    shell.ok("template", "install", CLINIC, "--yes")
    shell.ok("user", "add", "dr_lin", "--role", "clinic.doctor")
    shell.ok("user", "add", "desk_tao", "--role", "clinic.registrar")
    file = tmp_path / "patients.csv"
    file.write_text("name,owner\n王敏,dr_lin\n", "utf-8")
    shell.ok("data", "import", "clinic", "patient", file)
    site = open_site()
    with site.database.read() as connection:
        record = site.records(connection, SYSTEM, "clinic").list(Query("patient")).items[0]["id"]
    site.database.close()
    mine = shell.ok("explain", "dr_lin", "clinic", "patient", record, "phone", "--json").json
    assert [(r["role"], r["holds"], r["shown"]) for r in mine] == [("doctor", True, "masked")]
    whole = shell.ok("explain", "dr_lin", "clinic", "patient", record, "--json").json
    assert [(r["role"], r["decides"]) for r in whole] == [("doctor", True)]
    theirs = shell.ok("explain", "desk_tao", "clinic", "patient", record, "id_number")
    assert "registrar" in theirs.out
    assert "masked" in theirs.out
