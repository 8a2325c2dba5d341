"""A template's own acceptance tests: stories, run on a scratch database and a virtual clock."""

from dougong_runtime.stories.run import StoryResult, play, run, run_template

__all__ = ["StoryResult", "play", "run", "run_template"]
