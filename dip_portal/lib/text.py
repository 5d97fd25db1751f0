"""Texts from outside, in a form that every database stores."""

import re
from typing import Any

# PostgreSQL takes neither in a text or JSON column; no honest text has them.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str, max_length: int | None = None) -> str:
    """Return the text with NUL and lone surrogates shown as U+FFFD, cut to `max_length`."""
    clean = _UNSTORABLE.sub("\ufffd", text)
    if max_length is not None and len(clean) > max_length:
        return clean[: max_length - 1] + "…"
    return clean


def storable_json(value: Any) -> Any:
    """Return the value with every text in it storable, and sets and tuples as lists."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(name)): storable_json(inner) for name, inner in value.items()}
    if isinstance(value, set | frozenset):
        return [storable_json(inner) for inner in sorted(value, key=str)]
    if isinstance(value, list | tuple):
        return [storable_json(inner) for inner in value]
    return value
