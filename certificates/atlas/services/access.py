"""Step 4.2 at Atlas in one go: an identity, API credentials and the mTLS certificate for them."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from certificates.atlas.actors import AtlasActor
from certificates.atlas.errors import UnableToRequestIdentity
from certificates.atlas.models import Account, DipEnvironment, IdentityProfile
from certificates.atlas.services.certificates import (
    chain_pem,
    issue_access_certificate,
    read_request,
)
from certificates.atlas.services.credentials import create_api_credential, revoke_api_credential
from certificates.atlas.services.identities import request_identity


@dataclass(frozen=True, kw_only=True)
class Access:
    """API key and secret in the clear, and the PEM of the mTLS certificate with its chain."""

    profile: IdentityProfile
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    chain: bytes


@transaction.atomic
def give_access(
    *,
    actor: AtlasActor,
    account: Account,
    profile_name: str,
    locality: str,
    environment: DipEnvironment,
    csr: bytes,
    now: datetime,
) -> Access:
    """Give an account access to the API for an environment, in place of what it had by this.

    The identity is the account's company, and is requested if there is none of this name.
    Raises UnableToRequestIdentity if it is not vetted at once, and what the steps raise.
    """
    profile = account.profiles.filter(name=profile_name).first() or request_identity(
        actor=actor,
        account=account,
        name=profile_name,
        organisation=account.name,
        locality=locality,
        state=locality,
        country="GB",
        now=now,
    )
    if not profile.is_active:
        raise UnableToRequestIdentity(
            "", f"The identity {profile} is not vetted: see Test controls of Atlas."
        )
    name = f"DIP {environment.label}"
    for former in account.credentials.filter(profile=profile, name=name, revoked_at=None):
        revoke_api_credential(actor=actor, credential=former, now=now)
    new = create_api_credential(
        actor=actor, account=account, profile=profile, environment=environment, name=name, now=now
    )
    certificate = issue_access_certificate(
        actor=actor, profile=profile, environment=environment, csr=read_request(csr), now=now
    )
    return Access(
        profile=profile,
        api_key=new.api_key,
        api_secret=new.api_secret,
        chain=chain_pem(certificate),
    )
