"""Make the gateway's self-signed certificate and its key, unless they are still good.

    python -m deploy.container.make_certificate FOLDER NAME [NAME ...]

FOLDER gets certificate.pem and key.pem, readable by the group that the gateway joins.
"""

import datetime
import os
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

VALID_FOR = datetime.timedelta(days=397)  # the longest that browsers accept
RENEW_BEFORE = datetime.timedelta(days=30)


def make_certificate(folder: Path, names: list[str], *, now: datetime.datetime) -> bool:
    """Write a new certificate for these names and say whether one was needed.

    One that covers the names and stays valid for another RENEW_BEFORE is kept, so that a
    browser that was told to trust it goes on doing so.
    """
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    if key_file.exists() and certificate_file.exists():
        known = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        covered = known.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        if (
            set(names) <= set(covered.value.get_values_for_type(x509.DNSName))
            and known.not_valid_after_utc - now > RENEW_BEFORE
        ):
            return False

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now - datetime.timedelta(minutes=5) + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .sign(key, hashes.SHA256())
    )
    _write(
        key_file,
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
    _write(certificate_file, certificate.public_bytes(serialization.Encoding.PEM))
    return True


def _write(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o440)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    draft.replace(path)


if __name__ == "__main__":
    made = make_certificate(
        Path(sys.argv[1]), sys.argv[2:], now=datetime.datetime.now(datetime.UTC)
    )
    print("made a new certificate" if made else "the certificate is still good")
