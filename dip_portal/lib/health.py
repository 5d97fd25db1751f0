"""The page that tells the machinery that a web process answers."""

from django.http import HttpRequest, HttpResponse


def health(request: HttpRequest) -> HttpResponse:
    """Answer `ok`, without asking the database."""
    return HttpResponse("ok", content_type="text/plain")
