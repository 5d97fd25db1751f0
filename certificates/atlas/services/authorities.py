"""The certificate authorities: made at the first start, rotated; their CRLs and OCSP answers."""

from datetime import datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from audit.services import record
from certificates.atlas.actors import ATLAS, AtlasActor
from certificates.atlas.models import Certificate, CertificateAuthority, DipEnvironment
from certificates.atlas.models.authorities import KEY_PURPOSE, remember, remembered
from certificates.pki import formats, keys
from certificates.pki.issue import Authority, Urls, make_issuing_ca, make_root, new_serial
from certificates.pki.revoke import Revocation, make_crl, ocsp_response
from dip_portal.lib import secrets

Kind = CertificateAuthority.Kind
ORGANISATION = "Simulated GlobalSign Atlas (for tests only)"
CRL_LASTS = timedelta(hours=1)
OCSP_LASTS = timedelta(minutes=1)


def ensure_authorities(*, now: datetime) -> bool:
    """Make the root and the issuing CAs unless they are there; tell whether they were made.

    Of two processes at the same time one makes them: the other finds the names taken and
    throws its own away.
    """
    if current_authorities().count() == len(Kind):
        return False
    drawn = {kind: keys.new_ca_key() for kind in Kind}
    try:
        with transaction.atomic():
            root = _store(ATLAS, Kind.ROOT, drawn[Kind.ROOT], None, now)
            for kind in (Kind.UIT, Kind.PRODUCTION):
                _store(ATLAS, kind, drawn[kind], root, now)
    except IntegrityError:
        if current_authorities().count() != len(Kind):
            raise
        return False
    return True


def rotate(*, actor: AtlasActor, kind: Kind, now: datetime) -> list[CertificateAuthority]:
    """Retire the current CA of a kind for a new one, and with the root both issuing CAs.

    What the former ones issued stays valid until it expires; they go on saying what is
    revoked. Returns the new ones.
    """
    kinds = list(Kind) if kind == Kind.ROOT else [kind]
    drawn = {each: keys.new_ca_key() for each in kinds}
    made = []
    with transaction.atomic():
        current = {it.kind: it for it in current_authorities().select_for_update()}
        root = current[Kind.ROOT]
        for each in kinds:
            former = current[each]
            former.retired_at = now
            former.save(update_fields=["retired_at"])
            record(actor=actor, action="authority:retire", subject=former, at=now)
            parent = None if each == Kind.ROOT else root
            new = _store(actor, each, drawn[each], parent, now, former.generation + 1)
            root = new if each == Kind.ROOT else root
            made.append(new)
    return made


def current_authorities() -> QuerySet[CertificateAuthority]:
    """Return those that issue now."""
    return CertificateAuthority.objects.filter(retired_at=None)


def issuing_authority(environment: DipEnvironment) -> CertificateAuthority:
    """Return the CA that issues for an environment. Raises DoesNotExist before `prepare_atlas`.

    It is kept in memory for some seconds, in which a CA that another process has just retired
    may sign once more.
    """
    known = remembered(environment)
    if known is None:
        current = current_authorities().select_related("parent").defer("crl", "parent__crl")
        known = current.get(kind=environment)
        remember(known)
    return known


def chain_of(authority: CertificateAuthority) -> list[CertificateAuthority]:
    """Return an issuing CA and its root, in this order."""
    return [authority] if authority.parent is None else [authority, authority.parent]


def urls_of(kind: str, generation: int) -> Urls:
    """Return where a CA answers. Plain HTTP, for a client that has yet to trust anything."""
    return _urls(settings.ATLAS_PKI_URL, f"{kind.lower()}-{generation}")


@lru_cache(maxsize=32)
def _urls(base: str, slug: str) -> Urls:
    return Urls(
        ca_issuers=base + reverse("ca_certificate", args=[slug]),
        ocsp=base + reverse("ocsp", args=[slug]),
        crl=base + reverse("crl", args=[slug]),
    )


def find_authority(slug: str) -> CertificateAuthority | None:
    """Return the CA of an address, current or former."""
    kind, _, generation = slug.rpartition("-")
    if not (generation.isascii() and generation.isdigit() and len(generation) < 6):
        return None
    return CertificateAuthority.objects.filter(
        kind=kind.upper(), generation=int(generation)
    ).first()


def current_crl(authority: CertificateAuthority, *, now: datetime) -> bytes:
    """Return the CRL of a CA as DER: the one that is kept, or a new one if that is not good."""
    if not _needs_crl(authority, now):
        assert authority.crl is not None
        return bytes(authority.crl)
    with transaction.atomic():
        current = CertificateAuthority.objects.select_for_update().get(pk=authority.pk)
        if _needs_crl(current, now):
            current.crl_number += 1
            current.crl = make_crl(
                issuer=current.signer,
                revocations=_revocations(current, now),
                number=current.crl_number,
                now=now,
                next_update=now + CRL_LASTS,
            )
            current.crl_made_at = now
            current.crl_is_stale = False
            current.save(update_fields=["crl", "crl_number", "crl_made_at", "crl_is_stale"])
        assert current.crl is not None
        return bytes(current.crl)


def rebuild_crls(*, now: datetime) -> int:
    """Make every CRL anew that has to be; return how many."""
    due = [it for it in CertificateAuthority.objects.order_by("pk") if _needs_crl(it, now)]
    for authority in due:
        current_crl(authority, now=now)
    return len(due)


def answer_ocsp(authority: CertificateAuthority, request: bytes, *, now: datetime) -> bytes:
    """Return the answer of a CA to an OCSP request, both DER."""

    def find(serial: int) -> Revocation | bool:
        text = formats.serial_text(serial)
        if authority.kind == Kind.ROOT:
            return authority.issued.filter(serial=text).exists()
        found = authority.certificates.filter(serial=text).only(
            "serial", "revoked_at", "reason"
        ).first()  # fmt: skip
        if found is None:
            return authority.platform_certificates.filter(serial=text).exists()
        return _revocation(found) if found.is_revoked else True

    return ocsp_response(
        request, issuer=authority.signer, find=find, now=now, next_update=now + OCSP_LASTS
    )


def _needs_crl(authority: CertificateAuthority, now: datetime) -> bool:
    made = authority.crl_made_at
    if authority.crl is None or authority.crl_is_stale or made is None:
        return True
    return not made <= now < made + CRL_LASTS / 2


def _revocations(authority: CertificateAuthority, now: datetime) -> list[Revocation]:
    """Return what a CRL holds: a revoked certificate stays there until it has expired."""
    revoked = authority.certificates.filter(Q(revoked_at__isnull=False), not_after__gt=now)
    return [
        _revocation(certificate)
        for certificate in revoked.only("serial", "revoked_at", "reason").order_by("revoked_at")
    ]


def _revocation(certificate: Certificate) -> Revocation:
    assert certificate.revoked_at is not None
    return Revocation(
        serial=int(certificate.serial, 16),
        revoked_at=certificate.revoked_at,
        reason=certificate.reason,
    )


def _store(
    actor: AtlasActor,
    kind: Kind,
    key: rsa.RSAPrivateKey,
    parent: CertificateAuthority | None,
    now: datetime,
    generation: int = 1,
) -> CertificateAuthority:
    authority = CertificateAuthority(
        kind=kind, generation=generation, parent=parent, created_at=now
    )
    made = _made(authority, key, now)
    authority.serial = formats.serial_text(made.certificate.serial_number)
    authority.certificate_pem = formats.pem(made.certificate).decode()
    authority.sealed_key = secrets.encrypt(keys.to_pem(key).decode(), purpose=KEY_PURPOSE)
    authority.save(force_insert=True)
    record(
        actor=actor,
        action="authority:create",
        subject=authority,
        after={"thumbprint": formats.thumbprint(made.certificate)},
        at=now,
    )
    return authority


def _made(authority: CertificateAuthority, key: rsa.RSAPrivateKey, now: datetime) -> Authority:
    moment = now.replace(microsecond=0)
    parent = authority.parent
    if parent is None:
        return make_root(
            organisation=ORGANISATION,
            common_name=authority.common_name,
            key=key,
            serial=new_serial(),
            now=moment,
        )
    return make_issuing_ca(
        root=parent.signer,
        organisation=ORGANISATION,
        common_name=authority.common_name,
        key=key,
        serial=new_serial(),
        now=moment,
        urls=urls_of(parent.kind, parent.generation),
    )


def certificates_of(authority: CertificateAuthority) -> list[x509.Certificate]:
    """Return the certificate of a CA and those above it."""
    return [it.certificate for it in chain_of(authority)]
