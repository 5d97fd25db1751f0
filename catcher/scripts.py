"""The catcher as JSON, for scripts. What changes something takes PUT or DELETE, which no page
of another site can make a browser send.
"""

import json
import uuid
from dataclasses import asdict

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from catcher import calls as caught
from catcher.calls import Answer, UnusableAnswer


@csrf_exempt
@require_http_methods(["GET", "HEAD", "DELETE"])
def calls(request: HttpRequest) -> JsonResponse:
    """Return what was caught, newest first (?dip_id=, ?publication=, ?limit=); DELETE forgets."""
    if request.method == "DELETE":
        return JsonResponse({"forgotten": caught.forget_all()})
    limit = request.GET.get("limit", "100")
    if not (limit.isdecimal() and len(limit) <= 6):
        return _refused("limit", "Give a whole number.")
    found = caught.newest(
        dip_id=request.GET.get("dip_id", ""),
        publication=request.GET.get("publication", ""),
        most=int(limit),
    )
    return JsonResponse({"calls": [call.to_json() for call in found[: int(limit)]]})


@require_safe
def call(request: HttpRequest, key: uuid.UUID) -> JsonResponse:
    """Return one call."""
    found = caught.find(key)
    if found is None:
        return JsonResponse({"message": "No such call is kept."}, status=404)
    return JsonResponse(found.to_json())


@csrf_exempt
@require_http_methods(["GET", "HEAD", "PUT"])
def answer(request: HttpRequest) -> JsonResponse:
    """Return the chosen answer; PUT chooses another: {"status": 503, "delay_seconds": 2}."""
    if request.method == "PUT":
        try:
            wanted = json.loads(request.body)
            names = Answer.__dataclass_fields__
            if not isinstance(wanted, dict) or not set(wanted) <= set(names):
                return _refused("", f"Send an object with {', '.join(names)}.")
            if bad := [name for name, value in wanted.items() if type(value) is not int]:
                return _refused(bad[0], "Give a whole number.")
            caught.choose(Answer(**wanted))
        except UnusableAnswer as refusal:
            return _refused(refusal.field, str(refusal))
        except (ValueError, RecursionError):
            return _refused("", "This is no JSON.")
    return JsonResponse(asdict(caught.chosen_answer()))


def _refused(field: str, message: str) -> JsonResponse:
    return JsonResponse({"field": field, "message": message}, status=422)
