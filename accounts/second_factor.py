"""Which second factors a person has, and how their secrets are kept."""

from collections.abc import Iterable

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from accounts.models import User
from dip_portal.lib import secrets

# A recovery code is the spare key to a factor, never a factor of its own.
FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
FACTOR_NAMES = {
    Authenticator.Type.TOTP: "Authenticator app",
    Authenticator.Type.WEBAUTHN: "Passkey",
}
PURPOSE = "second factor"


def has_second_factor(user: User) -> bool:
    """Tell whether the person has an authenticator app or a passkey."""
    return bool(Authenticator.objects.filter(user=user, type__in=FACTORS).exists())


def factor_names(authenticators: Iterable[Authenticator]) -> list[str]:
    """Return what these second factors are called, each kind once; recovery codes are none."""
    kinds = {authenticator.type for authenticator in authenticators}
    return [name for kind, name in FACTOR_NAMES.items() if kind in kinds]


class MfaAdapter(DefaultMFAAdapter):
    """Seals the secrets of authenticator apps and recovery codes at rest (setting MFA_ADAPTER)."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This code is not right. Enter the six digits your app shows now.",
    }

    def encrypt(self, text: str) -> str:
        """Return the secret sealed with this environment's key."""
        return secrets.encrypt(text, purpose=PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret that `encrypt` sealed. Raises UnableToDecrypt."""
        return secrets.decrypt(encrypted_text, purpose=PURPOSE)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return the name under which a passkey is kept: it tells the environments apart."""
        return {**super().get_public_key_credential_rp_entity(), "name": self.get_totp_issuer()}


def remember_way_back(request: HttpRequest, url: str) -> None:
    """Keep where the person was going, over the several pages of an enrolment."""
    request.session["way_back"] = url


def take_way_back(request: HttpRequest) -> str:
    """Return where the person was going before the enrolment, once; empty if nowhere."""
    return str(request.session.pop("way_back", ""))
