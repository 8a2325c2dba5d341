"""Whether the bytes of all files lie where they should, and are what they were."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator

from dougong_platform.doctor.finding import Looked, bad, check, good
from dougong_platform.site import Site
from dougong_runtime.records import file_table

READ_BYTES_MAX = 512 << 20
"""Contents read and digested at one look, from a place that chance chooses; the sizes of all are looked at."""
NAMED_MAX = 5


@check("files", is_slow=True)
def files(site: Site) -> Looked:
    """Contents that are missing, of another size, or of another digest than when they were handed in."""
    start = secrets.token_hex(32)
    count, left = 0, READ_BYTES_MAX
    missing: list[str] = []
    altered: list[str] = []
    for sha256, size in _around(site, start):
        count += 1
        kept = site.files.find(sha256)
        if kept is None:
            missing.append(sha256)
        elif kept.size != size:
            altered.append(sha256)
        elif size <= left:
            left -= size
            if _digest(site, sha256) != sha256:
                altered.append(sha256)
    if missing:
        yield bad(
            f"缺少 {len(missing)} 个文件的内容：{_listed(missing)}",
            f"The content of {len(missing)} files is missing: {_listed(missing)}",
            "从备份中取回这些文件（以 SHA-256 命名）放回存放处",
            "Bring them back from a backup: they are named by their SHA-256",
        )
    if altered:
        yield bad(
            f"{len(altered)} 个文件的内容变了：{_listed(altered)}",
            f"The content of {len(altered)} files is not what it was: {_listed(altered)}",
            "从备份中取回这些文件，并检查磁盘",
            "Bring them back from a backup, and look at the disk",
        )
    if not missing and not altered:
        yield good(f"{count:,} 个文件的内容都在", f"The contents of all {count:,} files are there")


def _around(site: Site, start: str) -> Iterator[tuple[str, int]]:
    """All contents that there must be, from one digest on and round to it again."""
    for first, last in ((start, None), ("", start)):
        after = first
        while True:
            with site.database.read() as connection:
                found = file_table.contents(connection, after)
            for sha256, size in found:
                if last is not None and sha256 > last:
                    return
                yield sha256, size
            if not found:
                break
            after = found[-1][0]


def _digest(site: Site, sha256: str) -> str:
    made = hashlib.sha256()
    for piece in site.files.read(sha256):
        made.update(piece)
    return made.hexdigest()


def _listed(digests: list[str]) -> str:
    more = f" … +{len(digests) - NAMED_MAX}" if len(digests) > NAMED_MAX else ""
    return ", ".join(d[:12] for d in digests[:NAMED_MAX]) + more
