"""What was caught: each call a file, the newest ones kept; and the answer that is given.

One process serves the catcher, so that a lock of its own is enough.
"""

import base64
import json
import re
import threading
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from catcher import settings
from catcher.checks import Check
from dip_portal.lib import keyfiles
from dip_portal.lib.text import storable

_DIP_ID = re.compile(r"(?<!\d)\d{10}(?!\d)")
_PUBLICATION = re.compile(
    r"(?<![A-Z])(?:PUB-\d{3}|REP-\d{3}[A-Z]?|STATUS)(?![A-Z0-9])", re.IGNORECASE
)
_lock = threading.Lock()

# What a receiver of the DIP may answer, and what the DIP makes of it (WIRE.md, 'Outbound').
ANSWERS = {
    201: "Created: delivered",
    200: "OK, which is not the expected 201",
    400: "Bad request: never tried again",
    401: "Unauthorised: never tried again",
    403: "Forbidden: never tried again",
    404: "Not found: never tried again",
    408: "Request timeout: tried again",
    413: "Too large: never tried again",
    429: "Too many requests: tried again",
    500: "Internal server error: tried again",
    502: "Bad gateway: tried again",
    503: "Service unavailable: tried again",
    504: "Gateway timeout: tried again",
}
DELIVERED = 201
MOST_DELAY_SECONDS = 60
MOST_CALLS = 1000


class UnusableAnswer(ValueError):
    """The catcher cannot answer like this: `field` is what is wrong, the message the remedy."""

    def __init__(self, field_name: str, message: str) -> None:
        super().__init__(message)
        self.field = field_name


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What calls are answered with, after how long; `calls` is for how many, 0 for all."""

    status: int = DELIVERED
    delay_seconds: int = 0
    calls: int = 0

    def __post_init__(self) -> None:
        """Raise UnusableAnswer for what the catcher does not do."""
        if self.status not in ANSWERS:
            raise UnusableAnswer("status", f"Choose one of {', '.join(map(str, ANSWERS))}.")
        if not 0 <= self.delay_seconds <= MOST_DELAY_SECONDS:
            raise UnusableAnswer(
                "delay_seconds", f"Choose 0 to {MOST_DELAY_SECONDS} whole seconds."
            )
        if not 0 <= self.calls <= MOST_CALLS:
            raise UnusableAnswer("calls", f"Choose 0 (for all) to {MOST_CALLS} calls.")

    @property
    def is_usual(self) -> bool:
        return self == Answer()


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call as it arrived: `url` in full, `headers` in their order, the body in base64.

    `client_certificate` is the PEM of what the client showed by TLS, or empty.
    """

    received_at: str
    method: str
    url: str
    headers: list[tuple[str, str]]
    body: str
    client_certificate: str = ""
    dip_id: str = ""
    publication: str = ""
    checks: list[Check] = field(default_factory=list)
    expected: dict[str, str] = field(default_factory=dict)
    answer: Answer = field(default_factory=Answer)
    key: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def raw_body(self) -> bytes:
        return base64.b64decode(self.body)

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.received_at)

    @property
    def is_good(self) -> bool:
        """Tell whether every check was passed."""
        return all(check.is_ok for check in self.checks)

    @property
    def text(self) -> str:
        """The body for people: JSON indented, other text as it is, bytes in hexadecimal."""
        try:
            text = self.raw_body.decode()
        except UnicodeDecodeError:
            return self.raw_body.hex(" ")
        try:
            return storable(json.dumps(json.loads(text), indent=2, ensure_ascii=False))
        except (ValueError, RecursionError):
            return text

    def to_json(self) -> dict[str, Any]:
        """Return the call as a script gets it, the body as JSON where it is."""
        content = asdict(self)
        try:
            content["json"] = json.loads(self.raw_body)
        except (ValueError, RecursionError):
            content["json"] = None
        return {**content, "is_good": self.is_good}


def whom_for(path: str, body: bytes) -> tuple[str, str]:
    """Return the DIP ID and the publication that a call is for: from its path, else its body."""
    found = [match and match[0] for match in (_DIP_ID.search(path), _PUBLICATION.search(path))]
    dip_id, publication = found
    if not publication:
        try:
            [message, *_] = json.loads(body)
            publication = message["payload"]["CommonBlock"]["D0"]["publicationID"]
        except (ValueError, TypeError, KeyError, RecursionError):
            publication = ""
    return dip_id or "", storable(str(publication))[:20].upper()


def keep(call: Call) -> None:
    """Keep a call, and let the oldest go."""
    with _lock:
        name = f"{call.received_at.replace(':', '')}_{call.key}.json"
        keyfiles.replace(_folder() / name, json.dumps(asdict(call)))
        taken = 0
        for number, path in enumerate(_files()):
            taken += path.stat().st_size
            is_beyond = number >= settings.CATCHER_KEEPS or taken > settings.CATCHER_KEEPS_BYTES
            if number and is_beyond:  # the newest stays, however large it is
                path.unlink(missing_ok=True)


def newest(
    *, dip_id: str = "", publication: str = "", only_bad: bool = False, most: int | None = None
) -> list[Call]:
    """Return the calls that are kept, newest first, of a DIP ID and a publication if given."""
    found: list[Call] = []
    for path in _files():
        call = _read(path)
        if (
            call is None
            or (dip_id and call.dip_id != dip_id)
            or (publication and call.publication != publication.upper())
            or (only_bad and call.is_good)
        ):
            continue
        found.append(call)
        if most is not None and len(found) >= most:
            break
    return found


def find(key: uuid.UUID) -> Call | None:
    """Return the call of this key, if it is still kept."""
    return next((_read(path) for path in _folder().glob(f"*_{key}.json")), None)


def forget_all() -> int:
    """Forget every call; return how many there were."""
    with _lock:
        files = _files()
        for path in files:
            path.unlink(missing_ok=True)
    return len(files)


def chosen_answer() -> Answer:
    """Return the answer that is given now."""
    try:
        return Answer(**json.loads(_answer_file().read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return Answer()


def choose(answer: Answer) -> None:
    """Give this answer from now on."""
    with _lock:
        _write_answer(answer)


def take_answer() -> Answer:
    """Return the answer for a call that has arrived; the last of its calls ends a chosen one."""
    with _lock:
        answer = chosen_answer()
        if answer.calls:
            left = answer.calls - 1
            _write_answer(
                Answer(status=answer.status, delay_seconds=answer.delay_seconds, calls=left)
                if left
                else Answer()
            )
        return answer


def _write_answer(answer: Answer) -> None:
    keyfiles.replace(_answer_file(), json.dumps(asdict(answer)))


def _read(path: Path) -> Call | None:
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:  # it has just gone
        return None
    content["checks"] = [Check(**check) for check in content["checks"]]
    content["answer"] = Answer(**content["answer"])
    content["headers"] = [(name, text) for name, text in content["headers"]]
    return Call(**content)


def _files() -> Sequence[Path]:
    return sorted(_folder().glob("*_*.json"), reverse=True)


def _folder() -> Path:
    return settings.CATCHER_FOLDER / "calls"


def _answer_file() -> Path:
    return settings.CATCHER_FOLDER / "answer.json"
