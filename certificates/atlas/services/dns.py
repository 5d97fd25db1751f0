"""The zones of the test DNS: each is kept by one company, first come, first served."""

import re
from collections.abc import Iterable
from datetime import datetime

import dns.exception
from django.db import transaction
from django.db.models import Q, QuerySet

from audit.services import record
from certificates.atlas.actors import AtlasActor
from certificates.atlas.errors import UnableToChangeZone
from certificates.atlas.models import Account, DnsMood, DnsRecord, DnsZone, RecordType
from certificates.atlas.models.accounts import DOMAIN_MAX_LENGTH
from certificates.atlas.models.dns import TTL, VALUE_MAX_LENGTH
from certificates.atlas.nameserver import Record, answer, rdata_of
from dip_portal.lib.identities import InvalidDomain, canonical_domain, has_hidden_characters

MOST_ZONES = 50
MOST_RECORDS = 500
# What nobody has alone, though it has a dot.
SUFFIXES = frozenset({"co.uk", "org.uk", "ac.uk", "gov.uk", "ltd.uk", "plc.uk", "net.uk", "me.uk"})
# Names of hosts and of what is kept under them, such as _dmarc (RFC 8552).
NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")


@transaction.atomic
def create_zone(*, actor: AtlasActor, account: Account, name: str, now: datetime) -> DnsZone:
    """Take a zone, unless it is, lies in or holds another company's. Raises UnableToChangeZone."""
    account = Account.objects.select_for_update().get(pk=account.pk)
    try:
        canonical = canonical_domain(name)
    except InvalidDomain as error:
        raise UnableToChangeZone("name", str(error)) from error
    if canonical in SUFFIXES:
        raise UnableToChangeZone("name", f"{canonical} is everybody's: take a name under it.")
    if account.zones.count() >= MOST_ZONES:
        raise UnableToChangeZone("", f"You have {MOST_ZONES} zones: delete one first.")
    over = Q(name__in=_and_above(canonical))
    if DnsZone.objects.filter(over, account=account).exists():
        raise UnableToChangeZone("name", f"{canonical} is in one of your zones already.")
    if DnsZone.objects.filter(over | Q(name__endswith=f".{canonical}")).exclude(account=account):
        raise UnableToChangeZone("name", f"{canonical} is kept by another company.")
    zone = DnsZone.objects.create(account=account, name=canonical)
    record(actor=actor, action="dns_zone:create", subject=zone, at=now)
    return zone


@transaction.atomic
def delete_zone(*, actor: AtlasActor, zone: DnsZone, now: datetime) -> None:
    """Give a zone up, with all of its records."""
    record(
        actor=actor,
        action="dns_zone:delete",
        subject=zone,
        before={"records": zone.records.count()},
        at=now,
    )
    zone.delete()


@transaction.atomic
def add_record(
    *,
    actor: AtlasActor,
    account: Account,
    name: str,
    record_type: str,
    value: str,
    now: datetime,
) -> DnsRecord:
    """Add a record to the zone of the company that its name is in; the same again is no other.

    `name` is the whole name. Raises UnableToChangeZone with the argument that is wrong.
    """
    name = name.strip().lower().removesuffix(".")
    zone = zone_for(account, name)
    if zone is None:
        raise UnableToChangeZone("name", "This name is in none of your zones.")
    zone = DnsZone.objects.select_for_update().get(pk=zone.pk)
    if len(name) > DOMAIN_MAX_LENGTH or not NAME.fullmatch(name):
        raise UnableToChangeZone("name", "This is no name for a record.")
    value = _checked(record_type, value)
    here = DnsRecord.objects.filter(name=name)
    known = here.filter(type=record_type, value=value).first()
    if known is not None:
        return known
    if zone.records.count() >= MOST_RECORDS:
        raise UnableToChangeZone("", f"{zone} has {MOST_RECORDS} records: delete some first.")
    alone = RecordType.CNAME
    if record_type == alone and (here.exists() or name == zone.name):
        raise UnableToChangeZone("type", "A CNAME stands alone, and not at the top of a zone.")
    if here.filter(type=alone).exists():
        raise UnableToChangeZone("name", f"{name} has a CNAME, beside which there is nothing.")
    made = DnsRecord.objects.create(zone=zone, name=name, type=record_type, value=value)
    record(
        actor=actor,
        action="dns_record:create",
        subject=made,
        after={"value": made.value},
        at=now,
    )
    return made


@transaction.atomic
def delete_record(*, actor: AtlasActor, dns_record: DnsRecord, now: datetime) -> None:
    """Delete one record."""
    record(
        actor=actor,
        action="dns_record:delete",
        subject=dns_record,
        before={"value": dns_record.value},
        at=now,
    )
    dns_record.delete()


def zone_for(account: Account, name: str) -> DnsZone | None:
    """Return the company's zone that a name is in."""
    return account.zones.filter(name__in=_and_above(name.lower())).first()


def reply(wire: bytes, max_bytes: int) -> bytes | None:
    """Return the DNS server's answer to a query, from the zones as they are now."""
    return answer(wire, StoredZones(), ttl=TTL, max_bytes=max_bytes)


class StoredZones:
    """What the DNS server knows: the tables."""

    def zone_of(self, name: str) -> str | None:
        """Return the zone that the name is in, if there is one."""
        return (
            DnsZone.objects.filter(name__in=_and_above(name)).values_list("name", flat=True).first()
        )

    def records(self, name: str) -> Iterable[Record]:
        """Return the records of exactly this name."""
        found = self._served().filter(name=name).order_by("pk")
        return [Record(name=it.name, type=it.type, value=it.value) for it in found]

    def is_there(self, name: str) -> bool:
        """Tell whether there are records of this name, or of one that lies under it."""
        return self._served().filter(Q(name=name) | Q(name__endswith=f".{name}")).exists()

    def _served(self) -> QuerySet[DnsRecord]:
        return DnsRecord.objects.exclude(zone__account__dns=DnsMood.EMPTY)


def _and_above(name: str) -> list[str]:
    """Return a name and all names that it lies under, but no single label.

    No zone is above a name with a NUL, which PostgreSQL cannot be asked for.
    """
    if "\x00" in name:
        return []
    labels = name.split(".")
    return [".".join(labels[start:]) for start in range(max(len(labels) - 1, 1))]


def _checked(record_type: str, value: str) -> str:
    """Return the value as it is kept. Raises UnableToChangeZone."""
    if record_type not in RecordType.values:
        kinds = ", ".join(RecordType.values)
        raise UnableToChangeZone("type", f"The type is one of {kinds}.")
    value = value.strip()
    if not value or len(value) > VALUE_MAX_LENGTH or has_hidden_characters(value):
        raise UnableToChangeZone("value", f"A value has 1 to {VALUE_MAX_LENGTH} plain characters.")
    try:
        rdata_of(record_type, value)
    except (dns.exception.DNSException, ValueError):
        raise UnableToChangeZone("value", f"This is no value of a {record_type} record.") from None
    return value
