"""The certificate authorities: a root, and one issuing CA for each environment of the DIP."""

import time
from functools import lru_cache
from typing import Any

from cryptography import x509
from django.db import models
from django.db.models import Q

from certificates.pki import keys
from certificates.pki.issue import Authority
from dip_portal.lib import secrets

KEY_PURPOSE = "key of a certificate authority"
REMEMBERED_SECONDS = 5.0
# To ask the database for the CA costs half as much as to sign.
_remembered: dict[str, "tuple[float, CertificateAuthority]"] = {}


class CertificateAuthority(models.Model):
    """One CA. After a rotation the former one issues no more, and still says what is revoked.

    The key is sealed. `crl` is the latest CRL (DER), to be made anew when `crl_is_stale` or
    when it is half as old as it may get.
    """

    class Kind(models.TextChoices):
        ROOT = "ROOT", "Root"
        UIT = "UIT", "UIT"
        PRODUCTION = "PRODUCTION", "Production"

    kind = models.CharField(max_length=10, choices=Kind)
    generation = models.PositiveIntegerField()
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="issued"
    )
    serial = models.CharField(max_length=40, unique=True)
    certificate_pem = models.TextField()
    sealed_key = models.TextField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)
    crl = models.BinaryField(null=True, blank=True)
    crl_number = models.PositiveBigIntegerField(default=0)
    crl_made_at = models.DateTimeField(null=True, blank=True)
    crl_is_stale = models.BooleanField(default=True)

    class Meta:
        verbose_name = "certificate authority"
        verbose_name_plural = "certificate authorities"
        ordering = ["kind", "generation"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "generation"], name="authority_generation_once"
            ),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(retired_at=None), name="authority_current_once"
            ),
        ]

    def __str__(self) -> str:
        return self.common_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and let this process look anew for the CAs that issue."""
        super().save(*args, **kwargs)
        _remembered.clear()

    @property
    def slug(self) -> str:
        """How it is called in addresses, such as uit-1."""
        return f"{self.kind.lower()}-{self.generation}"

    @property
    def common_name(self) -> str:
        """Its name in certificates; a later generation has its number in it."""
        suffix = f" G{self.generation}" if self.generation > 1 else ""
        label = (
            "Root CA" if self.kind == self.Kind.ROOT else f"{self.get_kind_display()} Issuing CA"
        )
        return f"Simulated Atlas {label}{suffix}"

    @property
    def certificate(self) -> x509.Certificate:
        """Its certificate, parsed."""
        return x509.load_pem_x509_certificate(self.certificate_pem.encode())

    @property
    def signer(self) -> Authority:
        """Certificate and key, unsealed. Raises UnableToDecrypt."""
        return _signer(self.certificate_pem, self.sealed_key)


def remember(authority: CertificateAuthority) -> None:
    """Keep the CA that issues for an environment in the memory of this process."""
    _remembered[authority.kind] = (time.monotonic() + REMEMBERED_SECONDS, authority)


def remembered(kind: str) -> CertificateAuthority | None:
    """Return the CA that was found to issue for an environment a moment ago."""
    until, authority = _remembered.get(kind, (0.0, None))
    return authority if time.monotonic() < until else None


@lru_cache(maxsize=16)
def _signer(certificate_pem: str, sealed_key: str) -> Authority:
    """Keep opened keys in memory: to unseal and check one costs more than to sign with it."""
    return Authority(
        certificate=x509.load_pem_x509_certificate(certificate_pem.encode()),
        key=keys.from_pem(secrets.decrypt(sealed_key, purpose=KEY_PURPOSE).encode()),
    )
