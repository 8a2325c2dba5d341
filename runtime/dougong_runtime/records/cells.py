"""Which cells of a row a reader sees, sees masked, or does not see at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dougong_runtime.access.grants import EntityAccess, HeldGrant, Shown, mask_of
from dougong_runtime.access.masks import masked
from dougong_runtime.model.app import Mask


@dataclass(frozen=True, slots=True)
class _Verdict:
    hidden: tuple[str, ...]
    masks: tuple[tuple[str, Mask], ...]


class Cells:
    """Applies a reader's grants to rows. Where cells depend on the row, its flags say which grants hold there."""

    def __init__(self, access: EntityAccess, names: Iterable[str]) -> None:
        self._access = access
        self._names = [n for n in names if n in access.entity.fields]
        always = () if access.everything else tuple(h for h in access.reading if h.grant.rows == "all")
        self._always = always
        self.asked: tuple[HeldGrant, ...] = ()
        """Grants whose row rule must be selected as a flag, in this order."""
        if not access.everything and self._depends():
            self.asked = tuple(h for h in access.reading if h.grant.rows != "all")
        self._verdicts: dict[tuple[bool, ...], _Verdict] = {}

    def _depends(self) -> bool:
        """Whether a cell's look depends on which grants reach its row: one shows, another masks or masks otherwise."""
        fields = (self._access.entity.fields[n] for n in self._names)
        return any(
            len({(h.shows(f), h.grant.mask.get(f.name)) for h in self._access.reading}) > 1 for f in fields
        )

    def shown(self, name: str, flags: Sequence[bool]) -> Shown:
        """How one cell shows, in a row with these flags."""
        verdict = self._verdict(tuple(bool(f) for f in flags))
        if name in verdict.hidden:
            return "no"
        return "masked" if any(n == name for n, _ in verdict.masks) else "yes"

    def apply(self, row: dict[str, Any], flags: Sequence[Any] = ()) -> list[str]:
        """Take out of a row what is hidden and mask what is masked, in place; gives the names masked."""
        if self._access.everything:
            return []
        verdict = self._verdict(tuple(bool(f) for f in flags))
        for name in verdict.hidden:
            row.pop(name, None)
        changed = []
        for name, mask in verdict.masks:
            if name in row and row[name] is not None:
                row[name] = masked(self._access.entity.fields[name], row[name], mask)
                changed.append(name)
        return changed

    def _verdict(self, flags: tuple[bool, ...]) -> _Verdict:
        found = self._verdicts.get(flags)
        if found is None:
            found = self._verdicts[flags] = self._decide(flags)
        return found

    def _decide(self, flags: tuple[bool, ...]) -> _Verdict:
        if self.asked:
            reaching = [*self._always, *(h for h, flag in zip(self.asked, flags, strict=True) if flag)]
        else:
            reaching = list(self._access.reading)
        hidden, masks = [], []
        for name in self._names:
            field = self._access.entity.fields[name]
            ways = {h.shows(field) for h in reaching}
            if "yes" in ways:
                continue
            if "masked" in ways:
                masks.append((name, mask_of(field, reaching)))
            else:
                hidden.append(name)
        return _Verdict(tuple(hidden), tuple(masks))


def flags_of(row: Mapping[str, Any], count: int) -> tuple[bool, ...]:
    """The flags that a statement selected as `flag_0`, `flag_1` …"""
    return tuple(bool(row[f"flag_{i}"]) for i in range(count))
