"""What the client of Atlas makes of answers, whoever gives them, and of its own secrets."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates import hvca

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "domain", "token", "status", "assert_by", "expires_at", "log"]),
            inner,
            max_size=7,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_claim_is_read_or_is_trouble_of_atlas(content: Any) -> None:
    try:
        read = hvca._claim(content)
    except hvca.HvcaUnavailable:
        return
    assert "\0" not in read.reference + read.domain + read.token + read.note


def test_a_claim_as_atlas_gives_it() -> None:
    read = hvca._claim(
        {
            "id": "A1",
            "domain": "Superenergy.example.",
            "token": "T",
            "status": "VERIFIED",
            "assert_by": 1_800_000_000,
            "expires_at": 1_900_000_000,
            "log": [
                {"timestamp": 2, "description": "the last"},
                {"timestamp": 1, "description": "the first"},
            ],
        }
    )

    assert (read.domain, read.note) == ("superenergy.example", "the last")
    assert read.verified_until is not None
    assert read.verified_until > read.verify_before


def test_a_key_that_is_none_says_so(settings: Any) -> None:
    login = hvca.Login(api_key="k", api_secret="s", key_pem="no key", certificate_pem="none")

    with pytest.raises(hvca.HvcaUnavailable, match="Upload them again"), hvca.session(login):
        pass
