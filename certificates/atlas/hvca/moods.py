"""What a tester's switches do to the API: slow, down, pending and refused certificates."""

import threading
import time
from datetime import datetime, timedelta

from django.conf import settings

from certificates.atlas.hvca.problems import Problem
from certificates.atlas.models import Account, ApiMood, Certificate, Issuance

# A slow call holds a thread of the server, of which other companies need some too.
MOST_SLOW_CALLS = 3
RETRY_AFTER_SECONDS = 30
_slow_calls = threading.BoundedSemaphore(MOST_SLOW_CALLS)


def behave(account: Account) -> None:
    """Take the time, or refuse the call, that the account's switch says. Raises Problem (503)."""
    if account.api == ApiMood.DOWN:
        raise _unavailable("The Test controls of your company say that the API is down.")
    if account.api == ApiMood.SLOW:
        if not _slow_calls.acquire(blocking=False):
            raise _unavailable("Too many slow calls at once: Test controls say that it is slow.")
        try:
            time.sleep(settings.ATLAS_SLOW_SECONDS)
        finally:
            _slow_calls.release()


def require_issuing(account: Account) -> None:
    """Pass unless the account's switch refuses certificates. Raises Problem (422)."""
    if account.issuance == Issuance.REFUSED:
        raise Problem(
            422, "The Test controls of your company say that every certificate is refused."
        )


def is_pending(account: Account, certificate: Certificate, now: datetime) -> bool:
    """Tell whether a certificate cannot be retrieved yet."""
    delay = timedelta(seconds=settings.ATLAS_ISSUANCE_DELAY_SECONDS)
    return account.issuance == Issuance.DELAYED and now < certificate.issued_at + delay


def _unavailable(text: str) -> Problem:
    return Problem(503, text, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
