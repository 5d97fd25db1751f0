"""No one-time token reaches a log."""

import logging

import pytest

from deploy.access_log import RedactTokens, redact


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (
            '"GET /invitations/accept/s3cret-t0ken/ HTTP/1.1" 302',
            '"GET /invitations/accept/[redacted]/ HTTP/1.1" 302',
        ),
        ("/invitations/accept/s3cret-t0ken?next=/", "/invitations/accept/[redacted]?next=/"),
        (
            "http://localhost:8002/invitations/accept/s3cret-t0ken",
            "http://localhost:8002/invitations/accept/[redacted]",
        ),
        ("/Invitations%2Faccept%2fs3cret", "/Invitations%2Faccept%2f[redacted]"),
        (
            "/accounts/login/?next=%2Finvitations%2Faccept%2Fs3cret%2F",
            "/accounts/login/?next=%2Finvitations%2Faccept%2F[redacted]",
        ),
        (
            "/accounts/password/reset/key/3-s3cret-t0ken/",
            "/accounts/password/reset/key/[redacted]/",
        ),
        ("GET /domains/approve/s3cret-t0ken/ 200", "GET /domains/approve/[redacted]/ 200"),
        ("/invitations/accept/ 200", "/invitations/accept/ 200"),
        ("/organisations/12/", "/organisations/12/"),
    ],
)
def test_the_token_of_a_link_is_left_out(line: str, kept: str) -> None:
    assert redact(line) == kept


def test_a_record_is_redacted_whichever_argument_carries_the_token() -> None:
    record = logging.LogRecord(
        "gunicorn.access",
        logging.INFO,
        __file__,
        1,
        "%(r)s from %(f)s",
        ({"r": "GET /invitations/accept/s3cret/", "f": "/invitations/accept/s3cret/"},),
        None,
    )

    assert RedactTokens().filter(record)

    assert record.getMessage() == (
        "GET /invitations/accept/[redacted]/ from /invitations/accept/[redacted]/"
    )
