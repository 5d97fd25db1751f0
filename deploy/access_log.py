"""gunicorn's logger, without the secrets that a URL can carry.

The links of an invitation, of a password reset and of a domain's approval each hold a
one-time token. Whoever reads the log could use it before its owner does.
deploy/gateway/nginx.conf has the same rule.
"""

import logging
import os
import re

from gunicorn.config import Config
from gunicorn.glogging import Logger, SafeAtoms

from dip_portal.lib.logs import JsonFormatter

# The token is what follows one of these paths, in whatever encoding the client sent it.
_SLASH = r"(?:/|%2f)"
_TOKEN = re.compile(
    rf"({_SLASH}(?:invitations{_SLASH}accept|domains{_SLASH}approve){_SLASH}"
    rf"|{_SLASH}password{_SLASH}reset{_SLASH}key{_SLASH})"
    r"(?!%2f)[^/?#\s\"']+",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """Return the text with the token of every invitation and password link left out."""
    return _TOKEN.sub(r"\1[redacted]", text)


class RedactTokens(logging.Filter):
    """Takes one-time tokens out of a log record, wherever the record has them."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, SafeAtoms):
            record.correlation_id = record.args["{x-correlation-id}o"]
            record.fields = {"status": record.args["s"], "milliseconds": record.args["M"]}
        record.msg = redact(record.getMessage())
        record.args = None
        return True


class RedactingLogger(Logger):
    """gunicorn's own logger with RedactTokens on its access and its error log.

    With DIP_LOG_FORMAT=json its lines are JSON as those of the portal are.
    """

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        for log in (self.access_log, self.error_log):
            if not any(isinstance(known, RedactTokens) for known in log.filters):
                log.addFilter(RedactTokens())
            if os.environ.get("DIP_LOG_FORMAT") == "json":
                for handler in log.handlers:
                    handler.setFormatter(JsonFormatter(os.environ.get("DIP_ENVIRONMENT", "uit")))
