"""What companies keep sealed (dip_portal/lib/resealing.py)."""

from dip_portal.lib.resealing import SealedTable
from organisations.services.api_keys import sealed_again

TABLES = [SealedTable(model="organisations.ApiKey", again=sealed_again)]
