"""What the API answers when it does not do what was asked: HVCA's error body, always JSON."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from dip_portal.lib import correlation, error_pages

CONTENT_TYPE = "application/problem+json;charset=utf-8"
NOTHING_THERE = "There is nothing of yours here. Paths are those of the HVCA API, under /v2."


class Problem(Exception):
    """A refusal: HTTP status and one sentence; `field` is the part of the body it is about."""

    def __init__(
        self, status: int, text: str, *, field: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(text)
        self.status = status
        self.field = field
        self.headers = headers or {}

    @property
    def response(self) -> HttpResponse:
        """The answer: `description`, `id` (the correlation id), and `errors` by field."""
        body: dict[str, object] = {"description": str(self), "id": correlation.current()}
        if self.field:
            body["description"] = f"{self.field}: {self}"
            body["errors"] = {self.field: str(self)}
        return JsonResponse(
            body, status=self.status, content_type=CONTENT_TYPE, headers=dict(self.headers)
        )


class Invalid(Problem):
    """The request was understood, and one field of it cannot be (422)."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(422, text, field=field)


@csrf_exempt
def not_found(request: HttpRequest) -> HttpResponse:
    """Answer a path that the API does not have."""
    return Problem(404, NOTHING_THERE).response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django itself refuses, such as a host name that is not ours: handler400."""
    if request.path.startswith("/v2/"):
        return Problem(400, "This cannot be a request to this server: look at its Host.").response
    return error_pages.bad_request(request, exception)
