"""Where the DIP delivers to: the webhooks of a DIP ID; and what is kept of calls to its API."""

from django.db import models
from django.db.models import Q

from channels import callback_urls
from organisations.models import DipId

PUBLICATION_PATTERN = r"^(PUB-[0-9]{3}|REP-[0-9]{3}[A-Z]?|STATUS)$"
# The one webhook of a DIP ID that gets status messages and no publication (WIRE.md, 'Outbound').
STATUS_MESSAGES = "STATUS"
_TEST_TONES = {"UNTESTED": "info", "PASSED": "success", "FAILED": "danger"}


class WebhookConfiguration(models.Model):
    """The URL to which one publication is delivered for one DIP ID.

    `publication` is PUB-nnn, REP-nnn or STATUS_MESSAGES. The two limits exist in the form of
    the real portal and in the API, but nothing is done by them. `configured_by` is who it was
    as the audit trail names them. `revision` rises with every change. The test is that of the
    URL as it is now.
    """

    class TestState(models.TextChoices):
        UNTESTED = "UNTESTED", "Not tested"
        PASSED = "PASSED", "Tested: delivered"
        FAILED = "FAILED", "Tested: failed"

    dip_id = models.ForeignKey(DipId, on_delete=models.CASCADE, related_name="webhooks")
    publication = models.CharField(max_length=8)
    callback_url = models.CharField("webhook URL", max_length=callback_urls.MAX_LENGTH)
    max_message_count = models.PositiveIntegerField(null=True, blank=True)
    max_payload_size = models.PositiveIntegerField(null=True, blank=True)
    configured_at = models.DateTimeField()
    configured_by = models.CharField(max_length=255)
    revision = models.PositiveIntegerField(default=1)
    test_state = models.CharField(
        max_length=8, choices=TestState.choices, default=TestState.UNTESTED
    )
    tested_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "webhook configuration"
        ordering = ["dip_id", "publication"]
        constraints = [
            models.UniqueConstraint(
                fields=["dip_id", "publication"], name="webhook_one_per_dip_id_and_publication"
            ),
            models.CheckConstraint(
                condition=Q(publication__regex=PUBLICATION_PATTERN), name="webhook_publication_form"
            ),
            models.CheckConstraint(
                condition=Q(callback_url__regex=r"^[hH][tT][tT][pP][sS]://"),
                name="webhook_url_is_https",
            ),
            models.CheckConstraint(
                condition=Q(test_state="UNTESTED", tested_at__isnull=True)
                | Q(test_state__in=["PASSED", "FAILED"], tested_at__isnull=False),
                name="webhook_tested_or_not",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.publication} of {self.dip_id}"

    @property
    def version(self) -> str:
        """What tells this webhook as it is from an earlier one: a form made for that is refused."""
        return f"{self.pk}.{self.revision}"

    @property
    def test_tone(self) -> str:
        """The tone of the badge that shows the state of its test."""
        return _TEST_TONES[self.test_state]

    @property
    def is_for_status_messages(self) -> bool:
        return self.publication == STATUS_MESSAGES


class WebhookTest(models.Model):
    """One test event: asked for by a person, sent by a worker, and what came of it.

    `url` and `revision` are those of the webhook as it was then. `result` is a channels.caller.Call
    as JSON, empty until it is done.
    """

    class State(models.TextChoices):
        QUEUED = "QUEUED", "Waiting for a worker"
        RUNNING = "RUNNING", "On its way"
        DELIVERED = "DELIVERED", "Delivered"
        FAILED = "FAILED", "Failed"

    webhook = models.ForeignKey(
        WebhookConfiguration, on_delete=models.CASCADE, related_name="tests"
    )
    url = models.CharField(max_length=callback_urls.MAX_LENGTH)
    revision = models.PositiveIntegerField()
    body = models.TextField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=255)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict)

    class Meta:
        verbose_name = "webhook test"
        ordering = ["-requested_at", "-pk"]
        indexes = [
            models.Index(
                fields=["state"],
                condition=Q(state__in=["QUEUED", "RUNNING"]),
                name="webhook_test_open",
            )
        ]

    def __str__(self) -> str:
        return f"Test of {self.webhook}"

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None


class SeenSignature(models.Model):
    """A signature of a call that has come, by the SHA-256 of its raw bytes: it is taken once.

    `expires_at` is when its date leaves the window: from then on it is refused anyway.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.digest


class FailedCall(models.Model):
    """A call to the API that was refused, for the testers of the DIP ID's company to compare.

    `canonical_full` and `canonical_path` are the strings that the DIP computed for the call as
    it arrived. No key, no signature and no body is here. `code` is one of
    channels.refusals.CODES; a certificate is named by its subject and SHA-256 thumbprint.
    """

    dip_id = models.ForeignKey(DipId, on_delete=models.CASCADE, related_name="failed_calls")
    at = models.DateTimeField()
    method = models.CharField(max_length=10)
    url = models.TextField()
    status = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=60)
    sentence = models.TextField()
    canonical_full = models.TextField()
    canonical_path = models.TextField()
    signature_date = models.CharField(max_length=100, blank=True)
    content_hash = models.CharField(max_length=100, blank=True)
    body_size = models.PositiveIntegerField()
    client_subject = models.TextField(blank=True)
    client_thumbprint = models.CharField(max_length=64, blank=True)
    signature_subject = models.TextField(blank=True)
    signature_thumbprint = models.CharField(max_length=64, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    correlation_id = models.CharField(max_length=64)

    class Meta:
        verbose_name = "failed API call"
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["dip_id", "-at"], name="failed_call_by_dip_id")]

    def __str__(self) -> str:
        return f"{self.method} {self.url}"
