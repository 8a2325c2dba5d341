"""A view as somebody saved it: a name, what the list's address would say of it, and who sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dougong_runtime.pages.layout import Layout

STATE_NAMES = ("filter", "sort", "group", "as", "columns", "freeze", "totals")
"""What a saved view says, by the names that the address has for it. `filter` is the whole condition."""
NAME_LENGTH_MAX = 60


@dataclass(frozen=True, slots=True)
class SavedView:
    """A saved view as one person finds it."""

    id: str
    entity: str
    base: str
    """Name of the view that it was saved from."""
    name: str
    by: str
    """Record id of the person who saved it."""
    roles: tuple[str, ...] | None
    """Whom it is shared with: holders of these roles; of any role of the app where there are none named; None: it is
    private."""
    state: Mapping[str, str]
    version: int
    mine: bool
    """Whether this person saved it."""
    may_change: bool
    """Whether this person may rename, change, share and delete it."""

    @property
    def is_shared(self) -> bool:
        """Whether others see it."""
        return self.roles is not None


@dataclass(frozen=True, slots=True)
class Mine:
    """What one person has of an entity's views: the saved ones that they see, and what they keep of each view, by the
    name that its address has."""

    views: tuple[SavedView, ...] = ()
    kept: Mapping[str, Layout] = field(default_factory=dict)
    default: str = ""
    """The view that opens where none is named."""
    order: tuple[str, ...] = ()
    """Views in the order of the person's tabs; those not named stand behind, in their own order."""
    may_curate: bool = False
    """Whether the person may change what others have shared, and share with roles that are not their own."""
    may_save: bool = True
    """Whether the person may save views: not while viewing as another."""
    roles: tuple[str, ...] = ()
    """The roles with which the person may share."""
