"""What every address of the API is: JSON in, JSON out, for a caller who has logged in."""

import logging
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from certificates.atlas.errors import NamesRefused, QuotaUsedUp, Refusal
from certificates.atlas.hvca import moods
from certificates.atlas.hvca.authentication import Caller, authenticate
from certificates.atlas.hvca.problems import NOTHING_THERE, Problem
from dip_portal.lib.outage import OUTAGE, RETRY_AFTER

logger = logging.getLogger(__name__)
METHODS = ("get", "post", "patch", "delete")
# What the services call it, and what the API does.
FIELDS = {"csr": "public_key", "address": "email_address", "profile": ""}


@method_decorator(csrf_exempt, name="dispatch")  # no session is asked for
class HvcaView(View):
    """An address of the API. A handler returns a response or raises Problem or a Refusal.

    What it shows or changes it takes from `caller`, so that what belongs to another company
    or to the other environment is not found.
    """

    http_method_names = list(METHODS)
    caller: Caller
    now: datetime

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, whatever happens, in JSON."""
        self.now = timezone.now()
        try:
            return self._answer(request, **kwargs)
        except Problem as problem:
            return problem.response
        except Refusal as refusal:
            return _as_problem(refusal).response
        except OUTAGE:
            logger.exception("the HVCA API lacks a server at %s", request.method)
            return Problem(503, "Out of service. Try again later.", headers=RETRY_AFTER).response
        except Exception:
            logger.exception("the HVCA API failed at %s", request.method)
            return Problem(500, "Something went wrong here. Try again later.").response

    def enter(self, request: HttpRequest) -> None:
        """Find out who calls. Raises Problem."""
        self.caller = authenticate(request, now=self.now)
        moods.behave(self.caller.account)

    def _answer(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        method = (request.method or "").lower()
        known = [name for name in METHODS if hasattr(self, name)]
        if method not in known:
            allowed = ", ".join(name.upper() for name in known)
            raise Problem(
                405, f"This address takes {allowed}, nothing else.", headers={"Allow": allowed}
            )
        self.enter(request)
        response: HttpResponse = getattr(self, method)(request, **kwargs)
        return response


def nothing() -> Problem:
    """Return the answer for what is not there, or is not the caller's."""
    return Problem(404, NOTHING_THERE)


def _as_problem(refusal: Refusal) -> Problem:
    if isinstance(refusal, QuotaUsedUp):
        return Problem(402, str(refusal))
    if isinstance(refusal, NamesRefused):
        return Problem(422, str(refusal), field="san.dns_names")
    return Problem(422, str(refusal), field=FIELDS.get(refusal.field, refusal.field))
