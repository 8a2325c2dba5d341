"""pgbouncer pooling transactions in front of a server, for tests: two server connections for everybody."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from databases import free_port

POOLED = 2


@contextmanager
def pooled(url: str) -> Iterator[str]:
    """The URL of the same database through pgbouncer."""
    parsed = sa.make_url(url)
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="dougong-pool-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    (folder / "users.txt").write_text('"dougong" ""\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = host=127.0.0.1 port={parsed.port}\n[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = trust\n"
        f"auth_file = {folder / 'users.txt'}\npool_mode = transaction\nmax_client_conn = 100\n"
        f"default_pool_size = {POOLED}\n"
    )
    process = subprocess.Popen(
        [_program(), str(folder / "pgbouncer.ini")],
        user=user,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        yield parsed.set(port=port).render_as_string(hide_password=False)
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("pgbouncer does not answer")


def _program() -> str:
    """Debian keeps it where the search path of an ordinary user does not lead."""
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        raise RuntimeError("pgbouncer is missing: `make setup` installs it (Debian package pgbouncer)")
    return found
