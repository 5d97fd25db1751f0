"""The pages of the catcher, and the address that catches."""

import base64
import time
import uuid

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catcher import calls as caught
from catcher.calls import Answer, Call
from catcher.checks import judge
from catcher.forms import AnswerForm, FilterForm
from certificates.pki import formats
from dip_portal.lib.client_certificate import presented

CALLS_A_PAGE = 25


@csrf_exempt
def catch(request: HttpRequest) -> HttpResponse:
    """Keep a call with every check of it, and answer as was chosen."""
    try:
        body = request.body
    except RequestDataTooBig:
        return JsonResponse({"message": "The body is too large for the catcher."}, status=413)
    now = timezone.now()
    url = _url(request)
    shown = presented(request)
    headers = [(name, text) for name, text in request.headers.items() if not _is_ours(name)]
    checks, expected = judge(
        method=request.method or "",
        url=url,
        body=body,
        headers=dict(headers),
        shown=shown,
        authorities=settings.AUTHORITY_DIR / "authorities",
        now=now,
    )
    answer = caught.take_answer()
    dip_id, publication = caught.whom_for(url, body)
    call = Call(
        received_at=now.isoformat(timespec="microseconds"),
        method=request.method or "",
        url=url,
        headers=headers,
        body=base64.b64encode(body).decode(),
        client_certificate=formats.pem(shown).decode() if shown else "",
        dip_id=dip_id,
        publication=publication,
        checks=checks,
        expected=expected,
        answer=answer,
    )
    caught.keep(call)
    time.sleep(answer.delay_seconds)
    return JsonResponse(
        {"call": call.key, "message": caught.ANSWERS[answer.status]}, status=answer.status
    )


@require_safe
def calls(request: HttpRequest) -> HttpResponse:
    """Show what was caught, the chosen answer, and the addresses to point a webhook at."""
    return _list(request, AnswerForm(initial=vars(caught.chosen_answer())))


@require_safe
def call(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Show one call: its checks, its headers, its body."""
    found = caught.find(key)
    if found is None:
        raise Http404
    return render(request, "call.html", {"call": found})


@require_POST
def answer(request: HttpRequest) -> HttpResponse:
    """Choose the answer that calls get from now on."""
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _list(request, form, status=422)
    caught.choose(Answer(**form.cleaned_data))
    return redirect("calls")


@require_http_methods(["GET", "HEAD", "POST"])
def forget(request: HttpRequest) -> HttpResponse:
    """Ask, then forget every call."""
    if request.method != "POST":
        return render(request, "forget.html", {"count": len(caught.newest())})
    caught.forget_all()
    return redirect("calls")


def health(request: HttpRequest) -> HttpResponse:
    """Answer `ok`."""
    return HttpResponse("ok", content_type="text/plain")


def _list(request: HttpRequest, form: AnswerForm, *, status: int = 200) -> HttpResponse:
    wanted = FilterForm(request.GET)
    # What no call can have is found in none.
    found = caught.newest(**wanted.cleaned_data) if wanted.is_valid() else []
    query = request.GET.copy()
    query.pop("page", None)
    page = Paginator(found, CALLS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "filter": wanted,
        "is_filtered": not wanted.is_valid() or any(wanted.cleaned_data.values()),
        "query": query.urlencode(),
        "form": form,
        "answer": caught.chosen_answer(),
        "base": f"{request.scheme}://{request.get_host()}",
    }
    return render(request, "calls.html", context, status=status)


def _url(request: HttpRequest) -> str:
    """Return the URL as the client wrote it, before anybody resolved its escapes."""
    path = request.META.get("RAW_URI") or request.get_full_path()
    return f"{request.scheme}://{request.get_host()}{path}"


def _is_ours(name: str) -> bool:
    """Tell whether the gateway of the containers has set this header, not the client."""
    return settings.BEHIND_GATEWAY and name.lower() in (
        "x-client-certificate",
        "x-forwarded-for",
        "x-forwarded-proto",
    )
