"""Whose certificate this is: what the DIP asks of every certificate that somebody shows it.

A certificate is taken if an issuing CA of this environment has signed it, it is within its
dates, it is not revoked, and it is one that the DIP had issued to a company. What it may be used
for, and for whom, is the caller's question.
"""

from datetime import datetime

from cryptography import x509

from certificates import trust
from certificates.models import Certificate
from certificates.pki import formats
from certificates.pki.paths import check_dates
from certificates.pki.refusals import OutOfDate
from dip_portal.lib import environment as environments
from dip_portal.lib.prepared import Prepared

# The certificate with this thumbprint, with its company.
BY_THUMBPRINT = Prepared(
    lambda thumbprint: (
        Certificate.objects.select_related("organisation").filter(thumbprint=thumbprint).order_by()
    ),
    "thumbprint",
)


class NotRecognised(Exception):
    """The DIP does not take this certificate: `code` for machines, the text for people.

    Codes: untrusted_certificate, expired_certificate, unknown_certificate, revoked_certificate.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def recognise(certificate: x509.Certificate, *, now: datetime) -> Certificate:
    """Return the company's certificate that this is: one query. Raises NotRecognised."""
    found = BY_THUMBPRINT.first(formats.thumbprint(certificate))
    return judge(certificate, found, now=now)


def judge(
    certificate: x509.Certificate, found: Certificate | None, *, now: datetime
) -> Certificate:
    """Return what was `found` of a certificate, if it is to be taken. Raises NotRecognised."""
    if not any(
        trust.has_signed(authority, certificate) for authority in trust.issuing_authorities()
    ):
        label = environments.current().label
        raise NotRecognised(
            "untrusted_certificate",
            f"The certificate was not issued by the DIP's authority for {label}. Use one that "
            f"was issued in {label}: certificates of the other environment are nothing here.",
        )
    try:
        check_dates(certificate, now=now)
    except OutOfDate as refusal:
        raise NotRecognised("expired_certificate", str(refusal)) from None
    if found is None:
        raise NotRecognised(
            "unknown_certificate",
            "The certificate was not requested through the DIP. Request one on the Certificates "
            "tab of your company, and use that.",
        )
    if found.is_revoked:
        raise NotRecognised(
            "revoked_certificate",
            f"The certificate was revoked on {found.revoked_at:%Y-%m-%d %H:%M} UTC. Use another "
            "one, or request a new one on the Certificates tab of your company.",
        )
    return found
