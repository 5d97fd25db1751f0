"""Who gets what from the portal: HOME, accounts, companies, invitations."""

from typing import Any

from tests.access.codes import (
    CERTIFICATE_ADMIN,
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


def of_job(world: World) -> dict[str, Any]:
    return {"pk": world.company.pk, "job_id": world.job.pk}


def member(world: World) -> dict[str, Any]:
    return {"pk": world.company.pk, "key": world.member.pk}


def invited(world: World) -> dict[str, Any]:
    return {"pk": world.company.pk, "key": world.invited.pk}


def nomination(world: World) -> dict[str, Any]:
    return {"pk": world.company.pk, "key": world.nomination.pk}


def domain_request(world: World) -> dict[str, Any]:
    return {"pk": world.company.pk, "key": world.domain_request.pk}


def role_request(world: World) -> dict[str, Any]:
    return {"pk": world.company.pk, "key": world.role_request.pk}


def dip_id(world: World) -> dict[str, Any]:
    return {"pk": world.company.pk, "dip_id": world.dip_id.dip_id}


def member_of_dip_id(world: World) -> dict[str, Any]:
    return {**dip_id(world), "key": world.member.pk}


def api_key(world: World) -> dict[str, Any]:
    return {**dip_id(world), "kind": "PRIMARY"}


def webhook(world: World) -> dict[str, Any]:
    return {**dip_id(world), "publication": "STATUS"}


def webhook_test(world: World) -> dict[str, Any]:
    return {**webhook(world), "key": world.webhook_test.pk}


def any_key(world: World) -> dict[str, Any]:
    return {"pk": 1}


NO_RECOVERY_CODES = but(SIGNED_IN, 404)
STRANGERS_ONLY = codes(302, nobody=200)

# Who is limited to another DIP ID learns nothing of this one.
OF_DIP_ID = {**COMPANY, "limited": 404}
KEEPS_DIP_ID = {**USER_ADMIN, "limited": 404}
NOMINATES = {**USER_ADMIN, "dip_manager": 200}
NOMINATES_FOR_DIP_ID = {**KEEPS_DIP_ID, "dip_manager": 200}

# User Admins and Message Admins take API keys; the DIP Manager never sees one.
TAKES_KEYS = {**KEEPS_DIP_ID, "message_admin": 200}
CONFIGURES = {
    **USER_ADMIN,
    "user_admin": 403,
    "message_admin": 200,
    "limited": 200,
}
CONFIGURES_DIP_ID = {**CONFIGURES, "limited": 404}
TESTS_DIP_ID = {**CONFIGURES_DIP_ID, "dip_manager": 200}
LOOKS_AT_CHANNELS = codes(200, nobody=302, expired=404, offboarded=404)

HOME = {
    "": read(SIGNED_IN),
    "health/": Address(get=EVERYBODY, post=EVERYBODY),
    "health/ready/": read(EVERYBODY),
    "metrics": read(EVERYBODY),  # from this machine
}
COMPANIES = {
    # An empty form chooses no company, and leads HOME.
    "act-for/": Address(get=but(SIGNED_IN, 405), post=but(SIGNED_IN, 302)),
    # A member of one company is led straight to it; one of none sees why not.
    "organisations/": Address(
        get=codes(302, expired=200, offboarded=200, dip_manager=200), post=but(SIGNED_IN, 405)
    ),
    "organisations/<int:pk>/": page(COMPANY, arguments=company),
    "organisations/<int:pk>/members/": page(COMPANY, arguments=company),
    "organisations/<int:pk>/members/export/": page(USER_ADMIN, arguments=company),
    "organisations/<int:pk>/members/bulk/": form(USER_ADMIN, arguments=company),
    "organisations/<int:pk>/members/bulk/template/": page(USER_ADMIN, arguments=company),
    # The job of the world is nobody's here: not found by whoever may start one.
    "organisations/<int:pk>/members/bulk/<uuid:job_id>/": page(
        but(USER_ADMIN, 404), arguments=of_job
    ),
    "organisations/<int:pk>/members/bulk/<uuid:job_id>/report/": page(
        but(USER_ADMIN, 404), arguments=of_job
    ),
    "organisations/<int:pk>/members/create/": form(USER_ADMIN, arguments=company),
    "organisations/<int:pk>/members/<int:key>/edit/": form(USER_ADMIN, arguments=member),
    "organisations/<int:pk>/members/<int:key>/extend/": form(USER_ADMIN, arguments=member),
    "organisations/<int:pk>/members/outside/": page(USER_ADMIN, arguments=company),
    "organisations/<int:pk>/members/<int:key>/keep/": Address(
        get=but(USER_ADMIN, 405), post=but(USER_ADMIN, 302), arguments=member
    ),
    "organisations/<int:pk>/members/<int:key>/offboard/": form(
        USER_ADMIN, done=302, arguments=member
    ),
    "organisations/<int:pk>/members/invited/<int:key>/edit/": form(USER_ADMIN, arguments=invited),
    "organisations/<int:pk>/members/invited/<int:key>/send-again/": Address(
        get=but(USER_ADMIN, 405), post=but(USER_ADMIN, 302), arguments=invited
    ),
    "organisations/<int:pk>/members/invited/<int:key>/revoke/": form(
        USER_ADMIN, done=302, arguments=invited
    ),
    "organisations/<int:pk>/children/add/": form(USER_ADMIN, arguments=company),
    "organisations/<int:pk>/dcp-status/request/": form(USER_ADMIN, done=302, arguments=company),
    "organisations/<int:pk>/dcp-status/withdraw/": Address(
        get=but(USER_ADMIN, 405), post=but(USER_ADMIN, 302), arguments=company
    ),
    # Super Energy Co is no DIP Connection Provider.
    "organisations/<int:pk>/dcp-ids/": Address(
        get=but(COMPANY, 404), post=but(COMPANY, 404), arguments=company
    ),
    "organisations/<int:pk>/dcp-ids/create/": Address(
        get=but(NOMINATES, 405), post=but(NOMINATES, 302), arguments=company
    ),
    "organisations/<int:pk>/description/": form(USER_ADMIN, arguments=company),
    "organisations/<int:pk>/domains/request/": form(USER_ADMIN, arguments=company),
    "organisations/<int:pk>/domains/requests/<int:key>/withdraw/": Address(
        get=but(USER_ADMIN, 405), post=but(USER_ADMIN, 302), arguments=domain_request
    ),
    "organisations/<int:pk>/nominate/": form(NOMINATES, arguments=company),
    "organisations/<int:pk>/nominations/<int:key>/remove/": form(
        NOMINATES, done=302, arguments=nomination
    ),
    "organisations/<int:pk>/dip-ids/create/": form(USER_ADMIN, arguments=company),
    "organisations/<int:pk>/dip-roles/request/": form(CONFIGURES, arguments=company),
    "organisations/<int:pk>/dip-roles/requests/<int:key>/withdraw/": Address(
        get=but(CONFIGURES, 405), post=but(CONFIGURES, 302), arguments=role_request
    ),
    "organisations/<int:pk>/dip-ids/<str:dip_id>/": page(OF_DIP_ID, arguments=dip_id),
    "organisations/<int:pk>/dip-ids/<str:dip_id>/nominate/": form(
        NOMINATES_FOR_DIP_ID, arguments=dip_id
    ),
    "organisations/<int:pk>/dip-ids/<str:dip_id>/members/add/": page(
        KEEPS_DIP_ID, arguments=dip_id
    ),
    "organisations/<int:pk>/dip-ids/<str:dip_id>/members/<int:key>/add/": Address(
        get=but(KEEPS_DIP_ID, 405), post=but(KEEPS_DIP_ID, 302), arguments=member_of_dip_id
    ),
    "organisations/<int:pk>/dip-ids/<str:dip_id>/members/<int:key>/offboard/": form(
        KEEPS_DIP_ID, done=302, arguments=member_of_dip_id
    ),
    # What shows a key asks first who it is: these sessions are of nobody who has just signed in.
    "organisations/<int:pk>/dip-ids/<str:dip_id>/api-keys/download/": Address(
        get=but(TAKES_KEYS, 302), post=but(TAKES_KEYS, 302), arguments=dip_id
    ),
    "organisations/<int:pk>/dip-ids/<str:dip_id>/api-keys/<slug:kind>/show/": Address(
        get=but(TAKES_KEYS, 302), post=but(TAKES_KEYS, 302), arguments=api_key
    ),
    "organisations/<int:pk>/dip-ids/<str:dip_id>/api-keys/<slug:kind>/regenerate/": form(
        TAKES_KEYS, done=302, arguments=api_key
    ),
    # Verified already: it leads HOME; an empty form is shown again with what is missing.
    "organisations/<int:pk>/verify/": Address(
        get=but(USER_ADMIN, 302), post=USER_ADMIN, arguments=company
    ),
}
WEBHOOK = "organisations/<int:pk>/dip-ids/<str:dip_id>/channels/"
CHANNELS = {
    "message-channels/": page(LOOKS_AT_CHANNELS),
    "message-channels/<str:name>/": page(
        LOOKS_AT_CHANNELS, arguments=lambda world: {"name": "IF-036"}
    ),
    "organisations/<int:pk>/channels/": page(COMPANY, arguments=company),
    "organisations/<int:pk>/channels/pattern/": form(CONFIGURES, arguments=company),
    "organisations/<int:pk>/channels/copy/": form(CONFIGURES, arguments=company),
    "organisations/<int:pk>/channels/remove-all/": form(CONFIGURES, arguments=company),
    # Nothing selected: back to the DIP ID, or not found for who may not see it.
    WEBHOOK: Address(get=but(OF_DIP_ID, 302), post=but(OF_DIP_ID, 405), arguments=dip_id),
    f"{WEBHOOK}<str:publication>/": Address(
        get=OF_DIP_ID, post=CONFIGURES_DIP_ID, arguments=webhook
    ),
    f"{WEBHOOK}<str:publication>/remove/": form(CONFIGURES_DIP_ID, done=302, arguments=webhook),
    f"{WEBHOOK}<str:publication>/test/": Address(
        get=but(TESTS_DIP_ID, 302), post=but(TESTS_DIP_ID, 302), arguments=webhook
    ),
    f"{WEBHOOK}<str:publication>/tests/<int:key>/": page(OF_DIP_ID, arguments=webhook_test),
    "organisations/<int:pk>/failed-calls/": page(COMPANY, arguments=company),
    "organisations/<int:pk>/failed-calls/<int:key>/": page(
        OF_DIP_ID, arguments=lambda world: {"pk": world.company.pk, "key": world.failed_call.pk}
    ),
}
RETRIES = {**CERTIFICATE_ADMIN, "dip_manager": 200}
CERTIFICATES_URL = "organisations/<int:pk>/certificates/"
# The people of the DCP that the company nominated see its certificates too.
CERTIFICATES_OF_COMPANY = {**COMPANY, "nominated": 200}


def certificate(world: World) -> dict[str, Any]:
    return {"pk": world.company.pk, "key": world.certificate.pk, "kind": "pem"}


def registration(world: World) -> dict[str, Any]:
    return {"pk": world.company.pk, "key": world.registration.pk}


def certificate_request(world: World) -> dict[str, Any]:
    return {"pk": world.company.pk, "key": world.request.pk}


CERTIFICATES = {
    CERTIFICATES_URL + address: expected
    for address, expected in {
        "": page(CERTIFICATES_OF_COMPANY, arguments=company),
        "requests/": page(CERTIFICATES_OF_COMPANY, arguments=company),
        "export/": page(CERTIFICATES_OF_COMPANY, arguments=company),
        "credentials/": form(CERTIFICATE_ADMIN, arguments=company),
        "credentials/save/": form(CERTIFICATE_ADMIN, done=302, arguments=company),
        "credentials/remove/": form(CERTIFICATE_ADMIN, done=302, arguments=company),
        "domains/register/": form(CERTIFICATE_ADMIN, arguments=company),
        # Who may see it and sends the form without the tick is told what is missing.
        "domains/<int:key>/": Address(
            get=CERTIFICATES_OF_COMPANY, post=CERTIFICATE_ADMIN, arguments=registration
        ),
        "domains/<int:key>/check/": Address(
            get=but(CERTIFICATE_ADMIN, 405),
            post=but(CERTIFICATE_ADMIN, 302),
            arguments=registration,
        ),
        "domains/<int:key>/new-code/": form(CERTIFICATE_ADMIN, done=302, arguments=registration),
        "domains/<int:key>/delete/": form(CERTIFICATE_ADMIN, done=302, arguments=registration),
        "request/": form(CERTIFICATE_ADMIN, arguments=company),
        "requests/<int:key>/retry/": Address(
            get=but(RETRIES, 405), post=but(RETRIES, 302), arguments=certificate_request
        ),
        "requests/<int:key>/withdraw/": form(
            CERTIFICATE_ADMIN, done=302, arguments=certificate_request
        ),
        "<int:key>/": page(CERTIFICATES_OF_COMPANY, arguments=certificate),
        "<int:key>/<slug:kind>.cer": page(CERTIFICATES_OF_COMPANY, arguments=certificate),
        "<int:key>/renew/": form(CERTIFICATE_ADMIN, arguments=certificate),
        "<int:key>/revoke/": form(CERTIFICATE_ADMIN, arguments=certificate),
    }.items()
}
# Each admin reads the trail of their own company, whichever that is.
TRAIL = codes(200, nobody=302, analytics_reader=403, expired=404, offboarded=404, dip_manager=200)
AUDIT = {"audit/": page(TRAIL), "audit/export/": page(TRAIL)}
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

TABLE: dict[str, Address] = {
    **HOME,
    **COMPANIES,
    **CERTIFICATES,
    **CHANNELS,
    **AUDIT,
    **INVITATIONS,
    **ACCOUNTS,
}
