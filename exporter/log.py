"""Logs on standard error, as logfmt or JSON, those of the libraries included."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from typing import Literal, TextIO

import structlog

LEVELS = ("debug", "info", "warning", "error")
LogFormat = Literal["logfmt", "json"]


def configure_log(level: str, format_: LogFormat, stream: TextIO | None = None) -> None:
    """Send all logs to the stream, in one format. Tracebacks are written without local variables, which may hold a key."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        structlog.processors.format_exc_info,
    ]
    order = ["ts", "level", "event"]
    logfmt = structlog.processors.LogfmtRenderer(key_order=order, bool_as_flag=False)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False) if format_ == "json" else logfmt,
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    handler.addFilter(_is_ours)
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _is_ours(record: logging.LogRecord) -> bool:
    """Leave out what aiohttp tells of requests that are not HTTP: the fault is the client's, and the text quotes its headers."""
    error = record.exc_info[1] if record.exc_info else None
    return type(error).__module__ != "aiohttp.http_exceptions"


def frames(error: BaseException) -> str:
    """Where an error arose, without its text and without local variables: either may hold a key."""
    return " > ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__))


def leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    """The errors of a group, those of groups inside it included."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from leaves(error)
        else:
            yield error
