"""`dougong serve`: the web server."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
import urllib.request
import webbrowser
from typing import Annotated

import typer

from dougong_platform.cli.terminal import say, tell
from dougong_platform.settings import Settings
from dougong_platform.site import Site
from dougong_runtime.errors import problem_type, refuse

PORT_TAKEN = problem_type(
    "port-taken",
    409,
    "不能在 {host}:{port} 监听：{why}",
    "Cannot listen on {host}:{port}: {why}",
    remedy=(
        "用 --port 换一个端口，或停止占用它的程序。",
        "Use another --port, or stop the program that has it.",
    ),
)

Port = Annotated[int | None, typer.Option(min=0, max=65535, help=say("端口", "Port"))]


def serve(
    port: Port = None,
    host: Annotated[str | None, typer.Option(help=say("地址", "Address"))] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help=say("进程数", "Processes"))] = None,
    open_browser: Annotated[bool, typer.Option("--open", help=say("打开浏览器", "Open a browser"))] = False,
) -> None:
    settings = Settings.load(port=port, host=host, workers=workers)
    require_free(settings)
    if settings.workers > 1:
        site = Site(settings)
        site.database.install()
        site.database.close()
    run(settings, open_browser=open_browser)


serve.__doc__ = say("启动服务", "Serve the site")


def require_free(settings: Settings) -> None:
    """Raises `Refused` (PORT_TAKEN) where another program listens on the port, before any work is done."""
    if settings.port == 0:
        return
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((settings.host, settings.port))
        except OSError as error:
            why = error.strerror or str(error)
            raise refuse(PORT_TAKEN, host=settings.host, port=settings.port, why=why) from None


def run(settings: Settings, afresh: bool = False, open_browser: bool = False) -> None:
    """Serve until stopped. Worker processes read the settings anew, so what was decided here goes by environment.

    `afresh`: in a new program image, so that memory which earlier work took does not stay for as long as is served.
    """
    os.environ["DOUGONG_DATA_DIR"] = str(settings.data_dir)
    os.environ["DOUGONG_DATABASE_URL"] = settings.database_url
    os.environ["DOUGONG_DEMO"] = str(settings.demo).lower()
    if afresh and sys.platform != "win32":
        options = [
            "--host",
            settings.host,
            "--port",
            str(settings.port),
            *(["--open"] if open_browser else []),
        ]
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, "-P", "-m", "dougong_platform", "serve", *options])
    if open_browser:
        address = f"http://{settings.host}:{settings.port}"
        threading.Thread(target=_open_when_ready, args=(address,), daemon=True).start()
    where = f"[{settings.host}]" if ":" in settings.host else settings.host
    tell(
        say(
            f"在 http://{where}:{settings.port} 服务，Ctrl+C 停止",
            f"Serving on http://{where}:{settings.port}, stop with Ctrl+C",
        )
    )
    # Loaded by who serves alone: the other commands start in half the time without the pages.
    import uvicorn

    from dougong_platform.http import protocol
    from dougong_platform.serving import application

    uvicorn.run(
        f"{application.__module__}:{application.__name__}",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=15,
        **protocol.options(),
    )


def _open_when_ready(address: str) -> None:
    for _ in range(100):
        try:
            with urllib.request.urlopen(address + "/healthz", timeout=1):
                break
        except OSError:
            time.sleep(0.1)
    webbrowser.open(address)
