"""How often Python looks for garbage that refers to itself.

It does so after every 700 new objects, and from time to time through all there are: the running apps and their
statements, some hundred thousand objects that never go. An import and a list of 50 spent a seventh of their CPU
so. No process was seen to grow by looking seldom: what does not refer to itself is freed at once as ever.
"""

from __future__ import annotations

import gc

_NEW_OBJECTS = 50_000
_YOUNG_ROUNDS = 20
_MIDDLE_ROUNDS = 100


def collect_seldom() -> None:
    """For a process that serves or imports, once it has loaded what it needs: what is there now is not looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, _YOUNG_ROUNDS, _MIDDLE_ROUNDS)
