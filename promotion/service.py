"""UIT's service address for Production: candidates, and one extract. Signed requests only."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from audit.services import record
from dip_portal.lib import environment as environments
from organisations.actors import Actor, OtherEnvironmentActor
from organisations.policies import Action, Stranger, require
from promotion.extract import mark_fetched
from promotion.models import Extract
from promotion.queries import APPROVAL_OF_EXTRACT, IS_NEWEST
from promotion.signing import UnableToVerify, verify_request

CLIENT = environments.PRODUCTION


def signed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a view be asked by Production only, by a request that its pinned key has signed.

    The view gets the actor as `actor`. Others get 401; where nothing is extracted, all 404.
    """

    @require_safe
    @wraps(view)
    def wrapped(request: HttpRequest, **arguments: Any) -> HttpResponse:
        if not environments.current().can_extract:
            raise Stranger
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            if scheme != "Bearer":
                raise UnableToVerify("The request carries no bearer token.")
            verify_request(token, issuer=CLIENT.name, path=request.path, now=timezone.now())
        except UnableToVerify as error:
            answer = JsonResponse({"error": str(error)}, status=401)
            answer["WWW-Authenticate"] = "Bearer"
            return answer
        actor = OtherEnvironmentActor(label=CLIENT.label, environment=CLIENT.name)
        require(actor, Action.EXTRACT_FETCH)
        return view(request, actor=actor, **arguments)

    return wrapped


@signed
def candidates(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Answer with the newest extract of every company that has PAB approval now."""
    newest = (
        _fetchable()
        .order_by("organisation__company_number")
        .annotate(
            company_number=F("organisation__company_number"), company_name=F("organisation__name")
        )
    )
    return JsonResponse(
        {
            "candidates": [
                {
                    "extract": str(row["id"]),
                    "company_number": row["company_number"],
                    "company_name": row["company_name"],
                    "number": row["number"],
                    "setup_digest": row["setup_digest"],
                    "extracted_at": row["made_at"].isoformat(),
                }
                for row in newest.values(
                    "id", "company_number", "company_name", "number", "setup_digest", "made_at"
                )
            ]
        }
    )


@signed
def extract(request: HttpRequest, actor: Actor, extract: UUID) -> HttpResponse:
    """Answer with the signed file of an extract that `candidates` lists."""
    found = _fetchable().select_related("organisation").filter(pk=extract).first()
    if found is None:
        raise Stranger
    mark_fetched(found)
    record(
        actor=actor,
        action="extract:fetch",
        subject=found.organisation,
        after={"extract": found.number},
        organisation_id=found.organisation_id,
    )
    return HttpResponse(found.file, content_type="application/json")


def _fetchable() -> QuerySet[Extract]:
    return Extract.objects.filter(IS_NEWEST, Exists(APPROVAL_OF_EXTRACT))
