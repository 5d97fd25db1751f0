"""The passwords of the demonstration's people, made at random for each installation."""

import json
import secrets as stdlib_secrets
from pathlib import Path

from allauth.mfa.totp.internal import auth as totp
from django.conf import settings

from dip_portal.lib import keyfiles


def kept() -> dict[str, dict[str, str]]:
    """Return what is kept of each person, by e-mail address: `password` and `secret`.

    The secret is that of the authenticator app. DIP_SECRETS_DIR/demonstration.json has it.
    """
    text = keyfiles.read_or_create(_file(), lambda: "{}")
    known: dict[str, dict[str, str]] = json.loads(text)
    return known


def keep(email: str) -> dict[str, str]:
    """Return what is kept of this person, made now if there is nothing yet."""
    people = kept()
    if email not in people:
        people[email] = {
            "password": stdlib_secrets.token_urlsafe(12),
            "secret": totp.generate_totp_secret(),
        }
        keyfiles.replace(_file(), json.dumps(people, indent=1))
    return people[email]


def _file() -> Path:
    return Path(settings.DIP_SECRETS_DIR) / "demonstration.json"
