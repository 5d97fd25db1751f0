"""What everybody may ask of the CAs (certificate, CRL, OCSP), and the page that lists them."""

import base64
import binascii

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from certificates.atlas.http import AccountView
from certificates.atlas.models import CertificateAuthority
from certificates.atlas.services import authorities
from certificates.pki import formats
from certificates.pki.revoke import MAX_OCSP_REQUEST_BYTES

# A revocation has to be seen within a minute, whoever keeps an answer on the way.
SECONDS_KEPT = 20


def _found(slug: str) -> CertificateAuthority:
    authority = authorities.find_authority(slug)
    if authority is None:
        raise Http404
    return authority


def _file(content: bytes, content_type: str, name: str, seconds: int) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = f"public, max-age={seconds}"
    return response


@require_safe
def ca_certificate(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the certificate of a CA as DER (RFC 5280, 4.2.2.1)."""
    content = formats.der(_found(slug).certificate)
    return _file(content, "application/pkix-cert", f"{slug}.cer", 3600)


@require_safe
def ca_certificate_pem(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the certificate of a CA as PEM."""
    content = _found(slug).certificate_pem.encode()
    return _file(content, "application/x-pem-file", f"{slug}.pem", 3600)


@require_safe
def crl(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the CRL of a CA as DER."""
    content = authorities.current_crl(_found(slug), now=timezone.now())
    return _file(content, "application/pkix-crl", f"{slug}.crl", SECONDS_KEPT)


@csrf_exempt
@require_POST
def ocsp(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer an OCSP request by POST (RFC 6960, appendix A)."""
    response = _ocsp(slug, request.read(MAX_OCSP_REQUEST_BYTES + 1))
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def ocsp_in_address(request: HttpRequest, slug: str, encoded: str) -> HttpResponse:
    """Answer an OCSP request that stands in the address, in base64 (RFC 6960, appendix A)."""
    try:
        asked = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        asked = b""
    response = _ocsp(slug, asked)
    response["Cache-Control"] = f"public, max-age={SECONDS_KEPT}"
    return response


def _ocsp(slug: str, asked: bytes) -> HttpResponse:
    content = authorities.answer_ocsp(_found(slug), asked, now=timezone.now())
    return HttpResponse(content, content_type="application/ocsp-response")


class AuthoritiesView(AccountView):
    """The CAs with what a client needs to trust them."""

    def get(self, request: HttpRequest) -> HttpResponse:
        found = CertificateAuthority.objects.select_related("parent").order_by("retired_at", "pk")
        rows = [
            {
                "authority": it,
                "certificate": it.certificate,
                "thumbprint": formats.thumbprint(it.certificate),
                "urls": authorities.urls_of(it.kind, it.generation),
            }
            for it in found
        ]
        return render(request, "atlas/authorities.html", {"rows": rows})
