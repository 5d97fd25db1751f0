"""Make the certificate of a TLS gateway, by an authority of this machine's own.

    python -m deploy.make_certificate FOLDER TRUST NAME [NAME ...]

FOLDER gets certificate.pem and key.pem, readable by the group that the gateway joins, and the
authority's key, readable by its owner alone. TRUST gets gateway-ca.pem, the authority's
certificate: what browsers and programs are told to trust. Both are kept as long as they are
good. A name is a host name under localhost or an address of this machine: the authority may
vouch for nothing else, so that its key is worth little to a thief.
"""

import datetime
import ipaddress
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

VALID_FOR = datetime.timedelta(days=397)  # the longest that browsers accept
RENEW_BEFORE = datetime.timedelta(days=30)
AUTHORITY_VALID_FOR = datetime.timedelta(days=10 * 365)
CLOCK_SKEW = datetime.timedelta(minutes=5)
AUTHORITY_FILE = "gateway-ca.pem"
AUTHORITY_NAME = "Gateway of the DIP Portal simulator on this machine"


@dataclass(frozen=True, kw_only=True)
class _Signer:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def make_certificate(
    folder: Path, names: Sequence[str], *, trust: Path, now: datetime.datetime
) -> bool:
    """Write a new certificate for these names and say whether one was needed.

    One that covers the names and stays valid for another RENEW_BEFORE is kept, and so is the
    authority, so that whoever was told to trust it goes on doing so. `now` is in UTC.
    """
    authority = _authority(folder / "authority-key.pem", trust / AUTHORITY_FILE, now)
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    if (
        key_file.exists()
        and certificate_file.exists()
        and _is_good(certificate_file.read_bytes(), names, authority, now)
    ):
        return False

    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _begun(names[0], authority.certificate.subject, key, now, VALID_FOR)
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), False
        )
        .sign(authority.key, hashes.SHA256())
    )
    _write(key_file, _pem(key), 0o440)
    _write(certificate_file, certificate.public_bytes(serialization.Encoding.PEM), 0o440)
    return True


def _authority(key_file: Path, certificate_file: Path, now: datetime.datetime) -> _Signer:
    """Return the authority that is kept, or a new one if there is none or it ends too soon."""
    if key_file.exists() and certificate_file.exists():
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        if (
            isinstance(key, ec.EllipticCurvePrivateKey)
            and certificate.public_key() == key.public_key()
            and certificate.not_valid_after_utc > now + VALID_FOR
        ):
            return _Signer(certificate=certificate, key=key)

    key = ec.generate_private_key(ec.SECP256R1())
    subject = _named(AUTHORITY_NAME)
    certificate = (
        _begun(AUTHORITY_NAME, subject, key, now, AUTHORITY_VALID_FOR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(
            x509.NameConstraints(
                permitted_subtrees=[
                    x509.DNSName("localhost"),
                    x509.IPAddress(ipaddress.ip_network("127.0.0.0/8")),
                ],
                excluded_subtrees=None,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    _write(key_file, _pem(key), 0o400)
    _write(certificate_file, certificate.public_bytes(serialization.Encoding.PEM), 0o444)
    return _Signer(certificate=certificate, key=key)


def _is_good(pem: bytes, names: Sequence[str], authority: _Signer, now: datetime.datetime) -> bool:
    known = x509.load_pem_x509_certificate(pem)
    covered = known.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    try:
        known.verify_directly_issued_by(authority.certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return {_name(name) for name in names} <= set(
        covered
    ) and known.not_valid_after_utc - now > RENEW_BEFORE


def _begun(
    common_name: str,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: datetime.datetime,
    lifetime: datetime.timedelta,
) -> x509.CertificateBuilder:
    begin = now - CLOCK_SKEW
    return (
        x509.CertificateBuilder()
        .subject_name(_named(common_name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    )


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    draft.replace(path)


if __name__ == "__main__":
    made = make_certificate(
        Path(sys.argv[1]),
        sys.argv[3:],
        trust=Path(sys.argv[2]),
        now=datetime.datetime.now(datetime.UTC),
    )
    print("made a new certificate" if made else "the certificate is still good")
