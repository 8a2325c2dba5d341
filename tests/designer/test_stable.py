"""Every template opened in the studio: an act and its undo leave the files as they were, to the byte; an act changes
one file, by the lines that were meant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import ndiff
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from dougong_designer import draft as drafts
from dougong_designer import patch as patches
from dougong_designer.draft import Writing
from dougong_designer.identified import identified
from dougong_runtime.audit import log
from dougong_runtime.documents import versions
from dougong_runtime.documents.export import document_text, files_of
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.source import read
from dougong_runtime.host import FixedClock, Viewer
from dougong_runtime.labels import Label
from dougong_runtime.model.link import link
from dougong_runtime.names import uuid7
from dougong_runtime.storage.dialects import install_functions, make_engine
from dougong_runtime.storage.system import SYSTEM

ROOT = Path(__file__).parents[2]
TEMPLATES = (*sorted((ROOT / "tests" / "apps").iterdir()), *sorted((ROOT / "templates").iterdir()))
ME = Viewer(str(uuid7()), "builder")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    """A database with every template as a version; nothing here needs their tables."""
    made = make_engine(f"sqlite:///{tmp_path_factory.mktemp('stable') / 't.sqlite'}")
    with made.begin() as connection:
        install_functions(connection)
        SYSTEM.create_all(connection)
        log.install(connection)
        for folder in TEMPLATES:
            app = link(read(folder))
            at = FixedClock().now()
            versions.store(connection, app.name, app.version, app.source, at, "tests", None, {})
    yield made
    made.dispose()


def relabelled(data: Any) -> tuple[str, Any]:
    """The first property of a document of which every kind has one, otherwise."""
    label = Label.of(data.get("label"), "x")
    return "label", {"zh": label.zh + "（改）", "en": label.en + " (changed)"}


def test_an_act_changes_its_lines_and_its_undo_nothing(engine: sa.Engine) -> None:
    acts = 0
    with engine.begin() as connection:
        for name in versions.all_apps(connection):
            first = drafts.load(connection, name)
            before = files_of(first.documents)
            writing = Writing(connection, ME, FixedClock())
            for kind in KINDS:
                key = next((k for k in first.documents if k.startswith(f"{kind}/")), None)
                if key is None:
                    continue
                word, value = relabelled(first.documents[key])
                patch = patches.read([{"op": "add", "path": patches.pointer((key, word)), "value": value}])
                drafts.amend(writing, drafts.load(connection, name, lock=True), patch)
                changed = drafts.load(connection, name, lock=True)
                assert list(changed.documents) == list(first.documents)
                others = {k for k, data in changed.documents.items() if data is not first.documents[k]}
                assert others == {key}
                old, new = (document_text(one.documents[key]).split("\n") for one in (first, changed))
                assert all("label:" in line for line in ndiff(old, new) if line[:2] in ("- ", "+ ")), key
                drafts.undo(writing, changed)
                assert drafts.load(connection, name, lock=True).changed == frozenset()
                acts += 1
            assert files_of(drafts.load(connection, name, lock=True).documents) == before
    assert acts > 40


def test_what_a_template_keeps_is_whole_already(engine: sa.Engine) -> None:
    """Opening a document in the studio gives it nothing: its ids are all there, its short forms are long ones."""
    with engine.begin() as connection:
        for name in versions.all_apps(connection):
            for key, data in drafts.load(connection, name).documents.items():
                if not key.startswith("file/"):
                    again = identified(name, key.partition("/")[0], data)
                    assert json.dumps(again) == json.dumps(data), (name, key)
