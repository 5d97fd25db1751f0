"""How a log line is written: for people, or as JSON for a collector (setting DIP_LOG_FORMAT)."""

import json
import logging
from datetime import UTC, datetime

from dip_portal.lib import correlation

LINE = "%(asctime)s %(levelname)s %(name)s [%(correlation_id)s] %(message)s"
FORMATS = ("line", "json")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, environment, correlation id, message.

    `exception` is there if one is told of. A record's `fields` (a mapping) are members too.
    Everything but ASCII is escaped, so that no text can break the line or the stream.
    """

    def __init__(self, environment: str) -> None:
        super().__init__()
        self.environment = environment

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "environment": self.environment,
            "correlation_id": getattr(record, "correlation_id", correlation.current()),
            "process": record.process,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


def without_traceback(record: logging.LogRecord) -> bool:
    """Drop the traceback of a record, as a logging filter: its message says it all."""
    record.exc_info = None
    return True
