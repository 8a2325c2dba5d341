"""Room for what is written."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import sqlalchemy as sa

from dougong_platform.doctor.finding import Looked, bad, check, good, warning
from dougong_platform.site import Site

FREE_BYTES_LEAST = 1 << 30
FREE_SHARE_LEAST = 20
"""A twentieth of the disk."""
LOG_BYTES_MOST = 1 << 30
"""SQLite's write-ahead log, which grows while a reader keeps it from being written back."""


@check("disk", needs="nothing")
def disk(site: Site) -> Looked:
    """The data folder's disk, and that of a SQLite file elsewhere."""
    folders = {"data": site.settings.data_dir}
    url = sa.make_url(site.settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        folders["database"] = Path(url.database).resolve().parent
    seen: set[int] = set()
    for folder in folders.values():
        device = folder.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        yield from _room(folder)
        if not os.access(folder, os.W_OK):
            yield bad(
                f"不能写入 {folder}",
                f"Nothing can be written to {folder}",
                "检查目录的属主和权限",
                "Check the folder's owner and mode",
            )
    if url.database and url.get_backend_name() == "sqlite":
        log = Path(url.database + "-wal")
        if log.exists() and log.stat().st_size > LOG_BYTES_MOST:
            yield warning(
                f"SQLite 的日志文件已有 {log.stat().st_size >> 20:,} MB",
                f"SQLite's log has grown to {log.stat().st_size >> 20:,} MB",
                "有长时间的读取挡住了回写；结束它，或重启服务",
                "A reader that never ends keeps it from being written back: end it, or restart",
            )


def _room(folder: Path) -> Looked:
    usage = shutil.disk_usage(folder)
    gigabytes = f"{usage.free / (1 << 30):.1f} GB"
    if usage.free < FREE_BYTES_LEAST:
        yield bad(
            f"{folder} 所在磁盘只剩 {gigabytes}",
            f"Only {gigabytes} are free beside {folder}",
            "清理磁盘或换更大的；写满后写入会失败",
            "Make room: writes fail once it is full",
        )
    elif usage.free * FREE_SHARE_LEAST < usage.total:
        yield warning(
            f"{folder} 所在磁盘剩余 {gigabytes}，不到 5%",
            f"{gigabytes} are free beside {folder}, less than 5 %",
            "尽快清理磁盘",
            "Make room soon",
        )
    else:
        yield good(f"{folder} 所在磁盘剩余 {gigabytes}", f"{gigabytes} free beside {folder}")
