"""Extracts made in UIT, and what became of them in Production."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.formats import date_format

from dip_portal.lib import validation
from organisations.models import Organisation


class Extract(models.Model):
    """UIT: one signed extract of a company's setup, never changed.

    `number` counts the company's extracts from 1. `file` is the signed file as it is
    downloaded; `changes` says in words what is new since the previous one. `confirmed_at`
    is when the company's setup was last found to be still this one.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="extracts"
    )
    number = models.PositiveIntegerField()
    setup_digest = models.CharField("digest of the setup", max_length=64)
    file = models.TextField()
    changes = models.JSONField(default=list)
    made_at = models.DateTimeField()
    confirmed_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    fetched_at = models.DateTimeField("fetched by Production", null=True, blank=True)

    class Meta:
        ordering = ["-made_at", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "number"], name="extract_number_once_per_organisation"
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="extract_number_from_one"),
        ]

    def __str__(self) -> str:
        return f"Extract {self.number} of {self.organisation}"

    @property
    def file_name(self) -> str:
        """The name under which the file is downloaded."""
        return f"{self.organisation.company_number}-extract-{self.number}.json"


class Import(models.Model):
    """Production: an extract that arrived, and what became of it.

    `document_digest` is the SHA-256 of the signed document. `organisation` is the company
    in Production once the import is applied; `report` says in words what it did.
    """

    class State(models.TextChoices):
        """Where an import stands."""

        RECEIVED = "RECEIVED", "To be imported"
        APPLIED = "APPLIED", "Imported"
        UNCHANGED = "UNCHANGED", "Nothing to change"
        DISCARDED = "DISCARDED", "Discarded"

    class Via(models.TextChoices):
        """How an extract arrived."""

        UPLOAD = "UPLOAD", "Uploaded"
        SERVICE = "SERVICE", "Fetched from UIT"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company_number = models.CharField(
        max_length=10, db_index=True, validators=[validation.validate_company_number]
    )
    company_name = models.CharField(max_length=validation.NAME_MAX_LENGTH)
    document_digest = models.CharField(max_length=64)
    setup_digest = models.CharField("digest of the setup", max_length=64)
    extracted_at = models.DateTimeField()
    extracted_by = models.CharField(max_length=250)
    file = models.TextField()
    via = models.CharField("how it arrived", max_length=7, choices=Via.choices)
    state = models.CharField(max_length=9, choices=State.choices, default=State.RECEIVED)
    received_at = models.DateTimeField()
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField("imported or discarded", null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="imports"
    )
    report = models.JSONField(default=list)

    class Meta:
        ordering = ["-received_at", "-extracted_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["document_digest"],
                condition=Q(state="RECEIVED"),
                name="import_one_waiting_per_extract",
            ),
            models.CheckConstraint(
                condition=Q(state="RECEIVED") | Q(decided_at__isnull=False),
                name="import_decided_when_not_waiting",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["APPLIED", "UNCHANGED"]) | Q(organisation__isnull=False),
                name="import_applied_to_a_company",
            ),
        ]

    def __str__(self) -> str:
        at = date_format(self.extracted_at, "DATETIME_FORMAT")
        return f"Extract of {self.company_name}, {at}"

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.RECEIVED


class ImportedCompany(models.Model):
    """Production: what UIT said of a company when it was last imported.

    The base of the next import's comparison. `setup` is the company's part of the extract
    (JSON); `parent_number` the company number of the parent it came with, or empty.
    """

    organisation = models.OneToOneField(
        Organisation, primary_key=True, on_delete=models.PROTECT, related_name="imported"
    )
    last_import = models.ForeignKey(Import, on_delete=models.PROTECT, related_name="companies")
    extracted_at = models.DateTimeField()
    parent_number = models.CharField(max_length=10, blank=True)
    setup = models.TextField()

    class Meta:
        verbose_name = "imported company"
        verbose_name_plural = "imported companies"

    def __str__(self) -> str:
        return str(self.organisation)
