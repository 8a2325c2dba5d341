"""The stories that the investment template tells, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from databases import drop, fresh_url
from dougong_runtime.storage.dialects import make_engine
from dougong_runtime.stories import play
from dougong_runtime.stories.stage import Stage, set_up
from staged import template

SOURCE, APP = template("crm_investment")
STORIES = {raw.name: raw for raw in SOURCE.stories()}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stage, sa.Engine]]:
    """The template installed; each story is played when it is asked for, in whichever process that is."""
    url = fresh_url(request.param, tmp_path_factory.mktemp("stories"))
    engine = make_engine(url)
    with engine.begin() as connection:
        made = set_up(connection, APP, SOURCE)
    yield made, engine
    engine.dispose()
    drop(url)


@pytest.mark.parametrize("title", STORIES)
def test_the_story_goes_as_told(stage: tuple[Stage, sa.Engine], title: str) -> None:
    result = play(STORIES[title], *stage)
    assert result.ok, result.why("en")


def test_every_story_has_a_title_of_its_own() -> None:
    assert len(STORIES) == len(list(SOURCE.stories())) > 40
