"""Run as a program in a deployment of its own: companies with certificates and keys, as files.

`python -m tests.channels.api.seed FOLDER COUNT` writes FOLDER/client-N.pem (certificate and
key), certificate-N.pem, key-N.pem, and FOLDER/clients.json with DIP IDs and API keys.
"""

import json
import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dip_portal.settings")
django.setup()

from certificates.pki import formats, keys  # noqa: E402
from organisations.models import DipId  # noqa: E402
from tests import factories, pki  # noqa: E402
from tests.channels.api.calling import key_of  # noqa: E402


def seed(folder: Path, count: int) -> None:
    """Make this many companies, each with a DIP ID as a supplier and one certificate for all."""
    folder.mkdir(parents=True, exist_ok=True)
    clients = []
    for number in range(count):
        company = factories.company(name=f"Supplier {number} Ltd")
        dip_id = DipId.objects.get(mpid__organisation=company)
        held = pki.held(company, names=[f"dip{number}.superenergy.example"], key_number=number)
        certificate, key = formats.pem(held.certificate), keys.to_pem(held.key)
        files = {"certificate": certificate, "key": key, "client": certificate + key}
        for name, content in files.items():
            (folder / f"{name}-{number}.pem").write_bytes(content)
        clients.append(
            {
                "dip_id": dip_id.dip_id,
                "api_key": key_of(dip_id),
                **{name: str(folder / f"{name}-{number}.pem") for name in files},
            }
        )
    (folder / "clients.json").write_text(json.dumps(clients), encoding="utf-8")


if __name__ == "__main__":
    seed(Path(sys.argv[1]), int(sys.argv[2]))
