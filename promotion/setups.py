"""Reads what the database has of companies, in the words of the extract."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from organisations.models import DcpId, DipId, Mpid, Nomination, Organisation, WhitelistedDomain
from promotion import document

# A company's nominations by the primary keys of company and DIP ID (None: the whole company).
Nominations = dict[tuple[int, int | None], document.Nomination]


def companies_of(
    organisations: Mapping[int, Organisation],
) -> dict[int, document.Company]:
    """Return each of these companies (by primary key) as an extract says it: five queries.

    Nothing is validated here: `document.read` judges what comes of it.
    """
    keys = list(organisations)
    domains = _grouped(
        WhitelistedDomain.objects.filter(organisation__in=keys)
        .order_by("domain")
        .values_list("organisation_id", "domain")
    )
    dcp_ids = _grouped(
        DcpId.objects.filter(organisation__in=keys)
        .order_by("dcp_id")
        .values_list("organisation_id", "dcp_id")
    )
    nominations: Nominations = {
        (organisation, dip_id): document.Nomination.model_construct(
            dcp_id=code, whitelists_domains=whitelists
        )
        for organisation, dip_id, code, whitelists in Nomination.objects.filter(
            organisation__in=keys
        ).values_list("organisation_id", "dip_id_id", "dcp_id_code", "whitelists_domains")
    }
    mpids = _mpids_of(keys, nominations)
    return {
        key: document.Company.model_construct(
            company_number=organisation.company_number,
            name=organisation.name,
            description=organisation.description.replace("\r\n", "\n"),
            dcp_status=organisation.dcp_status,
            whitelisted_domains=sorted(domains[key]),
            mpids=mpids[key],
            dcp_ids=sorted(dcp_ids[key]),
            nomination=nominations.get((key, None)),
        )
        for key, organisation in organisations.items()
    }


def _mpids_of(keys: Collection[int], nominations: Nominations) -> dict[int, list[document.Mpid]]:
    dip_ids: dict[int, list[document.DipId]] = defaultdict(list)
    rows = (
        DipId.objects.filter(mpid__organisation__in=keys)
        .order_by("dip_id")
        .values_list(
            "pk",
            "mpid_id",
            "mpid__organisation_id",
            "dip_id",
            "dip_role_code",
            "mpr_role_code",
            "effective_from_date",
            "effective_to_date",
        )
    )
    for pk, mpid, organisation, dip_id, dip_role, mpr_role, effective_from, effective_to in rows:
        dip_ids[mpid].append(
            document.DipId.model_construct(
                dip_id=dip_id,
                dip_role_code=dip_role,
                mpr_role_code=mpr_role,
                effective_from_date=effective_from,
                effective_to_date=effective_to,
                nomination=nominations.get((organisation, pk)),
            )
        )
    mpids: dict[int, list[document.Mpid]] = defaultdict(list)
    for pk, organisation, code in (
        Mpid.objects.filter(organisation__in=keys)
        .order_by("code")
        .values_list("pk", "organisation_id", "code")
    ):
        mpids[organisation].append(
            document.Mpid.model_construct(mpid=code, dip_ids=dip_ids.get(pk, []))
        )
    for held in mpids.values():
        held.sort(key=lambda mpid: mpid.mpid)  # by code point, whatever the database's collation
    return mpids


def _grouped(rows: Any) -> dict[int, list[str]]:
    grouped: dict[int, list[str]] = defaultdict(list)
    for key, value in rows:
        grouped[key].append(value)
    return grouped
