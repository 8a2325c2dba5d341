"""Settings come from the environment, then the file, then defaults; what is wrong is told all at once."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from dougong_platform.settings import SETTINGS, Settings
from dougong_runtime.errors import Refused


def load(tmp_path: Path, text: str = "", **env: str) -> Settings:
    file = tmp_path / "dougong.toml"
    file.write_text(text, encoding="utf-8")
    return Settings.load({"DOUGONG_DATA_DIR": str(tmp_path / "data")} | env, file)


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    made = load(tmp_path, 'port = 9000\nlanguage = "en"\n', DOUGONG_PORT="9100")
    assert (made.port, made.language, made.time_zone) == (9100, "en", "Asia/Shanghai")
    assert made.origins["port"] == "environment"
    assert made.origins["language"] == "dougong.toml"


def test_without_a_database_the_data_folder_holds_one(tmp_path: Path) -> None:
    assert load(tmp_path).database_url == f"sqlite:///{tmp_path / 'data' / 'dougong.sqlite'}"


@pytest.mark.parametrize("url", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"])
def test_every_usual_way_of_writing_a_postgresql_address_is_understood(tmp_path: Path, url: str) -> None:
    assert load(tmp_path, DOUGONG_DATABASE_URL=url).database_url == "postgresql+psycopg://u@h/d"


def test_the_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    first, second = load(tmp_path), load(tmp_path)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 43
    assert stat.S_IMODE((tmp_path / "data" / "secret").stat().st_mode) == 0o600
    assert first.secret_key not in repr(first)


def test_keys_for_two_purposes_differ_and_follow_from_the_site_key(tmp_path: Path) -> None:
    made = load(tmp_path, DOUGONG_SECRET_KEY="k" * 40)
    assert made.key("audit-seal") != made.key("csrf")
    assert made.key("csrf") == load(tmp_path, DOUGONG_SECRET_KEY="k" * 40).key("csrf")


def test_everything_wrong_is_told_at_once_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        load(
            tmp_path,
            'prot = 1\nport = "many"\n',
            DOUGONG_TIME_ZONE="Mars/Olympus",
            DOUGONG_DATABASE_URL="mysql://x",
        )
    words = "\n".join(p.text("en") + p.remedy("en") for p in caught.value.problems)
    assert "“prot”" in words
    assert "Nearest: port" in words
    assert "Mars/Olympus" in words
    assert "whole number" in words
    assert "postgresql://" in words


def test_a_misspelt_variable_is_noticed(tmp_path: Path) -> None:
    assert load(tmp_path, DOUGONG_SECRETKEY="x").ignored == ("DOUGONG_SECRETKEY",)


def test_every_setting_says_what_it_means_in_both_languages_and_is_a_field() -> None:
    for setting in SETTINGS:
        assert setting.meaning.zh != setting.meaning.en
        assert setting.name in Settings.__dataclass_fields__


def test_a_data_folder_that_cannot_be_made_is_refused_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Refused, match="file"):
        load(tmp_path, DOUGONG_DATA_DIR=str(tmp_path / "file" / "data"))
