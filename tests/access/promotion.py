"""Who gets what from the promotion's pages and from its service."""

import uuid
from typing import Any

from tests.access.codes import DIP_MANAGER, NOT_ALLOWED, Address, action, but, codes, form, read
from tests.access.walk import World

UIT = "uit"
PRODUCTION = "production"


def company(world: World) -> dict[str, Any]:
    return {"key": world.company.pk}


def no_such(world: World) -> dict[str, Any]:
    return {"key": uuid.UUID(int=0)}


NONE_FOUND = but(DIP_MANAGER, 404)
UNSIGNED = codes(401)  # the service takes no session, only the other environment's signature

TABLE: dict[str, Address] = {
    "admin/promotion/": read(DIP_MANAGER),
    "admin/promotion/extract/": action(DIP_MANAGER, only=UIT),
    "admin/promotion/schema/": read(DIP_MANAGER),
    "admin/promotion/extracts/": read(DIP_MANAGER, only=UIT),
    "admin/promotion/extracts/<uuid:key>/": read(NONE_FOUND, arguments=no_such),
    "admin/promotion/extracts/<uuid:key>/download/": read(NONE_FOUND, arguments=no_such),
    "admin/promotion/extracts/<uuid:key>/verify/": action(NONE_FOUND, arguments=no_such),
    "admin/promotion/imports/": read(DIP_MANAGER, only=PRODUCTION),
    "admin/promotion/imports/upload/": form(DIP_MANAGER, done=422, only=PRODUCTION),
    "admin/promotion/imports/uit/": form(DIP_MANAGER, only=PRODUCTION),
    "admin/promotion/imports/apply/": action(DIP_MANAGER, only=PRODUCTION),
    "admin/promotion/imports/<uuid:key>/": read(NONE_FOUND, arguments=no_such),
    "admin/promotion/imports/<uuid:key>/discard/": form(NONE_FOUND, arguments=no_such),
    "admin/promotion/companies/<int:key>/": read(DIP_MANAGER, arguments=company),
    "admin/promotion/companies/<int:key>/invite/": form(DIP_MANAGER, done=422, arguments=company),
    "admin/promotion/companies/<int:key>/user-admins/<int:membership>/replace/": form(
        DIP_MANAGER,
        done=422,
        arguments=lambda world: {"key": world.company.pk, "membership": world.user_admin.pk},
    ),
    "admin/promotion/companies/<int:key>/invitation/resend/": action(
        DIP_MANAGER, arguments=company
    ),
    "admin/promotion/companies/<int:key>/invitation/replace/": form(
        DIP_MANAGER, done=422, arguments=company
    ),
    "admin/promotion/companies/<int:key>/invitation/revoke/": form(
        DIP_MANAGER, done=302, arguments=company
    ),
    "service/promotion/v1/candidates/": Address(get=UNSIGNED, post=NOT_ALLOWED, only=UIT),
    "service/promotion/v1/extracts/<uuid:extract>/": Address(
        get=UNSIGNED,
        post=NOT_ALLOWED,
        arguments=lambda world: {"extract": uuid.UUID(int=0)},
        only=UIT,
    ),
}
