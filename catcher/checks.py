"""What a careful receiver checks of a call of the DIP, each check in words.

The signature is judged by `channels.wire`, which stops at the first thing that is wrong: what
comes after that was not looked at, and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from certificates.pki.paths import check_dates
from certificates.pki.refusals import OutOfDate
from channels import wire
from channels.wire import SignatureRefused, Verified

# What `wire.verify` looks at, in its order, and how it says no.
STEPS: tuple[tuple[str, tuple[type[SignatureRefused], ...]], ...] = (
    ("The four headers of the signature are there", (wire.MissingHeader, wire.UnusableHeader)),
    ("The date of the signature can be read", (wire.UnreadableDate,)),
    ("The date is close to the time of arrival", (wire.DateOutsideWindow,)),
    ("The content hash is that of the body", (wire.WrongContentHash,)),
    ("The header holds a certificate", (wire.UnreadableCertificate,)),
    ("The certificate's key can sign calls", (wire.UnusableKey,)),
    ("The signature is right", (wire.UnreadableSignature, wire.WrongSignature)),
)
NOT_LOOKED_AT = "Not looked at: a check above failed."


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check: what for, how it came out ('ok', 'failed', 'skipped'), and that in words."""

    name: str
    outcome: str
    text: str

    @property
    def is_ok(self) -> bool:
        return self.outcome == "ok"


def judge(
    *,
    method: str,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    shown: x509.Certificate | None,
    authorities: Path,
    now: datetime,
) -> tuple[list[Check], dict[str, str]]:
    """Return every check of a call, and the strings that may have been signed by form of URL.

    `shown` is the client's certificate of the TLS connection; `authorities` the folder of the
    CAs that are believed.
    """
    checks: list[Check] = []
    try:
        verified = wire.verify(method=method, url=url, body=body, headers=headers, now=now)
    except SignatureRefused as refusal:
        checks += _signature(refusal)
        expected = {str(form): text for form, text in refusal.canonical.items()}
        checks.append(_skipped("The signing certificate is the DIP's"))
    else:
        checks += _signature(verified)
        expected = {str(verified.form): verified.canonical}
        checks.append(
            _issued("The signing certificate is the DIP's", verified.certificate, authorities, now)
        )
    name = "The client showed a certificate of the DIP by TLS"
    if shown is None:
        checks.append(
            Check(name=name, outcome="failed", text="The client showed no certificate (mTLS).")
        )
    else:
        checks.append(_issued(name, shown, authorities, now))
    return checks, expected


def _signature(found: Verified | SignatureRefused) -> list[Check]:
    checks = []
    failed = False
    for name, refusals in STEPS:
        if failed:
            checks.append(_skipped(name))
        elif isinstance(found, refusals):
            failed = True
            checks.append(Check(name=name, outcome="failed", text=str(found)))
        else:
            checks.append(Check(name=name, outcome="ok", text="Yes."))
    if isinstance(found, Verified):
        text = f"Yes: the {found.form} was signed at {wire.format_date(found.signed_at)}."
        checks[-1] = Check(name=STEPS[-1][0], outcome="ok", text=text)
    return checks


def _skipped(name: str) -> Check:
    return Check(name=name, outcome="skipped", text=NOT_LOOKED_AT)


def _issued(name: str, certificate: x509.Certificate, authorities: Path, now: datetime) -> Check:
    """Tell whether a pinned issuing CA has signed the certificate, and a pinned root that CA."""
    who = certificate.subject.rfc4514_string()
    pinned = _pinned(authorities)
    issuer = next(
        (file for file, ca in pinned.items() if "root" not in file and _signed(ca, certificate)),
        None,
    )
    if issuer is None:
        return Check(
            name=name,
            outcome="failed",
            text=f"{who} was issued by none of the authorities that are pinned: "
            f"{', '.join(pinned) or 'there are none'}.",
        )
    roots = [file for file, ca in pinned.items() if "root" in file and _signed(ca, pinned[issuer])]
    if not roots:
        return Check(
            name=name, outcome="failed", text=f"{who} was issued by {issuer}, which no root signed."
        )
    try:
        check_dates(certificate, now=now)
    except OutOfDate as refusal:
        return Check(name=name, outcome="failed", text=f"{who}: {refusal}")
    return Check(name=name, outcome="ok", text=f"Yes: {who}, issued by {issuer}, under {roots[0]}.")


def _pinned(folder: Path) -> dict[str, x509.Certificate]:
    return {
        path.name: x509.load_pem_x509_certificate(path.read_bytes())
        for path in sorted(folder.glob("*.pem"))
    }


def _signed(authority: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
