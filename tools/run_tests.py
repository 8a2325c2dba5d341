"""Run all tests: one PostgreSQL cluster for them all, two processes, browser tests apart so that they do not starve.

`python tools/run_tests.py [pytest arguments]`. The exit status is pytest's first failure.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from databases import postgresql_cluster  # noqa: E402  (the path is set above)


def main() -> int:
    """Run both parts; the second also when the first fails, so that one run tells all."""
    environment = {**os.environ, "DOUGONG_TEST_CLUSTER": postgresql_cluster()}
    workers = str(min(4, os.cpu_count() or 2))
    parts = [
        ["tests", "--ignore=tests/browser", "-n", workers, "--dist", "worksteal"],
        ["tests/browser"],
    ]
    worst = 0
    for part in parts:
        command = [sys.executable, "-m", "pytest", *part, *sys.argv[1:]]
        worst = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode or worst
    return worst


if __name__ == "__main__":
    raise SystemExit(main())
