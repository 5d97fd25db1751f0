"""API credentials sealed and opened, and the session with Atlas that they give."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from certificates import hvca
from certificates.errors import NoCredentials
from certificates.models import AtlasCredential
from certificates.models.credential import SealedLogin
from certificates.pki import formats
from certificates.pki.pfx import Pfx
from dip_portal.lib import secrets

PURPOSE = "Atlas API credentials"


def login_of_pfx(*, api_key: str, api_secret: str, pfx: Pfx) -> hvca.Login:
    """Return the login that an API key, its secret and an opened PFX make."""
    return hvca.Login(
        api_key=api_key,
        api_secret=api_secret,
        key_pem=pfx.key_pem.decode(),
        certificate_pem=formats.pem(pfx.certificate).decode(),
        chain_pem=formats.chain_pem(pfx.chain).decode(),
    )


def seal(login: hvca.Login) -> str:
    """Return what is secret of a login, sealed together."""
    secret = [login.api_key, login.api_secret, login.key_pem]
    return secrets.encrypt(json.dumps(secret), purpose=PURPOSE)


def open_login(row: SealedLogin) -> hvca.Login:
    """Return the login of a row. Raises secrets.UnableToDecrypt."""
    api_key, api_secret, key_pem = json.loads(secrets.decrypt(row.sealed, purpose=PURPOSE))
    return hvca.Login(
        api_key=api_key,
        api_secret=api_secret,
        key_pem=key_pem,
        certificate_pem=row.certificate_pem,
        chain_pem=row.chain_pem,
    )


@contextmanager
def session_of(organisation_id: int) -> Iterator[hvca.Session]:
    """Open a session with Atlas by what a company has saved.

    Raises NoCredentials, and what the calls raise. Where Atlas does not take the login, the
    row of the credentials says so from then on, until it takes it again.
    """
    credential = AtlasCredential.objects.filter(organisation=organisation_id).first()
    if credential is None:
        raise NoCredentials
    try:
        with hvca.session(open_login(credential)) as opened:
            yield opened
    except hvca.HvcaRefused as refusal:
        if refusal.is_about_login:
            _note(credential, str(refusal))
        raise
    if credential.problem:
        _note(credential, "")


def _note(credential: AtlasCredential, problem: str) -> None:
    AtlasCredential.objects.filter(pk=credential.pk, sealed=credential.sealed).update(
        problem=problem
    )
