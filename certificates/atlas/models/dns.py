"""The zones of the DNS server that Atlas brings for testers."""

from django.db import models

from certificates.atlas.models.accounts import DOMAIN_MAX_LENGTH, Account
from dip_portal.lib.validation import validate_domain

VALUE_MAX_LENGTH = 2000
TTL = 60  # seconds; a tester does not want to wait for a cache


class RecordType(models.TextChoices):
    """The kinds of records that the server answers with."""

    TXT = "TXT", "TXT"
    A = "A", "A"
    AAAA = "AAAA", "AAAA"
    CNAME = "CNAME", "CNAME"
    MX = "MX", "MX"


class DnsZone(models.Model):
    """A domain that one company keeps in the test DNS, as it would at a registrar."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="zones")
    name = models.CharField(max_length=DOMAIN_MAX_LENGTH, unique=True, validators=[validate_domain])

    class Meta:
        verbose_name = "DNS zone"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class DnsRecord(models.Model):
    """One record; `name` is the whole name, and TXT values are as they are, without quotes."""

    zone = models.ForeignKey(DnsZone, on_delete=models.CASCADE, related_name="records")
    name = models.CharField(max_length=DOMAIN_MAX_LENGTH, db_index=True)
    type = models.CharField(max_length=5, choices=RecordType)
    value = models.CharField(max_length=VALUE_MAX_LENGTH)

    class Meta:
        verbose_name = "DNS record"
        ordering = ["name", "type", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["name", "type", "value"], name="dns_record_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.type}"
