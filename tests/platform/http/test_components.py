"""The page of components: every one has an example, drawn in both languages; on a site for development only."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from clinic import Clinic
from dougong_runtime.pages import examples
from dougong_runtime.pages.render import COMPONENTS


@pytest.fixture
def shows(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site says that it is for development."""
    given = replace(clinic.site.settings, development=True)
    monkeypatch.setattr(type(clinic.site), "settings", given)


def test_every_component_has_an_example() -> None:
    lacking = [one.name for one in examples.components() if not (COMPONENTS / one.template).is_file()]
    assert lacking == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_all_are_drawn(clinic: Clinic, shows: None, language: str) -> None:
    answer = clinic.browser("dr_lin").get(f"/dev/components?lang={language}")
    assert answer.status_code == 200, answer.text[-400:]
    parts = answer.text.split('<section class="set" id="')[1:]
    drawn = {part.partition('"')[0]: part.partition("</h2>")[2] for part in parts}
    assert list(drawn) == [one.name for one in examples.components()]
    assert [name for name, markup in drawn.items() if len(re.sub(r"\s", "", markup)) < 60] == []


def test_nobody_finds_it_on_a_site_for_work(clinic: Clinic) -> None:
    assert clinic.browser("dr_lin").get("/dev/components").status_code == 404
