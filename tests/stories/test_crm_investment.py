"""The stories that the investment template tells, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from databases import fresh_url
from dougong_runtime.documents.source import read
from dougong_runtime.storage.dialects import make_engine
from dougong_runtime.stories import StoryResult, run

TEMPLATE = Path(__file__).parents[2] / "templates" / "crm_investment"
SOURCE = read(TEMPLATE)
TITLES = [raw.name for raw in SOURCE.stories()]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def results(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, StoryResult]:
    engine = make_engine(fresh_url(request.param, tmp_path_factory.mktemp("stories")))
    try:
        return {result.title: result for result in run(SOURCE, engine)}
    finally:
        engine.dispose()


@pytest.mark.parametrize("title", TITLES)
def test_the_story_goes_as_told(results: dict[str, StoryResult], title: str) -> None:
    assert results[title].ok, results[title].why("en")


def test_every_story_has_a_title_of_its_own() -> None:
    assert len(set(TITLES)) == len(TITLES) > 40
