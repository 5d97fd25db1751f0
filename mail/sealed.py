"""What outgoing mail keeps sealed (dip_portal/lib/resealing.py)."""

from dip_portal.lib.resealing import SealedTable, columns
from mail.models import PURPOSE

TABLES = [
    SealedTable(model="mail.OutgoingMail", again=columns(sealed_text=PURPOSE, sealed_html=PURPOSE))
]
