"""Logs: one event a line, as JSON or for the eye, each with the request it belongs to.

What people entered is never logged: events carry ids, counts and times. What a client can choose (a path, a header)
has its control characters escaped, so that nobody writes a line of their own into the log.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from dougong_platform.settings import Settings

TEXT_LENGTH_MAX = 2_000
"""Longer texts are cut; a client may send a path of a megabyte."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_QUIET = ("uvicorn.access", "asyncio", "multipart", "python_multipart")


def configure(settings: Settings) -> None:
    """Send the logs of this process, those of libraries too, to the standard error stream in one form."""
    form = settings.log_format
    if form == "auto":
        form = "console" if sys.stderr.isatty() else "json"
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        harmless,
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger; `logger(__name__).info("published", app="clinic", number=3)`."""
    made: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return made


def for_request(request: str) -> Mapping[str, Any]:
    """Name the request that the events of this context belong to, from here on. Gives tokens for `reset`."""
    structlog.contextvars.clear_contextvars()
    return structlog.contextvars.bind_contextvars(request=request)


def harmless(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Escape control characters and cut what is too long, in every text of an event; exceptions keep their lines."""
    for key, value in event.items():
        if isinstance(value, str) and key != "exception":
            event[key] = _plain(value)
    return event


def _plain(text: str) -> str:
    cut = text if len(text) <= TEXT_LENGTH_MAX else text[:TEXT_LENGTH_MAX] + "…"
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", cut)
