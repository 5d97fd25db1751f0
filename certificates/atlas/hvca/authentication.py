"""Who calls: an API key with its secret and an mTLS certificate give a token of ten minutes.

A token is signed, not stored. It names the credential and the certificate, and both are
looked at on every call: one that was revoked ends the token at once.
"""

from dataclasses import dataclass
from datetime import datetime

from allauth.core.internal.httpkit import get_client_ip
from cryptography import x509
from django.core import signing
from django.http import HttpRequest

from certificates.atlas.actors import AtlasActor
from certificates.atlas.hvca.bodies import Body
from certificates.atlas.hvca.problems import Problem
from certificates.atlas.limits import is_within
from certificates.atlas.models import (
    Account,
    ApiCredential,
    Certificate,
    DipEnvironment,
    IdentityProfile,
)
from certificates.atlas.services import credentials
from certificates.pki import formats
from dip_portal.lib import client_certificate
from dip_portal.lib.prepared import Prepared

TOKEN_SECONDS = 600  # as the published API says
SALT = "atlas.hvca.token"
LOGINS_A_MINUTE = 60  # with one key, right or wrong
LOGINS_A_MINUTE_FROM = 300  # from one address
NO_CERTIFICATE = (
    "Show your company's mTLS certificate of Access Credentials in the TLS handshake; this "
    "connection showed none."
)
FOREIGN_CERTIFICATE = (
    "The certificate of this connection is no mTLS certificate of Access Credentials that is "
    "valid and belongs to the company and the environment of this API key."
)
WRONG_PAIR = "There is no such API key with this secret, or it was deleted."
NOT_LOGGED_IN = (
    "Log in first (POST /v2/login) and send Authorization: Bearer with the access_token, over "
    "a connection with the same certificate. A token is good for ten minutes."
)

_OF_TOKEN = Prepared(
    lambda key, access: (
        ApiCredential.objects.select_related("account", "profile")
        .filter(
            pk=key,
            revoked_at=None,
            account__certificates=access,
            account__certificates__revoked_at=None,
        )
        .order_by()
    ),
    -1,
    -2,
)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """An API credential that has logged in: what it asks for is of its company alone."""

    credential: ApiCredential
    actor: AtlasActor

    @property
    def account(self) -> Account:
        return self.credential.account

    @property
    def profile(self) -> IdentityProfile:
        return self.credential.profile

    @property
    def environment(self) -> DipEnvironment:
        return DipEnvironment(self.credential.environment)


def log_in(request: HttpRequest, body: Body, *, now: datetime) -> tuple[Caller, str]:
    """Return who logs in, and the token. Raises Problem.

    401 for a key and secret that do not belong together, 403 for a certificate that is not
    theirs, 429 for too many attempts.
    """
    api_key, api_secret = body.required_text("api_key"), body.required_text("api_secret")
    address = get_client_ip(request)
    _limit("hvca-login-from", address or "", LOGINS_A_MINUTE_FROM)
    _limit("hvca-login", credentials.key_index(api_key), LOGINS_A_MINUTE)
    shown = _shown(request)
    credential = credentials.find_credential(api_key=api_key, api_secret=api_secret)
    if credential is None:
        credentials.note_refused_login(api_key=api_key, reason="secret", address=address, now=now)
        raise Problem(401, WRONG_PAIR)
    thumbprint = formats.thumbprint(shown)
    access = Certificate.objects.filter(
        thumbprint=thumbprint,
        purpose=Certificate.Purpose.ACCESS,
        account=credential.account_id,
        environment=credential.environment,
        revoked_at=None,
    ).first()
    if access is None or not access.is_good_at(now):
        credentials.note_refused_login(
            api_key=api_key, reason="certificate", address=address, now=now
        )
        raise Problem(403, FOREIGN_CERTIFICATE)
    caller = _caller(credential, address)
    credentials.note_login(
        actor=caller.actor, credential=credential, thumbprint=thumbprint, now=now
    )
    return caller, signing.dumps([credential.pk, access.pk, thumbprint], salt=SALT)


def authenticate(request: HttpRequest, *, now: datetime) -> Caller:
    """Return whose token a request has: one query. Raises Problem (401)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    refused = Problem(401, NOT_LOGGED_IN, headers={"WWW-Authenticate": "Bearer"})
    if scheme.lower() != "bearer":
        raise refused
    try:
        key, access, thumbprint = signing.loads(token.strip(), salt=SALT, max_age=TOKEN_SECONDS)
    except (signing.BadSignature, ValueError):
        raise refused from None
    shown = client_certificate.presented(request)
    if shown is None or formats.thumbprint(shown) != thumbprint or now >= shown.not_valid_after_utc:
        raise refused
    # That both belong together was looked at when they logged in, and does not change.
    credential = _OF_TOKEN.first(key, access)
    if credential is None:
        raise refused
    return _caller(credential, get_client_ip(request))


def _shown(request: HttpRequest) -> x509.Certificate:
    shown = client_certificate.presented(request)
    if shown is None:
        raise Problem(403, NO_CERTIFICATE)
    return shown


def _caller(credential: ApiCredential, address: str | None) -> Caller:
    actor = AtlasActor(label=f"API credential {credential}", address=address)
    return Caller(credential=credential, actor=actor)


def _limit(what: str, who: str, most: int) -> None:
    if not is_within(what, who, most=most, seconds=60):
        raise Problem(
            429, "That were many attempts to log in. Wait a minute.", headers={"Retry-After": "60"}
        )
