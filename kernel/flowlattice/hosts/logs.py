"""What hosts log, and how: a line for each event on stderr, as text for people or as JSON for machines.

Code logs with the standard library, and says with `extra` which run, flow and node it is about. A line never holds
what clients sent: of an error it has the type and the place, not the text, which may quote it; of a call that failed
also why, without what the other side may have quoted.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from flowlattice.errors import CallFailed

LogFormat: TypeAlias = Literal["text", "json"]

_ABOUT: Final = ("flow", "node", "run", "error", "place", "kind", "said")
_Event: TypeAlias = MutableMapping[str, Any]
# They log what clients send wrongly, byte by byte; what it means for a client it is told in the answer.
_QUOTING: Final = ("python_multipart", "opentelemetry.trace", "opentelemetry.baggage")


def set_up_logs(style: LogFormat | None = None, *, worker: int | None = None) -> None:
    """Log on stderr from now on, in this process.

    Args:
        style: By default text where stderr is a terminal, else JSON.
        worker: The number of this worker, for each line, where there are several.
    """
    import structlog  # takes longer than the hosts that never come here may wait

    is_text = sys.stderr.isatty() if style is None else style == "text"

    def numbered(_logger: object, _method: str, event: _Event) -> _Event:
        return event if worker is None else {**event, "worker": worker}

    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(_ABOUT),
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
                _without_text_of_errors,
                numbered,
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *([_as_text] if is_text else [_in_order, structlog.processors.JSONRenderer()]),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("flowlattice").setLevel(logging.INFO)
    for name in _QUOTING:
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("uvicorn.error").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Whether the server's line says what is not said: an answer that breaks off is in the log with its run."""
    return "without completing response" not in record.getMessage()


def about(error: BaseException, *, run: str, flow: str, node: str | None = None) -> dict[str, str]:
    """What a line about an error is about, for `extra`."""
    said = {"run": run, "flow": flow, "error": type(error).__name__, "place": place_of(error)}
    if isinstance(error, CallFailed):
        said.update(kind=error.kind, said=error.line)
    return said if node is None else {**said, "node": node}


def place_of(error: BaseException) -> str:
    """File and line where an error was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"


def _without_text_of_errors(_logger: object, _method: str, event: _Event) -> _Event:
    info = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if isinstance(info, tuple) and isinstance(info[1], BaseException):
        event.update(error=type(info[1]).__name__, place=place_of(info[1]))
    event["event"] = str(event["event"]).strip()
    if event["logger"] == "asyncio":  # what follows the first line of its messages shows values
        event["event"] = event["event"].partition("\n")[0]
    return event


def _in_order(_logger: object, _method: str, event: _Event) -> _Event:
    first = ("at", "level", "event", "flow", "node", "run")
    return {**{name: event[name] for name in first if name in event}, **event}


def _as_text(_logger: object, _method: str, event: _Event) -> str:
    worker = f" worker {event['worker']}" if "worker" in event else ""
    words = " ".join(str(event["event"]).split())
    error = f" ({event['error']} at {event['place']})" if "error" in event and event["error"] not in words else ""
    said = f"; {event['said']} [{event['kind']}]" if "said" in event else ""
    return f"{event['at']} {event['level']}{worker}: {words}{error}{said}"
