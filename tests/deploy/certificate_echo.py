"""A WSGI application that answers with the client's certificate as Django sees it.

gunicorn runs it in place of the portal; what it tells is what dip_portal/lib/client_certificate.py
makes of the connection or of the gateway's header.
"""

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dip_portal.settings")
django.setup()

from django.core.handlers.wsgi import WSGIRequest  # noqa: E402 - needs the settings

from certificates.pki import formats  # noqa: E402
from dip_portal.lib.client_certificate import presented  # noqa: E402


def application(
    environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], Any]
) -> Iterable[bytes]:
    """Answer with the thumbprint of the certificate, or null, and the names of all headers."""
    request = WSGIRequest(environ)
    certificate = presented(request)
    body = json.dumps(
        {
            "thumbprint": certificate and formats.thumbprint(certificate),
            "is_secure": request.is_secure(),
            "path": request.path,
            "headers": sorted(request.headers),
            "read": len(request.body),
        }
    ).encode()
    start_response(
        "200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    )
    return [body]
