"""The command `dougong`: a file per group of commands.

Exit status: 0 done, 1 refused with reasons, 2 misused.
"""

from __future__ import annotations

from dougong_platform.cli.main import main

__all__ = ["main"]
