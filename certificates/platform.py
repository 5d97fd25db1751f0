"""The DIP's own key and certificate, with which it signs what it sends and shows who it is.

The key is made once and stays in PLATFORM_KEY_FILE. The request for a certificate is put into
`AUTHORITY_DIR/platform`, where Atlas answers it and renews what it has issued; nothing has to be
started anew for that.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.utils import timezone

from certificates.pki import keys
from certificates.pki.paths import check_dates
from certificates.pki.refusals import OutOfDate
from dip_portal.lib import environment as environments
from dip_portal.lib import keyfiles

KEY_BITS = 2048


class NoOwnCertificate(Exception):
    """The DIP cannot sign or show itself just now; the text says what to do."""


@dataclass(frozen=True, kw_only=True)
class PlatformIdentity:
    """The DIP's key, its certificate, and those above it: the issuing CA, then the root.

    `key_file` and `certificate_file` (with the chain) are what an SSLContext loads.
    """

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    chain: list[x509.Certificate]
    key_file: Path
    certificate_file: Path


def request_certificate() -> Path:
    """Write the request for the DIP's certificate where Atlas finds it; return the file.

    Makes the key if there is none yet. A second time changes nothing.
    """
    name = environments.current().domain
    key = keys.from_pem(keyfiles.read_or_create(settings.PLATFORM_KEY_FILE, _new_key).encode())
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, SHA256())
    )
    path = _file("csr")
    keyfiles.publish(path, request.public_bytes(Encoding.PEM).decode())
    return path


def own_signer() -> PlatformIdentity:
    """Return who the DIP is on outbound calls. Raises NoOwnCertificate."""
    key_file: Path = settings.PLATFORM_KEY_FILE
    certificate_file = _file("pem")
    try:
        key = _key(key_file, key_file.stat().st_mtime_ns)
    except FileNotFoundError:
        raise NoOwnCertificate(
            "The DIP has no key of its own yet: `manage.py request_own_certificate` makes it."
        ) from None
    try:
        certificates = _certificates(certificate_file, certificate_file.stat().st_mtime_ns)
    except FileNotFoundError:
        raise NoOwnCertificate(
            "Atlas has not issued the DIP's own certificate yet. It answers the request "
            f"{_file('csr')} a few seconds after its worker has started."
        ) from None
    except ValueError:
        raise NoOwnCertificate(
            f"{certificate_file} is no certificate. Remove it: Atlas writes it again."
        ) from None
    own, *chain = certificates
    if own.public_key() != key.public_key():
        raise NoOwnCertificate(
            f"{certificate_file} belongs to another key than {key_file}. Run `manage.py "
            "request_own_certificate`; Atlas answers within seconds."
        )
    try:
        check_dates(own, now=timezone.now())
    except OutOfDate as refusal:
        raise NoOwnCertificate(
            f"The DIP's own certificate is out of date. {refusal} Atlas's worker renews it."
        ) from None
    return PlatformIdentity(
        key=key,
        certificate=own,
        chain=chain,
        key_file=key_file,
        certificate_file=certificate_file,
    )


def _file(suffix: str) -> Path:
    folder: Path = settings.AUTHORITY_DIR / "platform"
    return folder / f"{environments.current().name}.{suffix}"


def _new_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    return keys.to_pem(key).decode()


@lru_cache(maxsize=4)
def _key(path: Path, changed: int) -> rsa.RSAPrivateKey:
    """Keep the opened key: to read and check it costs more than to sign with it."""
    return keys.from_pem(path.read_bytes())


@lru_cache(maxsize=4)
def _certificates(path: Path, changed: int) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(path.read_bytes())
