"""Who gets what from the API: nobody anything by a session; each call proves itself."""

from typing import Any

from tests.access.codes import EVERYBODY, NOT_ALLOWED, Address, codes, read
from tests.access.walk import World

UNPROVEN = codes(401)


def of_dip_id(world: World) -> dict[str, Any]:
    return {"id": "PUB-036", "recipient_id": world.dip_id.dip_id}


WRITTEN = Address(get=NOT_ALLOWED, post=UNPROVEN, arguments=of_dip_id)
READ = Address(get=UNPROVEN, post=NOT_ALLOWED, arguments=of_dip_id)

TABLE: dict[str, Address] = {
    "api/": read(EVERYBODY),
    "api/openapi.json": read(EVERYBODY),
    "api/examples/<str:operation_id>.sh": read(
        EVERYBODY, arguments=lambda world: {"operation_id": "configurePublication"}
    ),
    "dip-channel/<str:id>/pubconfig/<str:recipient_id>": WRITTEN,
    "statusmessage/config/<str:recipient_id>": WRITTEN,
    "extensions/dip-channel/<str:id>/pubconfig/<str:recipient_id>": READ,
    "extensions/statusmessage/config/<str:recipient_id>": READ,
    "extensions/config/<str:recipient_id>": READ,
}
