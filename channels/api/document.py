"""The OpenAPI document of the API: what the operations declare, and the contract of each call."""

from functools import lru_cache
from typing import Any

from django.conf import settings

from channels import catalogue, wire
from channels.api import problems
from channels.api.bodies import JSON
from channels.api.operations import OURS, api
from channels.calls import API_KEY
from channels.refusals import CODES

Json = dict[str, Any]
DOCUMENTED = "A DIP ID, ten digits: whose configuration this is, and whose key is sent."
CHANNEL = "IF-nnn, PUB-nnn or REP-nnn; letters of either case."
HEADERS: dict[str, str] = {
    wire.SIGNATURE: "Base64 of RSA PKCS#1 v1.5 with SHA-256 over METHOD;URL;DATE;HASH: the verb "
    "in capitals, the URL in lower case (in full, or the path with its query), the date and the "
    "hash as in their headers.",
    wire.DATE: "The time of signing in UTC with milliseconds: 2025-06-27T14:29:09.061Z.",
    wire.CONTENT_HASH: "Base64 of the SHA-256 of the raw body; without a body that of nothing, or "
    "of {}.",
    wire.CERTIFICATE: "Base64 of the signing certificate's PEM text, without the key.",
}
EXAMPLES = {
    wire.DATE: "2025-06-27T14:29:09.061Z",
    wire.CONTENT_HASH: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
}
ANSWERS = {
    "201": "The webhook is set; the answer is what was sent.",
    "204": "There is no webhook any more.",
    "200": "What is set.",
}
NUMBER = {"type": "integer", "minimum": 0}
TEXT = {"type": "string"}
ANSWER_HEADERS: dict[str, tuple[str, Json]] = {
    "X-Correlation-ID": ("The id under which the DIP's log knows the call.", TEXT),
    "RateLimit-Limit": ("How many calls a minute are taken.", NUMBER),
    "RateLimit-Remaining": ("How many of them are left.", NUMBER),
    "RateLimit-Reset": ("In how many seconds the count begins anew.", NUMBER),
    "Retry-After": ("In how many seconds to go on.", NUMBER),
    "Allow": ("The verbs of this path.", TEXT),
}
ONLY_WITH = {"Retry-After": "429", "Allow": "405"}
DESCRIPTION = f"""A simulator of the DIP's API: the part with which webhooks are set.

Every call shows a client certificate for mTLS, sends a key of the DIP ID in {API_KEY}, and is
signed. The names of JSON members, and URLs, are read without regard to case; values are not.

What lies under /extensions/ is this simulator's own: the DIP has no such calls.
"""


def document() -> Json:
    """Return the OpenAPI 3.1 document, as it is for this environment."""
    return _document(settings.DIP_API_URL)


@lru_cache(maxsize=4)
def _document(server: str) -> Json:
    said: Json = dict(api.get_openapi_schema(path_prefix=""))
    said["info"]["description"] = DESCRIPTION
    said["servers"] = [{"url": server}]
    said["paths"] = {
        path.replace("{recipient_id}", "{recipient-id}"): {
            method: _operation(method, operation) for method, operation in operations.items()
        }
        for path, operations in said["paths"].items()
    }
    components = said["components"]
    components["parameters"] = _parameters()
    components["headers"] = {
        name: {"description": description, "schema": schema}
        for name, (description, schema) in ANSWER_HEADERS.items()
    }
    components["securitySchemes"] = {
        "ClientCertificate": {
            "type": "mutualTLS",
            "description": "A certificate for mTLS of this environment's authority, of the "
            "company of the DIP ID or of the DIP Connection Provider nominated for it.",
        },
        "ApiKey": {
            "type": "apiKey",
            "in": "header",
            "name": API_KEY,
            "description": "The primary or secondary key of the DIP ID.",
        },
    }
    return said


def _operation(method: str, operation: Json) -> Json:
    path_parameters = [one for one in operation["parameters"] if one["in"] == "path"]
    names = {"id": "channel", "recipient_id": "recipient"}
    operation["parameters"] = [
        *({"$ref": f"#/components/parameters/{names[one['name']]}"} for one in path_parameters),
        *({"$ref": f"#/components/parameters/{name}"} for name in HEADERS),
    ]
    operation["security"] = [{"ClientCertificate": [], "ApiKey": []}]
    if OURS in operation["tags"]:
        operation["x-extension"] = True
    operation["responses"] = {
        str(status): _answer(method, str(status), response)
        for status, response in sorted(operation["responses"].items())
    }
    return operation


def _answer(method: str, status: str, response: Json) -> Json:
    if status in ANSWERS:
        described = {**response, "description": ANSWERS[status]}
    else:
        codes = sorted(
            name
            for name, code in CODES.items()
            if str(int(code.status)) == status
            or (method == "delete" and status == "401" and int(code.status) == 403)
        )
        content = response["content"].pop(JSON)
        described = {
            "description": f"{response['description']}. Codes: {', '.join(codes)}.",
            "content": {problems.MEDIA_TYPE: content},
        }
    described["headers"] = _answer_headers(status)
    return described


def _answer_headers(status: str) -> Json:
    names = [name for name in ANSWER_HEADERS if ONLY_WITH.get(name, status) == status]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _parameters() -> Json:
    channels = [one.interface_id for one in catalogue.interfaces()]
    channels += [one.publication_id for one in catalogue.publications() if not one.is_report]
    found: Json = {
        "channel": {
            "name": "id",
            "in": "path",
            "required": True,
            "description": CHANNEL,
            "schema": {"type": "string", "enum": channels},
            "example": "PUB-036",
        },
        "recipient": {
            "name": "recipient-id",
            "in": "path",
            "required": True,
            "description": DOCUMENTED,
            "schema": {"type": "string", "pattern": "^[0-9]{10}$"},
            "example": "1494431682",
        },
    }
    for name, description in HEADERS.items():
        found[name] = {
            "name": name,
            "in": "header",
            "required": True,
            "description": description,
            "schema": {"type": "string"},
        }
        if name in EXAMPLES:
            found[name]["example"] = EXAMPLES[name]
    return found
