"""Whether somebody has shown just now who they are, before they are shown a secret."""

import time

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.http import HttpRequest

from accounts.actors import signed_in_user


def require_recent_authentication(request: HttpRequest) -> None:
    """Pass if the person signed in, or proved it again, in the last five minutes (a setting).

    Otherwise raises ReauthenticationRequired: allauth asks for the password or the second
    factor, and then goes on with this very request.
    """
    records = get_authentication_records(request, signed_in_user(request))
    latest = max((record["at"] for record in records), default=0)
    if time.time() - latest >= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT:
        raise ReauthenticationRequired
