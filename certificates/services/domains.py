"""A company's domains at GlobalSign: registered, verified by a TXT record, given up.

Atlas keeps the claim; the row here is what it said last. Each verb calls Atlas first and
writes the row after, outside of any transaction, so that a slow Atlas holds no lock.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from django.db import transaction

from audit.services import record
from certificates import hvca
from certificates.errors import NoCredentials, UnableToRegisterDomain
from certificates.models import DomainRegistration
from certificates.services.logins import session_of
from dip_portal.lib.identities import InvalidDomain, canonical_domain
from organisations.actors import Actor
from organisations.models import Organisation
from organisations.policies import Action, require

Answer = TypeVar("Answer")
CREDENTIALS_FIRST = "Save the API credentials first: with them the DIP asks GlobalSign Atlas."
TRY_AGAIN = "Nothing is changed; try again in a while."
TICK = "Tick this once the record is in the DNS of the domain."


def register_domain(
    *, actor: Actor, organisation: Organisation, domain: str, now: datetime
) -> DomainRegistration:
    """Claim a domain at Atlas for the company, or take up the claim that it has there.

    Raises UnableToRegisterDomain.
    """
    require(actor, Action.CERTIFICATE_MANAGE, organisation)
    try:
        name = canonical_domain(domain)
    except InvalidDomain as error:
        raise UnableToRegisterDomain("domain", str(error)) from error
    if organisation.domain_registrations.filter(domain=name).exists():
        raise UnableToRegisterDomain("domain", f"{name} is registered already; it is in the list.")
    claim = _ask(organisation.pk, lambda atlas: atlas.claim_domain(name), field="domain")
    with transaction.atomic():
        row, is_new = DomainRegistration.objects.get_or_create(
            organisation=organisation, domain=name, defaults={"registered_at": now, **_of(claim)}
        )
        if is_new:
            after = {"verify_before": row.verify_before.isoformat()}
            _record("domain_registration:register", actor, row, now, after=after)
    return row


def submit_domain(
    *, actor: Actor, registration: DomainRegistration, is_record_added: bool, now: datetime
) -> bool:
    """Let Atlas look for the TXT record, and tell whether the domain is verified now.

    `is_record_added` is the tick 'record added', without which nothing is asked. Raises
    UnableToRegisterDomain.
    """
    require(actor, Action.CERTIFICATE_MANAGE, registration)
    if not is_record_added:
        raise UnableToRegisterDomain("is_record_added", TICK)
    with transaction.atomic():
        if registration.record_added_at is None:
            registration.record_added_at = now
            registration.save(update_fields=["record_added_at"])
            _record("domain_registration:submit", actor, registration, now)
    return check_domain(actor=actor, registration=registration, now=now)[0]


def check_domain(
    *, actor: Actor, registration: DomainRegistration, now: datetime
) -> tuple[bool, str]:
    """Ask Atlas to look now; tell whether the domain is verified, and what Atlas says.

    Raises UnableToRegisterDomain.
    """
    require(actor, Action.CERTIFICATE_MANAGE, registration)

    def look(atlas: hvca.Session) -> hvca.Claim:
        known = atlas.claim(registration.reference)
        if known.verified_until is None:
            atlas.verify_by_dns(registration.reference, registration.domain)
            known = atlas.claim(registration.reference)
        return known

    claim = _ask(registration.organisation_id, look)
    was_verified = registration.is_verified_at(now)
    with transaction.atomic():
        _write(registration, claim, now)
        if registration.is_verified_at(now) and not was_verified:
            _record("domain_registration:verify", actor, registration, now)
    return registration.is_verified_at(now), claim.note


def renew_code(*, actor: Actor, registration: DomainRegistration, now: datetime) -> None:
    """Get a new verification code with a new time, which the TXT record then has to have.

    Raises UnableToRegisterDomain.
    """
    require(actor, Action.CERTIFICATE_MANAGE, registration)
    claim = _ask(
        registration.organisation_id, lambda atlas: atlas.new_token(registration.reference)
    )
    with transaction.atomic():
        registration.record_added_at = None
        registration.save(update_fields=["record_added_at"])
        _write(registration, claim, now)
        _record("domain_registration:renew_code", actor, registration, now)


def delete_domain(*, actor: Actor, registration: DomainRegistration, now: datetime) -> None:
    """Give the claim up at Atlas and forget it. Raises UnableToRegisterDomain."""
    require(actor, Action.CERTIFICATE_MANAGE, registration)
    _ask(registration.organisation_id, lambda atlas: atlas.delete_claim(registration.reference))
    with transaction.atomic():
        _record("domain_registration:delete", actor, registration, now)
        registration.delete()


def _ask(
    organisation_id: int, call: Callable[[hvca.Session], Answer], *, field: str = ""
) -> Answer:
    try:
        with session_of(organisation_id) as atlas:
            return call(atlas)
    except NoCredentials:
        raise UnableToRegisterDomain("", CREDENTIALS_FIRST) from None
    except hvca.HvcaUnavailable as trouble:
        raise UnableToRegisterDomain("", f"{trouble} {TRY_AGAIN}") from None
    except hvca.HvcaRefused as refusal:
        raise UnableToRegisterDomain(
            "" if refusal.is_about_login else field, f"GlobalSign Atlas says: {refusal}"
        ) from None


def _of(claim: hvca.Claim) -> dict[str, object]:
    return {
        "reference": claim.reference,
        "token": claim.token,
        "verify_before": claim.verify_before,
        "verified_until": claim.verified_until,
    }


def _write(row: DomainRegistration, claim: hvca.Claim, now: datetime) -> None:
    values = {**_of(claim), "checked_at": now}
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))


def _record(
    action: str,
    actor: Actor,
    row: DomainRegistration,
    now: datetime,
    after: Mapping[str, object] | None = None,
) -> None:
    record(
        actor=actor,
        action=action,
        subject=row,
        after=after,
        at=now,
        organisation_id=row.organisation_id,
    )
