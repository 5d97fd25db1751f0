"""What an authority says of revoked certificates: its CRL and its OCSP answers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import (
    SHA1,
    SHA224,
    SHA256,
    SHA384,
    SHA512,
    Hash,
    HashAlgorithm,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from certificates.pki.issue import Authority

# RFC 5280, section 5.3.1, without those that are no participant's to give: certificateHold
# and removeFromCRL (a revocation here is for good), aACompromise, and cACompromise.
REASONS = {
    reason.value: reason
    for reason in (
        x509.ReasonFlags.unspecified,
        x509.ReasonFlags.key_compromise,
        x509.ReasonFlags.affiliation_changed,
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
        x509.ReasonFlags.privilege_withdrawn,
    )
}
MAX_OCSP_REQUEST_BYTES = 4096
NONCE_BYTES = range(1, 128 + 1)  # RFC 9654, section 2.1
HASHES = (SHA1, SHA224, SHA256, SHA384, SHA512)  # of a CertID, RFC 6960, section 4.1.1
UNANSWERABLE = (
    *(ValueError, TypeError, NotImplementedError),
    *(UnsupportedAlgorithm, x509.DuplicateExtension),
)


@dataclass(frozen=True, kw_only=True)
class Revocation:
    """That a certificate is revoked: `reason` is one of REASONS, `revoked_at` in UTC."""

    serial: int
    revoked_at: datetime
    reason: str


def make_crl(
    *,
    issuer: Authority,
    revocations: Iterable[Revocation],
    number: int,
    now: datetime,
    next_update: datetime,
) -> bytes:
    """Return the issuer's CRL as DER (RFC 5280, section 5). `number` rises with each."""
    key_id = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now)
        .next_update(next_update)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id.value),
            critical=False,
        )
    )
    for revocation in revocations:
        builder = builder.add_revoked_certificate(_entry(revocation))
    return builder.sign(issuer.key, SHA256()).public_bytes(Encoding.DER)


def ocsp_response(
    request: bytes,
    *,
    issuer: Authority,
    find: Callable[[int], Revocation | bool],
    now: datetime,
    next_update: datetime,
) -> bytes:
    """Return the answer to an OCSP request, both DER (RFC 6960).

    `find` is given a serial number and returns its revocation, True for one that is good,
    or False for one that this issuer never issued: those are 'unknown', and so are those
    of other issuers. A request that cannot be read, or asks for several certificates at
    once, gets the answer malformedRequest.
    """
    try:
        asked = _asked(request)
    except UNANSWERABLE:
        return _unsuccessful(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
    found = find(asked.serial_number) if _is_of(issuer, asked) else False
    revocation = found if isinstance(found, Revocation) else None
    reason = REASONS[revocation.reason] if revocation else None
    if revocation is not None:
        status = ocsp.OCSPCertStatus.REVOKED
    else:
        status = ocsp.OCSPCertStatus.GOOD if found else ocsp.OCSPCertStatus.UNKNOWN
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response_by_hash(
            issuer_name_hash=asked.issuer_name_hash,
            issuer_key_hash=asked.issuer_key_hash,
            serial_number=asked.serial_number,
            algorithm=asked.hash_algorithm,
            cert_status=status,
            this_update=now,
            next_update=next_update,
            revocation_time=revocation.revoked_at if revocation else None,
            # 'unspecified' is said by saying nothing (RFC 5280, section 5.3.1).
            revocation_reason=None if reason is x509.ReasonFlags.unspecified else reason,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, issuer.certificate)
    )
    nonce = _nonce(asked)
    if nonce is not None:
        builder = builder.add_extension(nonce, critical=False)
    return builder.sign(issuer.key, SHA256()).public_bytes(Encoding.DER)


def _entry(revocation: Revocation) -> x509.RevokedCertificate:
    builder = (
        x509.RevokedCertificateBuilder()
        .serial_number(revocation.serial)
        .revocation_date(revocation.revoked_at)
    )
    reason = REASONS[revocation.reason]
    if reason is not x509.ReasonFlags.unspecified:
        builder = builder.add_extension(x509.CRLReason(reason), critical=False)
    return builder.build()


def _asked(request: bytes) -> ocsp.OCSPRequest:
    """Return the request, if it can be answered at all. Raises one of UNANSWERABLE."""
    if len(request) > MAX_OCSP_REQUEST_BYTES:
        raise ValueError("longer than any request for one certificate")
    asked = ocsp.load_der_ocsp_request(request)
    algorithm = asked.hash_algorithm
    if not isinstance(algorithm, HASHES):
        raise ValueError("a hash that no answer may have")
    if {len(asked.issuer_name_hash), len(asked.issuer_key_hash)} != {algorithm.digest_size}:
        raise ValueError("not the length of such a hash")
    if asked.serial_number < 0:
        raise ValueError("a negative serial number")
    nonce = _nonce(asked)
    if nonce is not None and len(nonce.nonce) not in NONCE_BYTES:
        raise ValueError("a nonce of a length that must be refused")
    return asked


def _nonce(asked: ocsp.OCSPRequest) -> x509.OCSPNonce | None:
    try:
        return asked.extensions.get_extension_for_class(x509.OCSPNonce).value
    except x509.ExtensionNotFound:
        return None


def _is_of(issuer: Authority, asked: ocsp.OCSPRequest) -> bool:
    """Tell whether the request is about a certificate of this issuer (RFC 6960, 4.1.1)."""
    key = issuer.certificate.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    name = issuer.certificate.subject.public_bytes()
    return all(
        _digest(asked.hash_algorithm, data) == hashed
        for data, hashed in ((name, asked.issuer_name_hash), (key, asked.issuer_key_hash))
    )


def _digest(algorithm: HashAlgorithm, data: bytes) -> bytes:
    digest = Hash(algorithm)
    digest.update(data)
    return digest.finalize()


def _unsuccessful(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
