"""What can be the key of a row, and what cannot."""

import pytest

from dip_portal.lib.keys import LARGEST, key_of, keys_of


@pytest.mark.parametrize(
    ("text", "key"),
    [
        *(("1", 1), ("007", 7), (str(LARGEST), LARGEST)),
        *((text, None) for text in ("", "-1", "1.5", "1e3", "٣", " 1", "x", str(LARGEST + 1))),
        ("9" * 5_000, None),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_key_is_a_number_that_a_column_can_hold(text: str, key: int | None) -> None:
    assert key_of(text) == key
    assert keys_of(["2", text]) == [2, *([] if key is None else [key])]
