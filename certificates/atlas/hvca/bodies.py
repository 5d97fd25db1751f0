"""Reads the JSON body of a request, field by field; whatever is wrong is a Problem."""

import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, NoReturn

from django.http import HttpRequest

from certificates.atlas.hvca.problems import Invalid, Problem
from dip_portal.lib.text import storable

# A CSR may have 32 KiB, in which JSON writes each line's end as two characters.
MAX_BYTES = 64 * 1024
TEXT_MAX_LENGTH = 1000
MOST_ITEMS = 100


class Body:
    """A JSON object, with the names of its fields as errors name them (`san.dns_names`)."""

    def __init__(self, values: dict[str, Any], path: str = "") -> None:
        self.values = values
        self.path = path

    def name(self, field: str) -> str:
        """Return how an error calls a field."""
        return f"{self.path}.{field}" if self.path else field

    def only(self, known: Collection[str]) -> None:
        """Pass if there is no other field. Raises Invalid."""
        for field in self.values:
            if field not in known:
                raise Invalid(self.name(storable(field, 60)), "There is no such field here.")

    def text(self, field: str, *, most: int = TEXT_MAX_LENGTH) -> str:
        """Return a text, which is empty if it is not there. Raises Invalid."""
        value = self.values.get(field)
        if value is None:
            return ""
        return self._as_text(value, field, most)

    def required_text(self, field: str, *, most: int = TEXT_MAX_LENGTH) -> str:
        """Return a text that has to be there. Raises Invalid."""
        return self.text(field, most=most) or self._refuse(field, "This field is required.")

    def texts(self, field: str) -> list[str]:
        """Return a list of texts, empty if it is not there. Raises Invalid."""
        return [self._as_text(item, field, TEXT_MAX_LENGTH) for item in self.items(field)]

    def items(self, field: str) -> list[Any]:
        """Return a list of whatever, empty if it is not there. Raises Invalid."""
        value = self.values.get(field)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > MOST_ITEMS:
            self._refuse(field, f"This is a list of {MOST_ITEMS} entries at most.")
        return value

    def truth(self, field: str) -> bool | None:
        """Return true or false, None if it is not there. Raises Invalid."""
        value = self.values.get(field)
        if value is not None and not isinstance(value, bool):
            self._refuse(field, "This is true or false.")
        return value

    def moment(self, field: str) -> datetime | None:
        """Return a time, from UNIX seconds (UTC); None for 0 or if it is not there."""
        value = self.values.get(field)
        if not value and not isinstance(value, (bool, str, list, dict)):
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            self._refuse(field, "This is a time in seconds since 1970 (UTC), a whole number.")
        return moment_of(value, self.name(field))

    def object(self, field: str) -> "Body":
        """Return the object in a field, empty if it is not there. Raises Invalid."""
        value = self.values.get(field)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            self._refuse(field, "This is a JSON object.")
        return Body(value, self.name(field))

    def has(self, field: str) -> bool:
        """Tell whether something stands in a field that is more than nothing."""
        return self.values.get(field) not in (None, "", [], {})

    def _as_text(self, value: Any, field: str, most: int) -> str:
        if not isinstance(value, str) or len(value) > most:
            self._refuse(field, f"This is a text of {most} characters at most.")
        if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            self._refuse(field, "This has a character that no text may have.")
        return value

    def _refuse(self, field: str, text: str) -> NoReturn:
        raise Invalid(self.name(field), text)


def moment_of(seconds: int, field: str) -> datetime:
    """Return the time of UNIX seconds. Raises Invalid for one that no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, tz=UTC)
    except (OverflowError, ValueError, OSError):
        raise Invalid(field, "This is no time: give seconds since 1970 (UTC).") from None


def read(request: HttpRequest, *, required: bool = True) -> Body:
    """Return the JSON object in a request; an empty one if there is none and none is needed.

    Raises Problem: 413 for a large body, 415 for another content type, 400 for what is no
    JSON, 422 for JSON that is no object.
    """
    try:
        data = request.read(MAX_BYTES + 1)
    except OSError:
        raise Problem(400, "The request ended before its body did.") from None
    if len(data) > MAX_BYTES:
        raise Problem(413, f"A body has {MAX_BYTES // 1024} KiB at most.")
    if not data.strip() and not required:
        return Body({})
    kind = request.content_type
    if kind and kind != "application/json":
        raise Problem(415, "Send JSON, with Content-Type: application/json;charset=utf-8.")
    try:
        values = json.loads(data)
    except (ValueError, RecursionError):
        raise Problem(400, "The body is no JSON. Send a JSON object in UTF-8.") from None
    if not isinstance(values, dict):
        raise Problem(422, "The body is JSON, but no object: it begins with { and ends with }.")
    return Body(values)
