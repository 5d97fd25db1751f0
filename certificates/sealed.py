"""What a portal keeps sealed of its companies' logins at Atlas (dip_portal/lib/resealing.py)."""

from certificates.services.logins import PURPOSE
from dip_portal.lib.resealing import SealedTable, columns

TABLES = [
    SealedTable(model=model, again=columns(sealed=PURPOSE))
    for model in ("certificates.AtlasCredential", "certificates.CredentialDraft")
]
