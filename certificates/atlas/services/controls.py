"""The testers' switches: how the HVCA API issues, whether it answers, what the test DNS serves."""

from datetime import datetime

from django.db import transaction

from audit.services import record
from certificates.atlas.actors import AtlasActor
from certificates.atlas.models import Account, ApiMood, DnsMood, Issuance


@transaction.atomic
def set_issuance(*, actor: AtlasActor, account: Account, issuance: Issuance, now: datetime) -> None:
    """Set how certificates are issued to an account by the API, also those that are pending."""
    current = Account.objects.select_for_update().get(pk=account.pk)
    _set(actor, current, "issuance", issuance, "atlas_account:set_issuance", now)


@transaction.atomic
def set_api(*, actor: AtlasActor, account: Account, mood: ApiMood, now: datetime) -> None:
    """Set how the API behaves towards an account from now on."""
    current = Account.objects.select_for_update().get(pk=account.pk)
    _set(actor, current, "api", mood, "atlas_account:set_api", now)


@transaction.atomic
def set_dns(*, actor: AtlasActor, account: Account, mood: DnsMood, now: datetime) -> None:
    """Set what the test DNS serves of the zones of an account from now on."""
    current = Account.objects.select_for_update().get(pk=account.pk)
    _set(actor, current, "dns", mood, "atlas_account:set_dns", now)


def _set(
    actor: AtlasActor, account: Account, field: str, value: str, action: str, now: datetime
) -> None:
    before = getattr(account, field)
    if before == value:
        return
    setattr(account, field, value)
    account.save(update_fields=[field])
    record(
        actor=actor,
        action=action,
        subject=account,
        before={field: str(before)},
        after={field: str(value)},
        at=now,
    )
