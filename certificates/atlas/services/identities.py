"""Identities: requested by a customer, vetted by Atlas as the testers' switch says."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from audit.services import record
from certificates.atlas.actors import ATLAS, AtlasActor
from certificates.atlas.errors import UnableToRequestIdentity
from certificates.atlas.models import Account, IdentityProfile, Vetting

REFUSAL = "The vetting switch of Test controls says that every identity is refused."


@transaction.atomic
def request_identity(
    *,
    actor: AtlasActor,
    account: Account,
    name: str,
    organisation: str,
    locality: str,
    state: str,
    country: str,
    now: datetime,
) -> IdentityProfile:
    """Request an identity; the account's switch says whether it is vetted at once.

    Raises UnableToRequestIdentity with the name of the argument that is wrong.
    """
    account = Account.objects.select_for_update().get(pk=account.pk)
    profile = IdentityProfile(
        account=account,
        name=name.strip(),
        organisation=organisation.strip(),
        locality=locality.strip(),
        state=state.strip(),
        country=country.strip().upper(),
        created_at=now,
    )
    taken = account.profiles.filter(name__iexact=profile.name)
    if taken.exclude(status=IdentityProfile.Status.REFUSED).exists():
        raise UnableToRequestIdentity("name", "You have an identity profile of this name already.")
    try:
        profile.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise UnableToRequestIdentity(field, messages[0]) from error
    if account.vetting == Vetting.DELAYED:
        profile.decide_at = now + timedelta(seconds=settings.ATLAS_VETTING_DELAY_SECONDS)
    profile.save()
    record(
        actor=actor,
        action="identity_profile:request",
        subject=profile,
        after={
            "organisation": profile.organisation,
            "locality": profile.locality,
            "state": profile.state,
            "country": profile.country,
        },
        at=now,
    )
    if profile.decide_at is None:
        _vet(profile, is_refused=account.vetting == Vetting.REFUSED, now=now)
    return profile


def vet_due(*, now: datetime) -> int:
    """Vet every identity whose delay is over; return how many. A later refusal holds for them."""
    due = IdentityProfile.objects.filter(
        status=IdentityProfile.Status.PENDING, decide_at__lte=now
    ).values_list("pk", flat=True)
    return sum(_vet_if_pending(key, now) for key in due)


@transaction.atomic
def set_vetting(*, actor: AtlasActor, account: Account, vetting: Vetting, now: datetime) -> None:
    """Set how Atlas vets the identities of this account from now on."""
    current = Account.objects.select_for_update().get(pk=account.pk)
    before = current.vetting
    current.vetting = vetting
    current.save(update_fields=["vetting"])
    if before != vetting:
        record(
            actor=actor,
            action="atlas_account:set_vetting",
            subject=current,
            before={"vetting": str(before)},
            after={"vetting": str(vetting)},
            at=now,
        )


@transaction.atomic
def _vet_if_pending(key: int, now: datetime) -> bool:
    profile = (
        IdentityProfile.objects.select_for_update(of=("self",))
        .select_related("account")
        .filter(pk=key, status=IdentityProfile.Status.PENDING)
        .first()
    )
    if profile is None:
        return False
    _vet(profile, is_refused=profile.account.vetting == Vetting.REFUSED, now=now)
    return True


def _vet(profile: IdentityProfile, *, is_refused: bool, now: datetime) -> None:
    status = IdentityProfile.Status
    profile.status = status.REFUSED if is_refused else status.ACTIVE
    profile.refusal = REFUSAL if is_refused else ""
    profile.decided_at = now
    profile.save(update_fields=["status", "refusal", "decided_at"])
    record(
        actor=ATLAS,
        action="identity_profile:vet",
        subject=profile,
        after={"status": str(profile.status)},
        at=now,
    )
