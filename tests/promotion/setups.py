"""Setups for the tests of the extract and the plan, without a database."""

from datetime import UTC, date, datetime
from typing import Any

from promotion import document

MOMENT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def dip_id(name: str = "2312345678", **fields: Any) -> document.DipId:
    return document.DipId(
        **{
            "dip_id": name,
            "dip_role_code": "SUP",
            "mpr_role_code": "X",
            "effective_from_date": date(2025, 7, 1),
            "effective_to_date": None,
            "nomination": None,
            **fields,
        }
    )


def mpid(code: str = "SUPR", *dip_ids: document.DipId) -> document.Mpid:
    return document.Mpid(mpid=code, dip_ids=list(dip_ids))


def company(number: str = "01234567", **fields: Any) -> document.Company:
    return document.Company(
        **{
            "company_number": number,
            "name": "Super Energy Co",
            "description": "Our company.",
            "dcp_status": "DISABLED",
            "whitelisted_domains": ["superenergy.example"],
            "mpids": [mpid("SUPR", dip_id())],
            "dcp_ids": [],
            "nomination": None,
            **fields,
        }
    )


def setup(*children: document.Company, **fields: Any) -> document.Setup:
    return document.Setup(company=company(**fields), children=list(children))


def extract(of: document.Setup | None = None, *, at: datetime = MOMENT) -> document.Document:
    return document.make(
        setup=of or setup(), environment="uit", extracted_at=at, extracted_by="Dana Manager"
    )


def nomination(dcp_id: str = "1000000001", *, domains: bool = False) -> document.Nomination:
    return document.Nomination(dcp_id=dcp_id, whitelists_domains=domains)
