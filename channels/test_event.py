"""What a test event says: a message in the DIP's outer shape, marked as a test.

It shows a receiver the array, the CommonBlock and what the DIP adds (D0); it is no valid
business message: its CustomBlock is empty and its MPAN is none.
"""

import json
import secrets
from datetime import UTC, datetime
from typing import Any

from channels import catalogue
from channels.models import STATUS_MESSAGES
from dip_portal.lib import environment as environments
from organisations.models import DipId

NO_MPAN = "0" * 13
TEXT = "Test event of the DIP portal simulator"
SENDER = "0" * 10  # nobody's DIP ID


def body_of(dip_id: DipId, publication: str, *, now: datetime) -> bytes:
    """Return the body of a test event for a DIP ID, JSON in UTF-8."""
    content = (
        _status_message(dip_id, now)
        if publication == STATUS_MESSAGES
        else _message(dip_id, publication, now)
    )
    return json.dumps([content], indent=2).encode()


def _message(dip_id: DipId, publication: str, now: datetime) -> dict[str, Any]:
    interface = catalogue.channel(publication)
    event = next(iter(interface.events_for(dip_id.dip_role_code)), None)
    sender_role = next(iter(interface.senders), catalogue.DIP)
    number = interface.interface_id.removeprefix("IF-")
    mark = f"{now.astimezone(UTC):%Y%m%d}-{secrets.token_hex(8)}"
    common = {
        "S0": {
            "interfaceID": interface.interface_id,
            "schemaVersion": next(iter(interface.schema_versions), "001"),
            "eventCode": event.code if event else None,
        },
        "S1": {
            "environmentTag": environments.current().tag,
            "senderCorrelationID": None,
            "senderUniqueReference": f"S-{number}-{SENDER}-{sender_role}-{mark}",
            "senderTimestamp": _timestamp(now),
            "senderDIPID": SENDER,
            "senderRoleID": sender_role,
            "DIPConnectionProviderID": None,
            "subText": TEXT,
        },
        "M0": {"MPANCore": NO_MPAN, "distributorDIPID": None, "GSPGroupID": None},
        "A0": {"primaryRecipients": [], "secondaryRecipients": [], "always": []},
        "D0": {
            "transactionID": f"T-{interface.interface_id}-{dip_id}-{dip_id.dip_role_code}-{mark}",
            "transactionTimestamp": _timestamp(now),
            "publicationID": interface.publication_id,
            "initialCorrelationID": None,
            "replayIndicator": None,
            "serviceTicketURL": None,
        },
    }
    return {"payload": {"CommonBlock": common, "CustomBlock": {}}}


def _status_message(dip_id: DipId, now: datetime) -> dict[str, Any]:
    return {
        "messageArray": [
            {
                "transactionID": None,
                "senderUniqueReference": None,
                "correlationID": None,
                "sentTimestamp": _timestamp(now),
                "senderID": SENDER,
                "recipientID": str(dip_id),
                "DIPConnectionProviderID": None,
                "message": "MSG0000 - Success",
                "help": TEXT,
                "serviceTicketURL": None,
            }
        ],
        "timestamp": _timestamp(now),
    }


def _timestamp(now: datetime) -> str:
    """Return a DateTime of the DIP: 25 characters with an offset (WIRE.md, 'Fields')."""
    return now.astimezone(UTC).isoformat(timespec="seconds")
