"""Run all tests: one PostgreSQL cluster for them all; browser tests apart, two at a time, so that they do not starve.

`python tools/run_tests.py [pytest arguments]`. The exit status is pytest's first failure. What the tests write lies in
one temporary folder, home folder included, in memory where there is room; it is gone afterwards, as are all processes
that they started.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from databases import memory, postgresql_cluster, stop_cluster  # noqa: E402  (the path is set above)

PART_SECONDS_MAX = 1_800
"""Each test has a limit of its own (pyproject.toml); this one ends what hangs between tests."""
CLOSING_SECONDS = 10
"""For what an interrupted part has to say."""
HUNG = 124
"""Exit status of a part that did not end in time, as `timeout` has it."""


def main() -> int:
    """Run both parts; the second also when the first fails, so that one run tells all."""
    signal.signal(signal.SIGTERM, _end)
    folder = Path(tempfile.mkdtemp(prefix="dougong-tests-", dir=memory()))
    folder.chmod(0o711)  # PostgreSQL's user has a folder of its own in it.
    home = folder / "home"
    home.mkdir()
    workers = str(min(4, os.cpu_count() or 2))
    try:
        environment = {
            **os.environ,
            "DOUGONG_TEST_CLUSTER": postgresql_cluster(str(folder)),
            "HOME": str(home),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"),
            "TMPDIR": str(folder),
        }
        parts = [
            ["tests", "--ignore=tests/browser", "-n", workers, "--dist", "worksteal"],
            ["tests/browser", "-n", "2", "--dist", "loadfile"],
        ]
        worst = 0
        for part in parts:
            worst = run([*part, "-p", "no:cacheprovider", *sys.argv[1:]], environment) or worst
        return worst
    finally:
        stop_cluster()
        shutil.rmtree(folder, ignore_errors=True)


def run(arguments: list[str], environment: dict[str, str]) -> int:
    """One pytest in a process group, of which nothing remains; gives its exit status."""
    command = [sys.executable, "-m", "pytest", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, process_group=0)
    try:
        return process.wait(PART_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        print(f"no end after {PART_SECONDS_MAX} seconds: {' '.join(arguments)}", file=sys.stderr)
        return HUNG
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(CLOSING_SECONDS)
        raise
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _end(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main())
