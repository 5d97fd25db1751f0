"""What every change of a company's setup shares: storing a row, and noting the change."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from organisations.errors import UnableToChangeCompany
from organisations.models import Organisation


def store(instance: models.Model) -> None:
    """Check a row, then store it. Raises UnableToChangeCompany with its first fault.

    The database is the last guard: of two that store the same at one moment the second
    is refused as well.
    """
    try:
        instance.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise UnableToChangeCompany("" if field == "__all__" else field, messages[0]) from error
    try:
        with transaction.atomic():
            instance.save()
    except IntegrityError as error:
        raise UnableToChangeCompany(
            "", "Somebody else has changed the same just now. Look at the company again."
        ) from error


def touch(organisation: Organisation, now: datetime) -> None:
    """Move `setup_changed_at`, by which the pipeline tells an extract that is out of date."""
    Organisation.objects.filter(pk=organisation.pk).update(setup_changed_at=now)
    organisation.setup_changed_at = now


def locked(organisation: Organisation) -> Organisation:
    """Return the company as it is now, its row locked until the transaction ends."""
    return Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
