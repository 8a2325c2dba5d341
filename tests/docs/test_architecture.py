"""The page of the architecture names what is there, and leaves no package out."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PACKAGES = {name: ROOT / name / f"dougong_{name}" for name in ("runtime", "designer", "platform")}


def named() -> set[str]:
    """Paths of modules in the page, as it writes them."""
    return set(re.findall(r"`((?:runtime|designer|platform|tests|tools)/[\w/]+\.py)`", PAGE))


def test_every_module_named_is_there() -> None:
    for path in named():
        root, _, rest = path.partition("/")
        assert (PACKAGES.get(root, ROOT / root) / rest).is_file(), path


def test_every_package_is_met() -> None:
    met = {path.rpartition("/")[0] for path in named()}
    for name, folder in PACKAGES.items():
        for package in folder.rglob("__init__.py"):
            inside = package.parent.relative_to(folder)
            if any(module.stem != "__init__" for module in package.parent.glob("*.py")):
                assert f"{name}/{inside}".rstrip("/.") in met, inside


def test_every_decision_has_a_number_of_its_own() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md")]
    assert sorted(numbers) == sorted(set(numbers))
    assert all(number.isdigit() for number in numbers)
