"""Run in Atlas's own environment: make a customer with credentials, or turn a tester's switch.

`fill_atlas.py customer COMPANY EMAIL DOMAIN` prints, as JSON, the API credentials of both
environments with the PEM of their mTLS certificate, its chain and its key. `switch EMAIL FIELD
VALUE` sets a switch, `revoke SERIAL REASON` revokes a certificate as on Atlas's own site.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dip_portal.settings")
django.setup()

from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: E402
from django.utils import timezone  # noqa: E402

from certificates.atlas.actors import ATLAS  # noqa: E402
from certificates.atlas.models import (  # noqa: E402
    Account,
    Certificate,
    DipEnvironment,
    Reason,
)
from certificates.atlas.services.certificates import (  # noqa: E402
    chain_pem,
    issue_access_certificate,
    read_request,
    revoke_certificate,
)
from certificates.pki import keys  # noqa: E402
from tests.atlas import factories  # noqa: E402


def customer(company: str, email: str, profile_name: str) -> dict[str, Any]:
    """Return what the Certificate Admin of a new customer takes from Atlas's pages."""
    person = factories.customer(company=company, email=email)
    account = Account.objects.get(users__user=person)
    profile = factories.identity(account, name=profile_name, organisation=company)
    made: dict[str, Any] = {}
    for environment in DipEnvironment:
        new = factories.credential(profile, environment=environment, name=f"dip_{environment}")
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        access = issue_access_certificate(
            actor=ATLAS,
            profile=profile,
            environment=environment,
            csr=read_request(factories.csr_pem(key=key)),
            now=timezone.now(),
        )
        made[str(environment.value).lower()] = {
            "api_key": new.api_key,
            "api_secret": new.api_secret,
            "key": keys.to_pem(key).decode(),
            "chain": chain_pem(access).decode(),
        }
    return made


def switch(email: str, field: str, value: str) -> dict[str, Any]:
    """Set one of the switches of Test controls."""
    Account.objects.filter(users__user__email=email).update(**{field: value})
    return {}


def revoke(serial: str, reason: str) -> dict[str, Any]:
    """Revoke a certificate at Atlas itself."""
    revoke_certificate(
        actor=ATLAS,
        certificate=Certificate.objects.get(serial=serial),
        reason=Reason(reason),
        now=timezone.now(),
    )
    return {}


if __name__ == "__main__":
    verbs: dict[str, Callable[..., Any]] = {
        "customer": customer,
        "switch": switch,
        "revoke": revoke,
    }
    verb = verbs[sys.argv[1]]
    sys.stdout.write(json.dumps(verb(*sys.argv[2:])))
