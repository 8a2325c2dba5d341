"""A view's records otherwise than in a table: lanes of cards, a calendar, a gallery, a time line, a tree."""

from dougong_runtime.pages.lists.frame import Frame

__all__ = ["Frame"]
"""What every way starts from; named here so that the list's modules, which import the ways, are there first."""
