"""The manual says what the registry says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_the_manual_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, ROOT / "tools" / "document_formulas.py", "--check"], check=False)
    assert done.returncode == 0, "run python tools/document_formulas.py"
