"""`dougong template diff`: what a template would change, told before anything is planned."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from databases import every_database
from dougong_platform.cli.main import main
from make import APPS


@every_database
def test_a_template_is_compared_with_what_is_installed(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOUGONG_DATABASE_URL", database_url)
    monkeypatch.setenv("DOUGONG_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> str:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main(list(words))
        assert end.value.code in (0, None)
        return capsys.readouterr().out

    run("init")
    school = tmp_path / "school"
    shutil.copytree(APPS / "school", school)
    told = json.loads(run("template", "diff", str(school), "--json"))
    assert {document["what"] for document in told} == {"added"}
    run("template", "install", str(school), "--yes")
    assert run("template", "diff", str(school)).strip() in ("No difference", "没有差别")
    entities = school / "entities" / "all.yaml"
    entities.write_text(
        entities.read_text("utf-8").replace("{name: site, type: url,", "{name: web, was: [site], type: url,"),
        "utf-8",
    )
    (change,) = json.loads(run("template", "diff", str(school), "--json"))[0]["changes"]
    assert (change["what"], change["before"], change["after"]) == ("renamed", "site", "web")
