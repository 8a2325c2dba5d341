"""The page of components is whole in both themes, both languages and both widths: axe, and what the eye sees."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from looking import at_a_glance, findings, too_wide
from playwright.sync_api import Page, expect
from serving import Served, clinic, serving

Visit = Callable[..., Page]
LOOKS = [("zh", False, 1440), ("en", True, 390), ("zh", True, 1440), ("en", False, 390)]
LOOKS = LOOKS if int(os.environ.get("DOUGONG_TEST_EFFORT", "1")) > 1 else LOOKS[:2]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The clinic on a site for development."""
    with serving(clinic(tmp_path_factory.mktemp("components"), development="1")) as running:
        yield running


@pytest.mark.parametrize(("language", "dark", "width"), LOOKS)
def test_every_component_can_be_seen_and_named(visit: Visit, language: str, dark: bool, width: int) -> None:
    page = visit(width=width, height=900 if width > 640 else 844, dark=dark)
    page.goto(f"/dev/components?lang={language}")
    expect(page.locator("[data-component=value]")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert findings(page) + at_a_glance(page, "[data-component]") + too_wide(page) == []
