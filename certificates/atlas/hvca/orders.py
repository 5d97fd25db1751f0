"""Reads a request for a certificate, in HVCA's form, against the validation policy.

What HVCA has and this authority does not issue is refused by name, never dropped silently.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography.x509.oid import ExtendedKeyUsageOID

from certificates.atlas.errors import UnableToIssue
from certificates.atlas.hvca.bodies import Body
from certificates.atlas.hvca.problems import Invalid
from certificates.atlas.models import IdentityProfile
from certificates.atlas.services.certificates import read_public_key, read_request
from certificates.pki.csr import MAX_BYTES, Csr
from certificates.pki.profiles import CLOCK_SKEW, LIFETIME, Purpose

SHORTEST = timedelta(hours=1)
TLS_USAGES = (
    ExtendedKeyUsageOID.SERVER_AUTH.dotted_string,
    ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string,
)
SIGNING_USAGE = "1.3.6.1.5.5.7.3.36"  # id-kp-documentSigning, RFC 9336
USAGES = (*TLS_USAGES, SIGNING_USAGE)
# Which of HVCA's key usages the profiles always have, may have, and never have.
ALWAYS, CHOICES = "digital_signature", ("content_commitment", "key_encipherment")
NEVER = (
    *("data_encipherment", "key_agreement", "key_certificate_sign"),
    *("crl_sign", "encipher_only", "decipher_only"),
)
SUBJECT_FIELDS = {"organization": "organisation", "country": "country", "locality": "locality",
                  "state": "state"}  # fmt: skip
OTHER_SUBJECT_FIELDS = (
    *("organizational_unit", "organization_identifier", "street_address", "postal_code"),
    *("email", "given_name", "surname", "serial_number", "business_category"),
    "jurisdiction_of_incorporation_locality_name",
    "jurisdiction_of_incorporation_state_or_province_name",
    "jurisdiction_of_incorporation_country_name",
    "extra_attributes",
)
OTHER_NAMES = ("emails", "ip_addresses", "uris", "other_names")
NOT_ISSUED = ("subject_da", "qualified_statements", "ms_extension_template", "custom_extensions")
SIGNATURE = {"algorithm": ("RSA",), "hash_algorithm": ("SHA-256", "SHA256")}
KEY_FIELDS = ("public_key", "public_key_signature", "signature")
FIELDS = (
    *("validity", "subject_dn", "san", "key_usages", "extended_key_usages"),
    *NOT_ISSUED,
    *KEY_FIELDS,
)


@dataclass(frozen=True, kw_only=True)
class Order:
    """A certificate as it is asked for. `until` is None for the longest life."""

    csr: Csr
    purpose: Purpose
    until: datetime | None


def read_order(body: Body, profile: IdentityProfile, *, now: datetime) -> Order:
    """Return what a request asks for. Raises Invalid, with the field and the remedy.

    The names are those of `subject_dn.common_name` and `san.dns_names`, as with HVCA; where
    both are empty they are those of the CSR.
    """
    body.only(FIELDS)
    for field in NOT_ISSUED:
        _forbid(body, field)
    names = _names(body, profile)
    purpose = _purpose(body)
    until = _until(body.object("validity"), now)
    csr = read_key(body)
    if names:
        csr = replace(csr, dns_names=tuple(names), other_names=())
    return Order(csr=csr, purpose=purpose, until=until)


def read_key(body: Body) -> Csr:
    """Return the CSR, or the public key with its proof, of a request. Raises Invalid."""
    for field, allowed in SIGNATURE.items():
        given = body.object("signature").text(field)
        if given and given.upper() not in allowed:
            raise Invalid(
                f"signature.{field}", f"The authority signs with {allowed[0]}. Leave it out."
            )
    body.object("signature").only(SIGNATURE)
    text = body.required_text("public_key", most=MAX_BYTES)
    proof = body.text("public_key_signature", most=4096)
    try:
        if "BEGIN PUBLIC KEY" in text:
            return read_public_key(text.encode(), proof)
        if proof:
            raise Invalid("public_key_signature", "A CSR is signed in itself. Leave this out.")
        return read_request(text.encode())
    except UnableToIssue as refusal:
        raise Invalid(
            "public_key_signature" if refusal.field == "proof" else "public_key", str(refusal)
        ) from None


def _names(body: Body, profile: IdentityProfile) -> list[str]:
    subject, san = body.object("subject_dn"), body.object("san")
    subject.only(("common_name", *SUBJECT_FIELDS, *OTHER_SUBJECT_FIELDS))
    san.only(("dns_names", *OTHER_NAMES))
    for field, own in SUBJECT_FIELDS.items():
        given = subject.text(field)
        if given and given != getattr(profile, own):
            raise Invalid(
                subject.name(field),
                f"The identity profile {profile} has “{getattr(profile, own)}” here, and so do "
                "its certificates. Leave it out.",
            )
    for field in OTHER_SUBJECT_FIELDS:
        _forbid(subject, field)
    for field in OTHER_NAMES:
        _forbid(san, field, "Only DNS names are issued. Leave it out.")
    names = [subject.text("common_name"), *san.texts("dns_names")]
    return list(dict.fromkeys(name for name in names if name))


def _purpose(body: Body) -> Purpose:
    """Return what the certificate is for: see docs/atlas.md, 'Which request gives which'."""
    usages = body.texts("extended_key_usages")
    unknown = [usage for usage in usages if usage not in USAGES]
    if unknown:
        raise Invalid(
            "extended_key_usages",
            f"{unknown[0][:40]} is not issued. Give serverAuth and clientAuth "
            f"({' and '.join(TLS_USAGES)}) for mTLS, documentSigning ({SIGNING_USAGE}) for "
            "signing, all three for both.",
        )
    key_usages = body.object("key_usages")
    key_usages.only((ALWAYS, *CHOICES, *NEVER))
    if key_usages.truth(ALWAYS) is False:
        raise Invalid(key_usages.name(ALWAYS), "Every certificate has it. Leave it out.")
    for field in NEVER:
        if key_usages.truth(field):
            raise Invalid(key_usages.name(field), "No certificate has it. Leave it out.")
    key_usages.truth("key_encipherment")
    for_tls = any(usage in TLS_USAGES for usage in usages)
    for_signing = SIGNING_USAGE in usages or key_usages.truth("content_commitment") is True
    if for_tls == for_signing:
        return Purpose.BOTH
    return Purpose.MTLS if for_tls else Purpose.SIGNING


def _until(validity: Body, now: datetime) -> datetime | None:
    validity.only(("not_before", "not_after"))
    begin, end = validity.moment("not_before"), validity.moment("not_after")
    if begin is not None and abs(begin - now) > CLOCK_SKEW + timedelta(seconds=1):
        raise Invalid(
            "validity.not_before",
            f"A certificate begins when it is issued; it is {now:%Y-%m-%d %H:%M} UTC now.",
        )
    if end is None:
        return None
    begin = begin or now
    if end < begin + SHORTEST or end > begin + LIFETIME:
        raise Invalid(
            "validity.not_after",
            f"A certificate lasts an hour at least and {LIFETIME.days} days at most. Give 0 for "
            "the longest.",
        )
    return end


def _forbid(body: Body, field: str, text: str = "It is not issued here. Leave it out.") -> None:
    if body.has(field):
        raise Invalid(body.name(field), text)
