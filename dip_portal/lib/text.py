"""Texts from outside, in a form that every database stores."""

import re

# PostgreSQL takes neither in a text or JSON column; no honest text has them.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str, max_length: int | None = None) -> str:
    """Return the text with NUL and lone surrogates shown as U+FFFD, cut to `max_length`."""
    clean = _UNSTORABLE.sub("\ufffd", text)
    if max_length is not None and len(clean) > max_length:
        return clean[: max_length - 1] + "…"
    return clean
