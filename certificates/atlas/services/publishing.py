"""What Atlas puts into AUTHORITY_DIR for the DIP: its CA certificates.

In the world outside, an operator gets them by a way that can be trusted. Here the deployments
share a folder, and whoever may write there decides whom the portals believe.
"""

from pathlib import Path

from django.conf import settings

from certificates.atlas.models import CertificateAuthority
from dip_portal.lib import keyfiles


def publish_authorities() -> int:
    """Write the certificate of every CA, former ones too; return how many were not there.

    A portal reads the folder whenever it judges a certificate, so that it believes a new CA at
    once. Raises OSError where the folder cannot be written to.
    """
    folder: Path = settings.AUTHORITY_DIR / "authorities"
    return sum(
        keyfiles.publish(folder / f"{authority.slug}.pem", authority.certificate_pem)
        for authority in CertificateAuthority.objects.order_by("pk")
    )
