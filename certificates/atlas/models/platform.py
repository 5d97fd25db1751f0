"""The certificates of the DIP itself, with which it meets the companies' webhooks."""

from django.db import models

from certificates.atlas.models.authorities import CertificateAuthority
from certificates.atlas.models.credentials import DipEnvironment


class PlatformCertificate(models.Model):
    """A certificate that Atlas issued to an environment of the DIP: no customer's, and free.

    `serial` is in capital hexadecimal digits, `key_fingerprint` the SHA-256 of its public key.
    """

    environment = models.CharField(max_length=10, choices=DipEnvironment)
    authority = models.ForeignKey(
        CertificateAuthority, on_delete=models.PROTECT, related_name="platform_certificates"
    )
    serial = models.CharField(max_length=40, unique=True)
    key_fingerprint = models.CharField(max_length=64)
    pem = models.TextField()
    not_after = models.DateTimeField()
    issued_at = models.DateTimeField()

    class Meta:
        ordering = ["-issued_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_environment_display()} of the DIP ({self.serial})"
