"""An authority for tests, pinned where this environment looks, and companies' certificates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.utils import timezone

from certificates import platform
from certificates.models import Certificate
from certificates.pki import formats, issue, keys
from certificates.pki.csr import read_csr
from certificates.pki.issue import Authority, Urls
from certificates.pki.profiles import PROFILES, Identity, Purpose
from organisations.models import Organisation

URLS = Urls(
    ca_issuers="http://atlas.example/ca.cer",
    ocsp="http://atlas.example/ocsp",
    crl="http://atlas.example/ca.crl",
)


@dataclass(frozen=True, kw_only=True)
class Held:
    """A certificate with its key, as the company holds it, and the row that the DIP has of it."""

    row: Certificate
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


@cache
def root() -> Authority:
    """Return the root of the tests, made once."""
    return issue.make_root(
        organisation="Simulated authority",
        common_name="Simulated root",
        key=keys.new_ca_key(),
        serial=issue.new_serial(),
        now=timezone.now() - timedelta(days=800),
    )


def issuing_ca(environment: str = "uit") -> Authority:
    """Return the issuing CA of an environment, made once."""
    return _issuing_ca(environment)


@cache
def _issuing_ca(environment: str) -> Authority:
    return issue.make_issuing_ca(
        root=root(),
        organisation="Simulated authority",
        common_name=f"Simulated issuing CA {environment}",
        key=keys.new_ca_key(),
        serial=issue.new_serial(),
        now=timezone.now() - timedelta(days=800),
        urls=URLS,
    )


def pin(*environments: str) -> None:
    """Let this test's environment trust the CAs of these environments: both portals' if none."""
    folder = settings.TRUSTED_KEYS_DIR / "authorities"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "root-1.pem").write_bytes(formats.pem(root().certificate))
    for name in environments or ("uit", "production"):
        (folder / f"{name}-1.pem").write_bytes(formats.pem(issuing_ca(name).certificate))


def key(number: int = 1) -> rsa.RSAPrivateKey:
    """Return an RSA key, drawn once."""
    return _key(number)


@cache
def _key(number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def held(
    organisation: Organisation,
    *,
    purpose: Certificate.Purpose = Certificate.Purpose.BOTH,
    environment: str = "uit",
    names: Sequence[str] = ("dip.superenergy.example",),
    age: timedelta = timedelta(),
    key_number: int = 1,
) -> Held:
    """Give a company a certificate that was issued `age` ago; pins the authorities."""
    pin()
    begun = timezone.now() - age
    issued = sign_csr(
        csr(key(key_number), names), purpose=purpose, environment=environment, age=age
    )
    ca = issuing_ca(environment)
    row = Certificate.objects.create(
        organisation=organisation,
        purpose=purpose,
        serial=formats.serial_text(issued.serial_number),
        thumbprint=formats.thumbprint(issued),
        subject=issued.subject.rfc4514_string(),
        dns_names=list(names),
        pem=formats.pem(issued).decode(),
        chain_pem=formats.chain_pem([ca.certificate, root().certificate]).decode(),
        not_before=issued.not_valid_before_utc,
        not_after=issued.not_valid_after_utc,
        issued_at=begun,
    )
    return Held(row=row, certificate=issued, key=key(key_number))


def csr(private_key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, names: Sequence[str]) -> bytes:
    """Return a CSR for these DNS names as PEM."""
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(it) for it in names]), False)
        .sign(private_key, hashes.SHA256())
    )
    return request.public_bytes(Encoding.PEM)


def sign_csr(
    data: bytes,
    *,
    purpose: str = Certificate.Purpose.BOTH,
    environment: str = "uit",
    age: timedelta = timedelta(),
    by: Authority | None = None,
) -> x509.Certificate:
    """Return the certificate of a CSR, issued `age` ago by the CA of an environment, or `by`."""
    request = read_csr(data)
    return issue.issue(
        request,
        profile=PROFILES[Purpose(purpose)],
        identity=Identity(organisation="Super Energy Co", country="GB"),
        allowed_domains=request.dns_names,
        issuer=by or issuing_ca(environment),
        urls=URLS,
        serial=issue.new_serial(),
        now=(timezone.now() - age).replace(microsecond=0),
    )


def own(environment: str = "uit") -> None:
    """Give the DIP its own key and certificate, as Atlas would issue it; pins the authorities."""
    pin()
    request = platform.request_certificate()
    issued = sign_csr(request.read_bytes(), environment=environment)
    above = [issuing_ca(environment).certificate, root().certificate]
    request.with_suffix(".pem").write_bytes(formats.chain_pem([issued, *above]))
