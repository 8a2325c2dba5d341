"""Logs: a line an event, nothing a client can forge, nothing people entered."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from dougong_platform import logs
from dougong_platform.settings import Settings


def configure(tmp_path: Path, form: str) -> None:
    env = {"DOUGONG_DATA_DIR": str(tmp_path), "DOUGONG_LOG_FORMAT": form}
    logs.configure(Settings.load(env, tmp_path / "none.toml"))


def test_events_of_ours_and_of_libraries_are_json_with_the_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(tmp_path, "json")
    logs.for_request("r-17")
    logs.logger("dougong.test").info("published", app="clinic", number=3)
    logging.getLogger("some.library").warning("slow %s", "query")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert first["event"] == "published"
    assert (first["app"], first["number"], first["request"], first["level"]) == ("clinic", 3, "r-17", "info")
    assert first["at"].endswith("Z")
    assert (second["event"], second["request"], second["logger"]) == ("slow query", "r-17", "some.library")


@pytest.mark.parametrize("form", ["json", "console"])
def test_nobody_writes_a_line_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    configure(tmp_path, form)
    forged = "x\n2026-01-01 [info] signed in user=admin\r\u2028\x1b[2J\u202e"
    logs.logger("dougong.test").info("request", path=forged)
    logging.getLogger("some.library").warning(forged)
    written = capsys.readouterr().err
    assert len(written.splitlines()) == 2
    assert "\u2028" not in written
    assert "\x1b[2J" not in written
    assert "\u202e" not in written


def test_what_is_too_long_is_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(tmp_path, "json")
    logs.logger("dougong.test").info("request", path="a" * 1_000_000)
    assert len(capsys.readouterr().err) < 3_000


def test_an_exception_keeps_its_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(tmp_path, "json")
    try:
        raise ValueError("broken")
    except ValueError:
        logs.logger("dougong.test").exception("failed")
    event = json.loads(capsys.readouterr().err)
    assert "ValueError: broken" in event["exception"]
