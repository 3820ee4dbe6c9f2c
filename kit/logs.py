"""Logs: one JSON object a line, with the ids of what is in hand, and nothing personal.

Only fields of `FIELDS` pass; an exception is told by its class and the places it came through, never by its text, because
texts of exceptions carry input. The message is a fixed snake_case event name, not a formatted sentence.
"""

import logging
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import orjson

FIELDS = frozenset(
    {
        # what is in hand
        "event_id", "event_type", "report_id", "ticket_id", "delivery_id", "municipality", "traceparent", "channel",
        # where
        "topic", "partition", "offset", "reader", "partitions", "dependency", "port", "url", "path", "command",
        # how it went
        "outcome", "error", "reason", "attempt", "attempts", "pause_seconds", "seconds", "count", "size", "status",
        "defects", "rule", "category", "state", "template", "way", "digest", "label", "level", "actor", "role", "method",
        "instance", "mailbox", "left", "settings", "signal", "from_librdkafka",
    }
)  # fmt: skip
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_bound: ContextVar[Mapping[str, Any]] = ContextVar("bound_log_fields", default=MappingProxyType({}))
_strict = False


class UnknownLogField(ValueError):
    """A field that `FIELDS` does not name; raised in tests, left out in service."""


@contextmanager
def bind(**fields: Any) -> Iterator[None]:
    """Adds fields to every line logged inside the block."""
    token = _bound.set({**_bound.get(), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


class JsonFormatter(logging.Formatter):
    """One line of JSON per record."""

    def __init__(self, service: str, instance: str) -> None:
        super().__init__()
        self._origin = {"service": service, "instance": instance}

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end. Foreign libraries' messages are kept only as the name of their logger and place."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            **self._origin,
            "event": _event_name(record),
            **_bound.get(),
        }
        for name, value in vars(record).items():
            if name in _STANDARD:
                continue
            if name in FIELDS:
                line[name] = value
            elif _strict:
                raise UnknownLogField(name)
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = describe_exception(record.exc_info[1])
        return orjson.dumps(line, default=str).decode()


def _event_name(record: logging.LogRecord) -> str:
    # Only our own loggers use fixed event names; a library's message may quote an address or a subject.
    if isinstance(record.msg, str) and not record.args and record.msg.isidentifier():
        return record.msg
    return f"{record.name}:{record.funcName}:{record.lineno}"


def describe_exception(error: BaseException | None) -> list[str]:
    """Class names along the chain of causes, each with the places it came through; no texts."""
    described: list[str] = []
    while error is not None and len(described) < 5:
        frames = traceback.extract_tb(error.__traceback__)[-8:]
        places = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames))
        described.append(f"{type(error).__module__}.{type(error).__qualname__} at {places}")
        error = error.__cause__ or error.__context__
    return described


def setup(service: str, instance: str, level: str = "INFO", *, strict: bool = False) -> None:
    """Sends all logs to standard output as JSON. `strict` raises on fields that `FIELDS` does not name."""
    global _strict
    _strict = strict
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(service, instance))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Chatty in an outage (75 lines a second), and we tell of the outage ourselves.
    for noisy in ("aiokafka", "faust", "mode", "pymongo", "urllib3", "mail.log", "uvicorn.access", "imapclient"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    sys.excepthook = _log_uncaught


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("kit").critical("process_failed", exc_info=(kind, error, trace))
