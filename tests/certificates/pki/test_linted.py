"""Everything that the authority signs, judged by a linter and a path validator of others."""

import asyncio
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import InvalidCertificateError, RevokedError

from certificates.pki import formats, issue, revoke
from certificates.pki.csr import read_csr
from certificates.pki.issue import Authority
from certificates.pki.profiles import PROFILES, Identity, Purpose
from certificates.pki.revoke import Revocation
from tests.certificates.pki.conftest import NOW, URLS, OpenSsl

NAME = "dip.superenergy.example"
CASES = [(purpose, kind) for purpose in Purpose for kind in ("rsa:2048", "P-256")]


def lint(program: str, *words: str, folder: Path) -> str:
    """Return what pkilint finds that is a warning or worse; nothing, if all is well."""
    path = Path(sys.executable).with_name(program)
    done = subprocess.run(
        [path, "lint", "-s", "WARNING", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stdout + done.stderr).strip()


def certificate_bytes(
    openssl: OpenSsl, issuer: Authority, purpose: Purpose, kind: str
) -> tuple[int, bytes]:
    """Issue a certificate; return its serial number and its DER."""
    openssl.key(kind=kind)
    made = issue.issue(
        read_csr(openssl.csr(NAME, f"api.{NAME}")),
        profile=PROFILES[purpose],
        identity=Identity(organisation="Super Energy Co", country="GB", locality="Leeds"),
        allowed_domains=["superenergy.example"],
        issuer=issuer,
        urls=URLS,
        serial=issue.new_serial(),
        now=NOW,
    )
    return made.serial_number, formats.der(made)


def crl_bytes(issuer: Authority, *serials: int) -> bytes:
    return revoke.make_crl(
        issuer=issuer,
        revocations=[
            Revocation(serial=serial, revoked_at=NOW, reason="superseded") for serial in serials
        ],
        number=1,
        now=NOW,
        next_update=NOW + timedelta(days=1),
    )


@pytest.mark.parametrize(("purpose", "kind"), CASES)
def test_the_linter_finds_nothing_in_a_certificate(
    openssl: OpenSsl, issuer: Authority, purpose: Purpose, kind: str
) -> None:
    openssl.write("dip.der", certificate_bytes(openssl, issuer, purpose, kind)[1])

    assert lint("lint_pkix_cert", "dip.der", folder=openssl.folder) == ""


def test_the_linter_finds_nothing_in_the_authority(
    openssl: OpenSsl, issuer: Authority, root: Authority
) -> None:
    for name, authority in (("root.der", root), ("issuing.der", issuer)):
        openssl.write(name, authority.certificate.public_bytes(Encoding.DER))

        assert lint("lint_pkix_cert", name, folder=openssl.folder) == ""


def test_the_linter_finds_nothing_in_a_chain(
    openssl: OpenSsl, issuer: Authority, root: Authority
) -> None:
    openssl.write("dip.der", certificate_bytes(openssl, issuer, Purpose.BOTH, "rsa:2048")[1])
    openssl.write("root.der", formats.der(root.certificate))
    openssl.write("issuing.der", formats.der(issuer.certificate))

    for pair in (("root.der", "issuing.der"), ("issuing.der", "dip.der")):
        assert lint("lint_pkix_signer_signee_cert_chain", *pair, folder=openssl.folder) == ""


def test_the_linter_finds_nothing_in_a_crl(openssl: OpenSsl, issuer: Authority) -> None:
    openssl.write("a.crl", crl_bytes(issuer, 12345))

    said = lint("lint_crl", "-t", "CRL", "-p", "PKIX", "a.crl", folder=openssl.folder)

    assert said == ""


@pytest.mark.parametrize("is_revoked", [False, True])
def test_the_linter_finds_nothing_in_an_ocsp_answer(
    openssl: OpenSsl, issuer: Authority, is_revoked: bool
) -> None:
    serial, der = certificate_bytes(openssl, issuer, Purpose.BOTH, "rsa:2048")
    openssl.write("dip.der", der)
    openssl.write("issuing.pem", formats.pem(issuer.certificate))
    openssl("ocsp", "-issuer", "issuing.pem", "-cert", "dip.der", "-reqout", "request.der")
    revocation = Revocation(serial=serial, revoked_at=NOW, reason="keyCompromise")

    answer = revoke.ocsp_response(
        openssl.read("request.der"),
        issuer=issuer,
        find=lambda asked: revocation if is_revoked else True,
        now=NOW,
        next_update=NOW + timedelta(minutes=1),
    )

    openssl.write("answer.der", answer)
    assert lint("lint_ocsp_response", "answer.der", folder=openssl.folder) == ""


def context(
    issuer: Authority, root: Authority, *, crls: tuple[bytes, ...] = ()
) -> ValidationContext:
    def as_asn1(authority: Authority) -> asn1_x509.Certificate:
        return asn1_x509.Certificate.load(formats.der(authority.certificate))

    return ValidationContext(
        trust_roots=[as_asn1(root)],
        other_certs=[as_asn1(issuer)],
        moment=NOW + timedelta(minutes=1),
        crls=[asn1_crl.CertificateList.load(crl) for crl in crls],
        revocation_mode="hard-fail" if crls else "soft-fail",
        allow_fetching=False,
    )


@pytest.mark.parametrize(("purpose", "kind"), CASES)
def test_the_path_validator_accepts_a_certificate_for_its_usage(
    openssl: OpenSsl, issuer: Authority, root: Authority, purpose: Purpose, kind: str
) -> None:
    _, der = certificate_bytes(openssl, issuer, purpose, kind)
    certificate = asn1_x509.Certificate.load(der)

    def validate(*extended: str) -> None:
        validator = CertificateValidator(certificate, validation_context=context(issuer, root))
        asyncio.run(
            validator.async_validate_usage(
                {"digital_signature"}, set(extended), extended_optional=False
            )
        )

    if PROFILES[purpose].is_for_tls:
        validate("client_auth", "server_auth")
    else:
        validate()
        with pytest.raises(InvalidCertificateError, match="client auth"):
            validate("client_auth")


def test_the_path_validator_refuses_a_revoked_certificate(
    openssl: OpenSsl, issuer: Authority, root: Authority
) -> None:
    serial, der = certificate_bytes(openssl, issuer, Purpose.BOTH, "P-256")
    certificate = asn1_x509.Certificate.load(der)
    of_root = crl_bytes(root)

    good = context(issuer, root, crls=(crl_bytes(issuer), of_root))
    asyncio.run(
        CertificateValidator(certificate, validation_context=good).async_validate_usage(set())
    )

    revoked = context(issuer, root, crls=(crl_bytes(issuer, serial), of_root))
    with pytest.raises(RevokedError):
        asyncio.run(
            CertificateValidator(certificate, validation_context=revoked).async_validate_usage(
                set()
            )
        )
