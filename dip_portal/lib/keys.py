"""Keys of rows as people's browsers send them: numbers that a column can hold, or nothing."""

from collections.abc import Iterable
from typing import Any

from django import forms

LARGEST = 2**63 - 1
MOST_DIGITS = len(str(LARGEST))


def key_of(text: str) -> int | None:
    """Return the key that a text is; None for one that no row can have."""
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        return None
    return key if (key := int(text)) <= LARGEST else None


def keys_of(texts: Iterable[str]) -> list[int]:
    """Return the keys among these texts."""
    return [key for text in texts if (key := key_of(text)) is not None]


class RowsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """A choice of rows. A number beyond every key is no valid choice; SQLite would break at it."""

    def clean(self, value: Any) -> Any:
        """Return the chosen rows. Raises ValidationError for what is none of them."""
        for key in value if isinstance(value, list | tuple) else ():
            if _is_too_large(key):
                raise forms.ValidationError(
                    self.error_messages["invalid_pk_value"], "invalid_pk_value", {"pk": key}
                )
        return super().clean(value)


def _is_too_large(key: Any) -> bool:
    try:
        return abs(int(key)) > LARGEST
    except (ValueError, TypeError):
        return False  # no number at all: the field itself says so
