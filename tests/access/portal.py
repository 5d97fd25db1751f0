"""Who gets what from the portal: HOME, accounts, companies, invitations."""

from typing import Any

from tests.access.codes import (
    COMPANY,
    ELSEWHERE,
    EVERYBODY,
    NOT_FOUND,
    SIGNED_IN,
    USER_ADMIN,
    Address,
    but,
    codes,
    form,
    page,
    read,
)
from tests.access.walk import World


def company(world: World) -> dict[str, Any]:
    return {"pk": world.company.pk}


def any_key(world: World) -> dict[str, Any]:
    return {"pk": 1}


NO_RECOVERY_CODES = but(SIGNED_IN, 404)
STRANGERS_ONLY = codes(302, nobody=200)

HOME = {
    "": read(SIGNED_IN),
    "health/": Address(get=EVERYBODY, post=EVERYBODY),
}
COMPANIES = {
    # A member of one company is led straight to it; one of none sees why not.
    "organisations/": Address(
        get=codes(302, expired=200, offboarded=200, dip_manager=200), post=but(SIGNED_IN, 405)
    ),
    "organisations/<int:pk>/": page(COMPANY, arguments=company),
    "organisations/<int:pk>/members/": page(COMPANY, arguments=company),
    "organisations/<int:pk>/certificates/": page(COMPANY, arguments=company),
    # Verified already: it leads HOME; an empty form is shown again with what is missing.
    "organisations/<int:pk>/verify/": Address(
        get=but(USER_ADMIN, 302), post=USER_ADMIN, arguments=company
    ),
}
INVITATIONS = {
    "invitations/accept/": Address(get=NOT_FOUND, post=NOT_FOUND),
    "invitations/accept/<str:token>/": Address(
        get=ELSEWHERE, post=ELSEWHERE, arguments=lambda world: {"token": "unknown"}
    ),
}
ACCOUNTS = {
    "terms/": form(EVERYBODY),
    "accounts/second-factor/": read(ELSEWHERE),
    "accounts/continue/": read(ELSEWHERE),
    "accounts/login/": form(STRANGERS_ONLY),
    "accounts/logout/": form(SIGNED_IN, done=302),
    "accounts/inactive/": read(EVERYBODY),
    "accounts/signup/": form(STRANGERS_ONLY),
    "accounts/reauthenticate/": form(SIGNED_IN),
    "accounts/password/change/": form(SIGNED_IN),
    "accounts/password/set/": form(ELSEWHERE),
    "accounts/password/reset/": form(EVERYBODY),
    "accounts/password/reset/done/": read(EVERYBODY),
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": form(
        EVERYBODY, arguments=lambda world: {"uidb36": "1", "key": "wrong"}
    ),
    "accounts/password/reset/key/done/": read(EVERYBODY),
    "accounts/2fa/": page(SIGNED_IN),
    "accounts/2fa/authenticate/": form(ELSEWHERE),
    "accounts/2fa/reauthenticate/": form(SIGNED_IN),
    # These ask for the password again before anything else, or there is nothing to do.
    "accounts/2fa/totp/activate/": form(ELSEWHERE),
    "accounts/2fa/totp/deactivate/": form(ELSEWHERE),
    "accounts/2fa/recovery-codes/": Address(get=NO_RECOVERY_CODES, post=but(SIGNED_IN, 405)),
    "accounts/2fa/recovery-codes/generate/": form(ELSEWHERE),
    "accounts/2fa/recovery-codes/download/": Address(get=NO_RECOVERY_CODES, post=NO_RECOVERY_CODES),
    "accounts/2fa/webauthn/": page(SIGNED_IN),
    "accounts/2fa/webauthn/add/": form(ELSEWHERE),
    "accounts/2fa/webauthn/reauthenticate/": form(ELSEWHERE),
    "accounts/2fa/webauthn/keys/<int:pk>/remove/": form(ELSEWHERE, arguments=any_key),
    "accounts/2fa/webauthn/keys/<int:pk>/edit/": form(ELSEWHERE, arguments=any_key),
    "accounts/2fa/webauthn/login/": form(ELSEWHERE),
    "accounts/sessions/": form(SIGNED_IN, done=302),
}

TABLE: dict[str, Address] = {**HOME, **COMPANIES, **INVITATIONS, **ACCOUNTS}
