"""A mail server that really listens, and an e-mail to send through it."""

import socket
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from mail import services
from mail.models import OutgoingMail

LINK = "http://localhost:8000/password/reset/secret-token/"


class MailServer:
    """Keeps what it is sent; `answers` says how it replies to the next recipients."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.messages: list[EmailMessage] = []
        self.answers: list[str] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=port)

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop(no_assert=True)

    async def handle_RCPT(  # noqa: N802 - the name is aiosmtpd's
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.answers:
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def mail_server(settings: Any) -> Iterator[MailServer]:
    """A mail server that is the portal's, but not started yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 5
    settings.SHOW_SENT_MAIL = False
    server = MailServer(port)
    yield server
    server.stop()


@pytest.fixture
def queue(db: None) -> Callable[..., OutgoingMail]:
    """Queue the e-mail of a forgotten password."""

    def go(to: str = "alice@superenergy.example", **more: Any) -> OutgoingMail:
        return services.queue(
            to=to,
            template="password_reset",
            context={"password_reset_url": LINK, "expires_in_days": 3},
            **more,
        )

    return go
