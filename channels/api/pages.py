"""The API's document, its browsable page, and the examples that run: for everybody."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from channels.api import examples
from channels.api.bodies import JSON
from channels.api.document import HEADERS, document
from channels.calls import API_KEY
from channels.refusals import CODES

Json = dict[str, Any]
SCHEMAS = "#/components/schemas/"


@dataclass(frozen=True, kw_only=True)
class Field:
    """A member of a body, as the page lists it."""

    name: str
    type: str
    is_required: bool
    description: str


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An operation, as the page shows it: `answers` are (status, what it means) pairs."""

    operation_id: str
    tag: str
    method: str
    path: str
    summary: str
    description: str
    is_extension: bool
    body: list[Field]
    answers: list[tuple[str, str]]
    script: str


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Show the operations with their parameters, answers and examples, and all codes."""
    said = document()
    groups = groupby(operations(), key=lambda one: one.tag)
    return render(
        request,
        "channels/api.html",
        {
            "info": said["info"],
            "server": settings.DIP_API_URL,
            "groups": [(tag, list(those)) for tag, those in groups],
            "headers": {API_KEY: "The primary or secondary key of the DIP ID.", **HEADERS},
            "codes": CODES,
            "window": settings.SIGNATURE_WINDOW_SECONDS,
            "api_max_bytes": settings.API_MAX_BYTES,
        },
    )


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """Return the OpenAPI document."""
    return JsonResponse(document(), json_dumps_params={"indent": 2})


@require_safe
def example(request: HttpRequest, operation_id: str) -> HttpResponse:
    """Return the script of one operation as a file."""
    for one in operations():
        if one.operation_id == operation_id:
            name = f'attachment; filename="{operation_id}.sh"'
            headers = {"Content-Disposition": name}
            return HttpResponse(one.script, content_type="text/x-shellscript", headers=headers)
    raise Http404


def operations() -> Iterator[Operation]:
    """Yield the operations of the document, in its order."""
    said = document()
    for where, methods in said["paths"].items():
        for method, operation in methods.items():
            yield Operation(
                operation_id=operation["operationId"],
                tag=operation["tags"][0],
                method=method.upper(),
                path=where,
                summary=operation["summary"],
                description=operation.get("description", ""),
                is_extension=operation.get("x-extension", False),
                body=_fields(said, operation),
                answers=[(it, one["description"]) for it, one in operation["responses"].items()],
                script=examples.script(
                    method=method, path=where, operation=operation, server=settings.DIP_API_URL
                ),
            )


def _fields(said: Json, operation: Json) -> list[Field]:
    if "requestBody" not in operation:
        return []
    reference = operation["requestBody"]["content"][JSON]["schema"]["$ref"]
    schema = said["components"]["schemas"][reference.removeprefix(SCHEMAS)]
    return [
        Field(
            name=name,
            type=_type(field),
            is_required=name in schema.get("required", []),
            description=field.get("description", ""),
        )
        for name, field in schema["properties"].items()
    ]


def _type(field: Json) -> str:
    if "anyOf" in field:
        return " or ".join(str(one["type"]) for one in field["anyOf"])
    return str(field["type"])


app_name = "api_pages"
urlpatterns = [
    path("", reference, name="reference"),
    path("openapi.json", openapi, name="openapi"),
    path("examples/<str:operation_id>.sh", example, name="example"),
]
