"""A font on this machine that has Chinese in it: a PDF has to bring along the letters that it is written with.

None comes with the program, for the smallest that holds all characters in use has ten megabytes; every desktop has one,
and servers have a package of one (`fonts-noto-cjk` with Debian).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
FILES = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.otf",
    "NotoSansSC-Regular.ttf",
    "SourceHanSansCN-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "msyh.ttc",
    "Deng.ttf",
    "simhei.ttf",
    "Hiragino Sans GB.ttc",
    "STHeiti Light.ttc",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "uming.ttc",
)
"""By their looks, the best first."""


@cache
def find_font(named: str = "") -> Path | None:
    """The file that a setting names, else the best of those that are usual; None where there is none."""
    if named:
        chosen = Path(named).expanduser()
        return chosen if chosen.is_file() else None
    there: dict[str, Path] = {}
    for folder in FOLDERS:
        root = Path(folder).expanduser()
        if root.is_dir():
            there.update({p.name: p for p in root.rglob("*") if p.name in FILES})
    return next((there[name] for name in FILES if name in there), None)
