"""Who gets what from the DIP Manager's admin."""

from typing import Any

from tests.access.codes import (
    ADMIN,
    ADMIN_OF_NOBODY,
    DIP_MANAGER,
    ELSEWHERE,
    Address,
    but,
    codes,
    form,
    page,
    read,
)
from tests.access.walk import World

UIT = "uit"
NONE_FOUND = but(ADMIN, 404)
LED_AWAY = but(ADMIN, 302)
POST_ONLY = but(ADMIN, 405)
INCOMPLETE = 422

THEME = {
    "admin/": form(ELSEWHERE),
    "admin/search/": form(ADMIN),
    # The portal's sign-in is the admin's: who is no DIP Manager is told so.
    "admin/login/": Address(
        get=codes(403, nobody=302, dip_manager=302), post=codes(403, nobody=302, dip_manager=200)
    ),
    "admin/logout/": Address(get=POST_ONLY, post=ADMIN),
    "admin/password_change/": form(ELSEWHERE),
    "admin/password_change/done/": page(ADMIN),
    "admin/autocomplete/": Address(get=ADMIN_OF_NOBODY, post=POST_ONLY),
    "admin/jsi18n/": page(ADMIN),
    "admin/r/<path:content_type_id>/<path:object_id>/": form(
        NONE_FOUND, arguments=lambda world: {"content_type_id": "0", "object_id": "1"}
    ),
    "admin/(?P<url>.*)$": form(NONE_FOUND, arguments=lambda world: {"url": "nothing/"}),
}

ORGANISATION = "admin/organisations/organisation/"


def of_company(name: str, *, only: str = "") -> dict[str, Address]:
    """Return the address of a form on the company's page; by GET it leads to that page."""
    return {
        f"{ORGANISATION}<int:pk>/{name}/": Address(
            get=LED_AWAY,
            post=but(ADMIN, INCOMPLETE),
            arguments=lambda world: {"pk": world.company.pk},
            only=only,
        )
    }


def person(world: World) -> dict[str, Any]:
    return {"pk": world.people["user_admin"].pk}


COMPANIES = {
    ORGANISATION: page(ADMIN),
    f"{ORGANISATION}add/": form(ADMIN, done=INCOMPLETE),
    f"{ORGANISATION}<int:pk>/change/": form(
        ADMIN, done=INCOMPLETE, arguments=lambda world: {"pk": world.company.pk}
    ),
    **of_company("details"),
    **of_company("approval", only=UIT),
    **of_company("domain"),
    **of_company("mpid"),
    **of_company("dip-id"),
    **of_company("effective-dates"),
    **of_company("dcp-id"),
    **of_company("dcp-decision"),
    **of_company("nomination"),
    f"{ORGANISATION}<int:pk>/approval/<int:key>/remove/": form(
        ADMIN,
        done=302,
        arguments=lambda world: {"pk": world.company.pk, "key": world.approval.pk},
        only=UIT,
    ),
    f"{ORGANISATION}<int:pk>/domain/<int:key>/remove/": form(
        ADMIN,
        done=302,
        arguments=lambda world: {"pk": world.company.pk, "key": world.domain.pk},
    ),
    f"{ORGANISATION}<int:pk>/nomination/<int:key>/remove/": form(
        ADMIN,
        done=302,
        arguments=lambda world: {"pk": world.company.pk, "key": world.nomination.pk},
    ),
    "admin/organisations/domainrequest/": page(ADMIN),
    "admin/organisations/domainrequest/<int:pk>/change/": form(
        ADMIN, done=INCOMPLETE, arguments=lambda world: {"pk": world.domain_request.pk}
    ),
    "admin/organisations/rolerequest/": page(ADMIN),
    "admin/organisations/rolerequest/<int:pk>/change/": form(
        ADMIN, done=INCOMPLETE, arguments=lambda world: {"pk": world.role_request.pk}
    ),
    "admin/accounts/user/": page(ADMIN),
    "admin/accounts/user/export/": page(ADMIN),
    "admin/accounts/user/<int:pk>/change/": page(ADMIN, arguments=person),
    "admin/accounts/user/<int:pk>/reset-second-factor/": form(
        but(ADMIN, 302), done=302, arguments=person
    ),
    "admin/accounts/user/<int:pk>/deactivate/": form(ADMIN, done=302, arguments=person),
    # The account is active: both lead to the person's page, which says so.
    "admin/accounts/user/<int:pk>/reactivate/": form(LED_AWAY, arguments=person),
}
OPERATIONS = {
    "admin/operations/": read(DIP_MANAGER),
    "admin/operations/follow/": read(DIP_MANAGER),
    "admin/test-controls/": form(DIP_MANAGER, done=INCOMPLETE),
    "admin/audit/event/": page(ADMIN),
    "admin/audit/event/export/": page(ADMIN),
    "admin/audit/event/<int:event_id>/change/": page(
        ADMIN, arguments=lambda world: {"event_id": world.event.pk}
    ),
    "admin/jobs/job/": page(ADMIN),
    "admin/jobs/job/<uuid:job_id>/": page(ADMIN, arguments=lambda world: {"job_id": world.job.pk}),
    "admin/mail/outgoingmail/": page(ADMIN),
    "admin/mail/outgoingmail/send-again/": Address(get=POST_ONLY, post=LED_AWAY),
    "admin/mail/outgoingmail/sent/": page(ADMIN),
    "admin/channels/webhookconfiguration/": page(ADMIN),
    "admin/channels/webhookconfiguration/send-test/": Address(get=POST_ONLY, post=LED_AWAY),
    "admin/certificates/certificaterequest/": page(ADMIN),
    "admin/certificates/certificaterequest/try-again/": Address(get=POST_ONLY, post=LED_AWAY),
}

TABLE: dict[str, Address] = {**THEME, **COMPANIES, **OPERATIONS}
