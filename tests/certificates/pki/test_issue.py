"""Issued certificates, judged by OpenSSL, Node and a path validator, and what is refused."""

import json
import subprocess
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from certificates.pki import formats, issue, keys, paths, profiles
from certificates.pki.csr import read_csr
from certificates.pki.issue import Authority
from certificates.pki.profiles import PROFILES, Identity, Purpose
from certificates.pki.refusals import IdentityRefused, NameRefused, NotTrusted, OutOfDate
from tests.certificates.pki.conftest import NOW, URLS, OpenSsl
from tests.leaving_out import need_program

DOMAIN = "superenergy.example"
IDENTITY = Identity(organisation="Super Energy Co", country="GB", locality="Leeds")
SEES_TLS = {Purpose.MTLS: True, Purpose.SIGNING: False, Purpose.BOTH: True}

Issue = Callable[..., x509.Certificate]


@pytest.fixture
def issue_for(openssl: OpenSsl, issuer: Authority) -> Issue:
    """Issue for a CSR of openssl with these names."""

    def issue_it(
        *names: str,
        purpose: Purpose = Purpose.BOTH,
        kind: str = "rsa:2048",
        by: Authority = issuer,
        identity: Identity = IDENTITY,
        options: tuple[str, ...] = (),
    ) -> x509.Certificate:
        openssl.key(kind=kind)
        certificate = issue.issue(
            read_csr(openssl.csr(*names, options=options)),
            profile=PROFILES[purpose],
            identity=identity,
            allowed_domains=[DOMAIN],
            issuer=by,
            urls=URLS,
            serial=issue.new_serial(),
            now=NOW,
        )
        openssl.write("dip.cer", formats.pem(certificate))
        return certificate

    return issue_it


@pytest.fixture(autouse=True)
def _authority_files(openssl: OpenSsl, root: Authority, issuer: Authority) -> None:
    openssl.write("root.pem", formats.pem(root.certificate))
    openssl.write("issuing.pem", formats.pem(issuer.certificate))


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("kind", ["rsa:2048", "P-256"])
def test_openssl_accepts_the_chain_for_its_purpose(
    openssl: OpenSsl, issue_for: Issue, purpose: Purpose, kind: str
) -> None:
    issue_for(f"dip.{DOMAIN}", purpose=purpose, kind=kind)

    openssl(
        *("verify", "-x509_strict", "-attime", str(int(NOW.timestamp()) + 60)),
        *("-CAfile", "root.pem", "-untrusted", "issuing.pem", "dip.cer"),
    )
    usage = openssl("x509", "-in", "dip.cer", "-noout", "-ext", "keyUsage,extendedKeyUsage")
    assert ("TLS Web Client Authentication" in usage) is SEES_TLS[purpose]
    assert ("Key Encipherment" in usage) is (SEES_TLS[purpose] and kind.startswith("rsa"))
    assert "Digital Signature" in usage
    assert "Certificate Sign" not in usage


def test_the_key_of_the_csr_is_certified_for_a_year(openssl: OpenSsl, issue_for: Issue) -> None:
    certificate = issue_for(f"dip.{DOMAIN}", f"api.{DOMAIN}")

    assert openssl("x509", "-in", "dip.cer", "-noout", "-pubkey") == openssl(
        "pkey", "-in", "dip.key", "-pubout"
    )
    length = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert length == timedelta(days=365) - timedelta(seconds=1)  # both ends count, RFC 5280 4.1.2.5
    assert certificate.not_valid_before_utc == NOW - timedelta(minutes=5)
    assert certificate.subject.rfc4514_string() == (
        f"CN=dip.{DOMAIN},O=Super Energy Co,L=Leeds,C=GB"
    )


def test_what_a_csr_says_of_itself_is_not_believed(issue_for: Issue) -> None:
    asked = (
        "basicConstraints=critical,CA:TRUE",
        "keyUsage=keyCertSign",
        "certificatePolicies=2.5.29.32.0",
    )
    options = tuple(word for extension in asked for word in ("-addext", extension))

    certificate = issue_for(f"dip.{DOMAIN}", options=options)

    extensions = certificate.extensions
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    [policy] = extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert policy.policy_identifier == PROFILES[Purpose.BOTH].policy_oid


def test_node_accepts_the_chain(openssl: OpenSsl, issue_for: Issue) -> None:
    node = need_program("node", "nodejs")
    issue_for(f"dip.{DOMAIN}")
    script = """
        const { X509Certificate } = require("crypto"), fs = require("fs");
        const [leaf, ca, root] = ["dip.cer", "issuing.pem", "root.pem"]
            .map(name => new X509Certificate(fs.readFileSync(name)));
        console.log(JSON.stringify([
            leaf.checkIssued(ca) && leaf.verify(ca.publicKey),
            ca.checkIssued(root) && ca.verify(root.publicKey),
            leaf.ca, ca.ca, leaf.checkHost("dip.superenergy.example") || "",
        ]));
    """

    done = subprocess.run([node, "-e", script], cwd=openssl.folder, capture_output=True, check=True)

    assert json.loads(done.stdout) == [True, True, False, True, f"dip.{DOMAIN}"]


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_path_leads_to_the_root_until_it_ends(
    issue_for: Issue, root: Authority, issuer: Authority, purpose: Purpose
) -> None:
    certificate = issue_for(f"dip.{DOMAIN}", purpose=purpose)
    trusted = {"intermediates": [issuer.certificate], "roots": [root.certificate]}

    paths.check_chain(certificate, **trusted, now=NOW)

    with pytest.raises(OutOfDate, match="expired on 2027-06-01"):
        paths.check_chain(certificate, **trusted, now=NOW + timedelta(days=366))
    with pytest.raises(OutOfDate, match="not valid before"):
        paths.check_chain(certificate, **trusted, now=NOW - timedelta(days=1))


def test_the_other_environments_ca_is_not_trusted(
    issue_for: Issue, make_issuer: Callable[[str], Authority], issuer: Authority
) -> None:
    production = make_issuer("Simulated issuing CA, Production")
    certificate = issue_for(f"dip.{DOMAIN}", by=issuer)

    with pytest.raises(NotTrusted, match="trusted in this environment"):
        paths.check_chain(
            certificate,
            intermediates=[issuer.certificate],
            roots=[production.certificate],
            now=NOW,
        )


def test_tls_does_not_take_a_signing_certificate(openssl: OpenSsl, issue_for: Issue) -> None:
    certificate = issue_for(f"dip.{DOMAIN}", purpose=Purpose.MTLS)
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usage) == {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH}

    signing = issue_for(f"dip.{DOMAIN}", purpose=Purpose.SIGNING)

    with pytest.raises(x509.ExtensionNotFound):
        signing.extensions.get_extension_for_class(x509.ExtendedKeyUsage)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("dip.other.example", "lies under no domain that is verified"),
        ("notsuperenergy.example", "lies under no domain that is verified"),
        ("superenergy.example.evil.example", "lies under no domain that is verified"),
        ("*.superenergy.example", "is a wildcard"),
        ("localhost", "no full domain name"),
        ("192.0.2.1", "no full domain name"),
        ("dip..superenergy.example", "no full domain name"),
    ],
)
def test_names_that_are_not_the_companys_are_refused(
    issue_for: Issue, name: str, says: str
) -> None:
    with pytest.raises(NameRefused, match=says):
        issue_for(f"dip.{DOMAIN}", name)


def test_a_csr_that_names_nothing_is_refused(issue_for: Issue) -> None:
    with pytest.raises(NameRefused, match=f"one of your verified domains .{DOMAIN}."):
        issue_for()


def test_too_many_names_are_refused(issue_for: Issue) -> None:
    names = [f"n{number}.{DOMAIN}" for number in range(profiles.MAX_NAMES + 1)]

    with pytest.raises(NameRefused, match="20 at most"):
        issue_for(*names)


def test_names_are_issued_in_canonical_form_and_once(issue_for: Issue) -> None:
    certificate = issue_for(f"DIP.{DOMAIN.upper()}", f"dip.{DOMAIN}", DOMAIN)

    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [f"dip.{DOMAIN}", DOMAIN]


def test_a_name_too_long_for_a_common_name_stands_in_the_alternative_names(
    openssl: OpenSsl, issue_for: Issue
) -> None:
    long = ".".join(["a" * 30] * 3 + [DOMAIN])

    certificate = issue_for(DOMAIN, long)

    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert long in names.get_values_for_type(x509.DNSName)


@pytest.mark.parametrize(
    ("identity", "field"),
    [
        (Identity(organisation="", country="GB"), "organisation"),
        (Identity(organisation="x" * 65, country="GB"), "organisation"),
        (Identity(organisation="Super\x00Energy", country="GB"), "organisation"),
        (Identity(organisation="Super Energy Co", country="Gb"), "country"),
        (Identity(organisation="Super Energy Co", country="GB", locality="y" * 129), "locality"),
    ],
)
def test_an_identity_that_fits_no_subject_is_refused(
    issue_for: Issue, identity: Identity, field: str
) -> None:
    with pytest.raises(IdentityRefused, match=field):
        issue_for(f"dip.{DOMAIN}", identity=identity)


def test_a_certificate_never_outlives_its_issuer(root: Authority, openssl: OpenSsl) -> None:
    openssl.key()
    csr = read_csr(openssl.csr(f"dip.{DOMAIN}"))
    short = issue.make_issuing_ca(
        root=root,
        organisation="Simulated authority",
        common_name="Simulated issuing CA, old",
        key=keys.new_ca_key(),
        serial=issue.new_serial(),
        now=NOW - issue.ISSUING_LIFETIME + timedelta(days=100),
        urls=URLS,
    )

    def issued(days: int) -> x509.Certificate:
        return issue.issue(
            csr,
            profile=PROFILES[Purpose.BOTH],
            identity=IDENTITY,
            allowed_domains=[DOMAIN],
            issuer=short,
            urls=URLS,
            serial=issue.new_serial(),
            now=NOW + timedelta(days=days),
        )

    assert issued(0).not_valid_after_utc == short.certificate.not_valid_after_utc
    with pytest.raises(OutOfDate, match="rotated"):
        issued(100)


def test_serial_numbers_are_positive_random_and_of_sixteen_bytes() -> None:
    serials = {issue.new_serial() for _ in range(100)}

    assert len(serials) == 100
    assert all(serial > 0 and (serial.bit_length() + 7) // 8 == 16 for serial in serials)


def test_the_files_to_download_say_the_same(openssl: OpenSsl, issue_for: Issue) -> None:
    certificate = issue_for(f"dip.{DOMAIN}")
    openssl.write("dip.der", formats.der(certificate))
    openssl.write("dip.p7b", formats.p7b([certificate]))

    from_der = openssl("x509", "-inform", "DER", "-in", "dip.der", "-noout", "-serial")
    from_p7b = openssl("pkcs7", "-inform", "DER", "-in", "dip.p7b", "-print_certs")

    assert from_der.strip() == f"serial={formats.serial_text(certificate.serial_number)}"
    assert formats.pem(certificate).decode().strip() in from_p7b
    print_ = openssl("x509", "-in", "dip.cer", "-noout", "-fingerprint", "-sha256")
    assert formats.thumbprint(certificate) == print_.strip().split("=")[1].replace(":", "").lower()


def test_a_ca_key_comes_back_as_it_was() -> None:
    key = keys.new_ca_key()

    assert keys.from_pem(keys.to_pem(key)).private_numbers() == key.private_numbers()
    assert key.key_size == keys.CA_KEY_BITS
