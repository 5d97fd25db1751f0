"""What stands between a sign-in and the portal (setting SIGN_IN_GATES).

A gate takes the request of a signed-in person and returns the path of its page, without
a query, or None to let them through.
"""

from django.http import HttpRequest
from django.urls import reverse

from accounts.actors import signed_in_user
from accounts.second_factor import has_second_factor
from accounts.services import has_accepted_terms


def second_factor(request: HttpRequest) -> str | None:
    """Hold everybody, DIP Managers too, until they have a second factor."""
    return None if has_second_factor(signed_in_user(request)) else reverse("accounts:second_factor")


def terms_of_use(request: HttpRequest) -> str | None:
    """Hold everybody who has not accepted the present version of the Terms of Use."""
    return None if has_accepted_terms(signed_in_user(request)) else reverse("accounts:terms")
