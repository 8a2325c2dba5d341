"""`dougong upgrade`: what it lists, what it does, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from databases import drop, every_database
from dougong_platform.cli.main import main
from dougong_platform.migrations import runner
from releases import kept_release


def _run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


@every_database
def test_it_lists_then_does_and_then_finds_nothing(
    database_kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = kept_release("first_release", database_kind, tmp_path)
    monkeypatch.setenv("DOUGONG_DATABASE_URL", kept.url)
    monkeypatch.setenv("DOUGONG_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DOUGONG_UPGRADE", "manual")
    revisions = [migration.revision for migration in runner.chain()]

    assert _run("app", "versions", "clinic") == 1
    assert "dougong upgrade" in capsys.readouterr().err

    for _ in range(2):  # the first changes nothing
        assert _run("upgrade", "--dry-run", "--json") == 0
        listed = json.loads(capsys.readouterr().out)
        assert listed["database"] is None
        assert [step["revision"] for step in listed["pending"]] == revisions
        assert listed["done"] == []

    assert _run("upgrade", "--json") == 0
    done = json.loads(capsys.readouterr().out)
    assert done["done"] == revisions

    assert _run("upgrade") == 0
    assert runner.head() in capsys.readouterr().out
    assert _run("app", "versions", "clinic") == 0
    drop(kept.url)


@every_database
def test_a_newer_database_is_refused(
    database_kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = kept_release("first_release", database_kind, tmp_path)
    monkeypatch.setenv("DOUGONG_DATABASE_URL", kept.url)
    monkeypatch.setenv("DOUGONG_DATA_DIR", str(tmp_path))
    assert _run("upgrade") == 0
    site = kept.site()
    with site.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE {runner.VERSION_TABLE} SET version_num = '9999'")
    site.database.close()
    capsys.readouterr()
    for command in (["upgrade", "--dry-run"], ["upgrade"], ["app", "versions", "clinic"]):
        assert _run(*command) == 1
        assert "9999" in capsys.readouterr().err
    drop(kept.url)
