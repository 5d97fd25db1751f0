"""Notes that what a promotion copies of a company has changed."""

from datetime import datetime

from organisations.models import Organisation


def touch(organisation: Organisation, now: datetime) -> None:
    """Move `setup_changed_at`, by which the pipeline tells an extract that is out of date."""
    Organisation.objects.filter(pk=organisation.pk).update(setup_changed_at=now)
    organisation.setup_changed_at = now
