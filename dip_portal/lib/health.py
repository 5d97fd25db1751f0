"""The pages that tell the machinery whether a web process answers, and whether it can work."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dip_portal.lib import readiness


def health(request: HttpRequest) -> HttpResponse:
    """Answer `ok`, without asking the database."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """Answer whether all that it needs is as it must be: 200, or else 503."""
    checks = readiness.checks()
    is_ready = all(check.is_ok for check in checks)
    return JsonResponse(
        {"ready": is_ready, "checks": {check.name: check.outcome for check in checks}},
        status=HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE,
    )
