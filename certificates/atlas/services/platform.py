"""The DIP's own certificates, issued to whoever may write a request into AUTHORITY_DIR.

The DIP is no customer of Atlas. In the world outside its operator would carry the request to the
authority and the certificate back, with proofs of who they are; here a folder that only the
deployments share stands for that. Its files are `platform/uit.csr` and, in answer,
`platform/uit.pem` with the certificate and those above it; likewise for Production.
"""

import logging
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import transaction

from audit.services import record
from certificates.atlas.actors import ATLAS
from certificates.atlas.models import CertificateAuthority, DipEnvironment, PlatformCertificate
from certificates.atlas.services.authorities import certificates_of, current_authorities, urls_of
from certificates.pki import formats, issue
from certificates.pki.csr import MAX_BYTES, Csr, read_csr
from certificates.pki.profiles import PROFILES, Identity, Purpose
from certificates.pki.refusals import Refusal
from dip_portal.lib import environment as environments
from dip_portal.lib import keyfiles

IDENTITY = Identity(organisation="Simulated Data Integration Platform", country="GB")
RENEW_BEFORE = timedelta(days=30)

logger = logging.getLogger(__name__)


def answer_requests(*, now: datetime) -> list[PlatformCertificate]:
    """Write the certificate for each request that is there; return those that are new.

    A certificate is kept until it ends within RENEW_BEFORE, its CA is retired, or the request
    is for another key. A request that is none is left, and told in the log once.
    """
    folder: Path = settings.AUTHORITY_DIR / "platform"
    new = []
    for environment in DipEnvironment:
        name = environment.value.lower()
        try:
            with (folder / f"{name}.csr").open("rb") as file:
                csr = read_csr(file.read(MAX_BYTES + 1))
            certificate, is_new = _certificate(environment, csr, now)
        except FileNotFoundError:
            continue
        except Refusal as refusal:
            _complain(name, str(refusal))
            continue
        above = formats.chain_pem(certificates_of(certificate.authority)).decode()
        keyfiles.publish(folder / f"{name}.pem", certificate.pem + above)
        if is_new:
            new.append(certificate)
    return new


@lru_cache(maxsize=16)
def _complain(name: str, reason: str) -> None:
    """Log why a request is not answered: once, although it is looked at every few seconds."""
    logger.error("No certificate for the DIP's request %s.csr: %s", name, reason)


def _certificate(
    environment: DipEnvironment, csr: Csr, now: datetime
) -> tuple[PlatformCertificate, bool]:
    """Return the certificate that is kept, or a new one, and whether it is new."""
    with transaction.atomic():
        # Of two processes that look at once, the second one finds what the first has made.
        authority = (
            current_authorities()
            .select_for_update(of=("self",))
            .select_related("parent")
            .get(kind=environment)
        )
        kept = authority.platform_certificates.filter(
            environment=environment,
            key_fingerprint=csr.key_fingerprint,
            not_after__gt=now + RENEW_BEFORE,
        ).first()
        if kept is not None:
            return kept, False
        return _issue(environment, authority, csr, now), True


def _issue(
    environment: DipEnvironment, authority: CertificateAuthority, csr: Csr, now: datetime
) -> PlatformCertificate:
    made = issue.issue(
        csr,
        profile=PROFILES[Purpose.BOTH],
        identity=IDENTITY,
        allowed_domains=[environments.named(environment.value.lower()).domain],
        issuer=authority.signer,
        urls=urls_of(authority.kind, authority.generation),
        serial=issue.new_serial(),
        now=now.replace(microsecond=0),
    )
    certificate = PlatformCertificate.objects.create(
        environment=environment,
        authority=authority,
        serial=formats.serial_text(made.serial_number),
        key_fingerprint=csr.key_fingerprint,
        pem=formats.pem(made).decode(),
        not_after=made.not_valid_after_utc,
        issued_at=now,
    )
    record(
        actor=ATLAS,
        action="platform_certificate:issue",
        subject=certificate,
        after={"thumbprint": formats.thumbprint(made)},
        at=now,
    )
    return certificate
