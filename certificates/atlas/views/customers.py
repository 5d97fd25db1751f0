"""A tester's lever: registration and Step 4.2 in one call, as the portals' scenarios need them."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core.internal.httpkit import get_client_ip
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from certificates.atlas.actors import actor_for
from certificates.atlas.errors import Refusal
from certificates.atlas.http import json_object, problem
from certificates.atlas.limits import is_within
from certificates.atlas.models import Account, DipEnvironment
from certificates.atlas.services.access import give_access
from certificates.atlas.services.accounts import register

FIELDS = ("company", "email", "first_name", "last_name", "password", "environment", "csr")
MAX_BODY_BYTES = 64 * 1024
MOST_CALLS = 60  # a minute, from one address, and for one e-mail address
MIN_PASSWORD_LENGTH = 12


class NotTheirs(Exception):
    """The e-mail address is registered, and this is not its password."""


@method_decorator(csrf_exempt, name="dispatch")  # no session is asked for
class CustomersApi(View):
    """POST FIELDS as a JSON object: gives `api_key`, `api_secret` and `certificate`.

    It opens nothing that the pages do not: anybody may register a company, and one that is
    registered is reached by its password alone. Not there where DIP_DEMONSTRATION is false.
    """

    http_method_names = ["post"]

    @method_decorator(sensitive_variables())
    def post(self, request: HttpRequest) -> HttpResponse:
        if not settings.DEMONSTRATION:
            raise Http404
        sent = json_object(request, most_bytes=MAX_BODY_BYTES)
        address = get_client_ip(request) or ""
        if not is_within("customers", address, most=MOST_CALLS, seconds=60):
            return problem(429, "That were many calls. Wait a minute.")
        if sent is None or not all(
            isinstance(sent.get(name), str) and sent[name] and "\x00" not in sent[name]
            for name in FIELDS
        ):
            return problem(422, f"Send a JSON object with the texts {', '.join(FIELDS)}.")
        if sent["environment"] not in DipEnvironment.values:
            return problem(422, f"environment is {' or '.join(DipEnvironment.values)}.")
        if len(sent["password"]) < MIN_PASSWORD_LENGTH:
            return problem(422, f"The password has {MIN_PASSWORD_LENGTH} characters or more.")
        if not is_within("customers", sent["email"].lower(), most=MOST_CALLS, seconds=60):
            return problem(429, "That were many calls. Wait a minute.")
        try:
            return JsonResponse(_given(sent, request), status=201)
        except ValidationError as many:
            return problem(429, many.messages[0])
        except NotTheirs:
            return problem(401, f"{sent['email']} is registered with another password.")
        except Refusal as refusal:
            return problem(422, str(refusal))


def _authenticated(request: HttpRequest, sent: dict[str, Any]) -> AbstractBaseUser | None:
    """Return whose e-mail address and password these are, if anybody's who may sign in.

    Failures count together with those of the sign-in page. Raises ValidationError beyond them.
    """
    adapter = get_adapter(request)
    user = adapter.authenticate(request, email=sent["email"], password=sent["password"])
    return user if user is not None and user.is_active else None


@transaction.atomic
def _given(sent: dict[str, Any], request: HttpRequest) -> dict[str, str]:
    now = timezone.now()
    user = User.objects.filter(email__iexact=sent["email"]).first()
    if user is None:
        user = register(
            company=sent["company"],
            email=sent["email"],
            first_name=sent["first_name"],
            last_name=sent["last_name"],
            password=sent["password"],
            address=get_client_ip(request),
            now=now,
        )
    elif _authenticated(request, sent) is None:
        raise NotTheirs
    account = Account.objects.filter(users__user=user).first()
    if account is None:
        raise NotTheirs
    access = give_access(
        actor=actor_for(user, request),
        account=account,
        profile_name=sent["environment"],
        locality="London",
        environment=DipEnvironment(sent["environment"]),
        csr=sent["csr"].encode(),
        now=now,
    )
    return {
        "api_key": access.api_key,
        "api_secret": access.api_secret,
        "certificate": access.chain.decode(),
    }
