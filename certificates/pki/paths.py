"""Whether a certificate leads to an authority that is trusted, today and for a purpose."""

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.x509 import verification

from certificates.pki.refusals import NotTrusted, OutOfDate


def check_dates(certificate: x509.Certificate, *, now: datetime) -> None:
    """Pass if the certificate is valid at this moment (aware). Raises OutOfDate."""
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < begins:
        raise OutOfDate(f"The certificate is not valid before {begins:%Y-%m-%d %H:%M} UTC.")
    if now > ends:
        raise OutOfDate(f"The certificate expired on {ends:%Y-%m-%d %H:%M} UTC. Ask for a new one.")


def check_chain(
    certificate: x509.Certificate,
    *,
    intermediates: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    now: datetime,
) -> None:
    """Pass if a path leads from the certificate to one of the roots (RFC 5280, section 6).

    What the certificate may be used for is not looked at. Raises OutOfDate and NotTrusted.
    """
    check_dates(certificate, now=now)
    ca = verification.ExtensionPolicy.webpki_defaults_ca()
    anything = verification.ExtensionPolicy.permit_all()
    verifier = (
        verification.PolicyBuilder()
        .store(verification.Store(list(roots)))
        .time(now)
        .extension_policies(ca_policy=ca, ee_policy=anything)
        .build_client_verifier()
    )
    try:
        verifier.verify(certificate, list(intermediates))
    except verification.VerificationError:
        raise NotTrusted(
            "The certificate was not issued by the authority that is trusted in this "
            "environment. Use one that was issued for this environment."
        ) from None
