"""What stands between a sign-in and the portal here (setting SIGN_IN_GATES)."""

from django.http import HttpRequest
from django.urls import reverse

from organisations.actors import actor_of
from organisations.models import Organisation
from organisations.policies import Action, visible


def company_verification(request: HttpRequest) -> str | None:
    """Hold a User Admin until the details of each of their companies are verified.

    Returns the path of the page that verifies the first of them, or None. Adds one query
    for a member, none for a DIP Manager.
    """
    unverified = visible(
        actor_of(request),
        Action.ORGANISATION_VERIFY,
        Organisation.objects.filter(details_verified_at__isnull=True),
    )
    held = unverified.order_by("pk").values_list("pk", flat=True).first()
    return None if held is None else reverse("organisations:verify", args=[held])
