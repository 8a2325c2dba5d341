"""What is wrong with a draft, and who names whom in it. Linking is costly (a fifth of a second for a large app), so it
is done once a revision and kept; what only redraws a document does without.

check(draft, others)     the linked app as far as it holds, every problem, all references
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from types import MappingProxyType

from dougong_designer.draft import Draft
from dougong_runtime.model.app import App
from dougong_runtime.model.link import Linked, examine_stored

KEPT_MAX = 8
"""Drafts that a process keeps linked."""

_kept: OrderedDict[tuple[str, int, int], tuple[object, Mapping[str, str], Linked]] = OrderedDict()
_keeping = Lock()
_linking = Lock()


def check(draft: Draft, others: Mapping[str, App] = MappingProxyType({})) -> Linked:
    """The draft linked: `app` (None where it does not hold at all), `problems` with places, `references`.

    `others`: the apps installed beside it, for `requires`.
    """
    key = (draft.app, draft.base, draft.revision)
    beside = {name: app.version for name, app in others.items()}

    def find() -> Linked | None:
        with _keeping:
            known = _kept.get(key)
            if known is None or known[0] is not draft.documents or known[1] != beside:
                return None
            _kept.move_to_end(key)
            return known[2]

    found = find()
    if found is not None:
        return found
    with _linking:  # Several parts of a page ask at once: one links, the others have what it made.
        found = find()
        if found is None:
            found = examine_stored(draft.documents, others)
            with _keeping:
                _kept[key] = (draft.documents, beside, found)
                while len(_kept) > KEPT_MAX:
                    _kept.popitem(last=False)
    return found
