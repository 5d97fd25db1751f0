"""The steps of the authority's bench, at Atlas: `python -m bench.authority_steps STEP FOLDER ...`.

Each prints one line of JSON.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dip_portal.settings")
django.setup()

from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from cryptography.hazmat.primitives.serialization import (  # noqa: E402
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from certificates.atlas.actors import ATLAS  # noqa: E402
from certificates.atlas.models import Account, DipEnvironment, IdentityProfile  # noqa: E402
from certificates.atlas.services.certificates import issue_certificate, read_request  # noqa: E402
from certificates.pki.profiles import Purpose  # noqa: E402
from tests.atlas import factories  # noqa: E402

THREADS = 4
WARM = 40
NAME = "dip.superenergy.example"
Measured = dict[str, Any]


def prepare(folder: str, count: str) -> Measured:
    """Make the authorities, a company with its credentials, and so many CSRs as files."""
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("prepare_atlas", stdout=sys.stderr)
    factories.customer(company="Bench Ltd", email="bench@superenergy.example")
    account = Account.objects.get(name="Bench Ltd")
    account.quota = 1_000_000
    account.save()
    profile = factories.identity(account, organisation="Bench Ltd")
    factories.claim(profile, "superenergy.example", is_verified=True)
    key = ec.generate_private_key(ec.SECP256R1())
    access = factories.access_certificate(profile, key=key)
    new = factories.credential(profile)
    (Path(folder) / "access.pem").write_text(
        access.pem + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    )
    requests = [factories.csr_pem(NAME).decode() for _ in range(int(count))]
    (Path(folder) / "requests.json").write_text(json.dumps(requests))
    return {"api_key": new.api_key, "api_secret": new.api_secret}


def issue(folder: str, count: str) -> Measured:
    """Issue so many certificates, from the CSR as it came to the row in the database.

    One process, and so one core; its threads wait for the database at the same time.
    """
    requests = json.loads((Path(folder) / "requests.json").read_text())
    profile = IdentityProfile.objects.select_related("account").get(account__name="Bench Ltd")
    chosen = [text.encode() for text in requests[-int(count) :]]

    def work(share: Sequence[bytes]) -> None:
        for request in share:
            issue_certificate(
                actor=ATLAS,
                profile=profile,
                environment=DipEnvironment.UIT,
                purpose=Purpose.BOTH,
                csr=read_request(request),
                now=timezone.now(),
            )

    with ThreadPoolExecutor(THREADS) as threads:

        def together(part: Sequence[bytes]) -> None:
            for future in [threads.submit(work, part[n::THREADS]) for n in range(THREADS)]:
                future.result()

        together(chosen[:WARM])
        started = time.perf_counter()
        together(chosen[WARM:])
        elapsed = time.perf_counter() - started
    return {"per_second": len(chosen[WARM:]) / elapsed}


STEPS: dict[str, Callable[..., Measured]] = {"prepare": prepare, "issue": issue}

if __name__ == "__main__":
    print(json.dumps(STEPS[sys.argv[1]](*sys.argv[2:])))
