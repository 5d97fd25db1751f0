"""`python -m tests.promotion.fill_production COUNT`: extracts that wait, and the job of them."""

import os
import sys
from datetime import UTC, datetime

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dip_portal.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from jobs.services import start  # noqa: E402
from organisations.actors import DipManagerActor  # noqa: E402
from promotion import document, signing  # noqa: E402
from promotion.models import Import  # noqa: E402
from promotion.receive import receive_all  # noqa: E402
from tests import factories  # noqa: E402
from tests.promotion import setups  # noqa: E402


def signed(n: int) -> bytes:
    """Return an extract of the company of this number, with two DIP IDs and ten domains."""
    return signing.sign(
        document.to_bytes(
            setups.extract(
                setups.setup(
                    company_number=f"{n:08d}",
                    name=f"Company {n}",
                    whitelisted_domains=[f"d{d}.company{n}.example" for d in range(10)],
                    mpids=[
                        setups.mpid(
                            factories.mpid_code(n),
                            setups.dip_id(f"14{n:08d}", dip_role_code="SDS"),
                            setups.dip_id(f"23{n:08d}"),
                        )
                    ],
                )
            )
        )
    )


def main(count: int) -> None:
    """Sign as UIT, take in as Production, and start the import of all."""
    own = settings.SIGNING_KEY_FILE
    settings.DIP_ENVIRONMENT, settings.SIGNING_KEY_FILE = "uit", own.with_name("uit.jwk.json")
    call_command("publish_key")
    files = [signed(n) for n in range(1, count + 1)]
    settings.DIP_ENVIRONMENT, settings.SIGNING_KEY_FILE = "production", own
    dana = factories.user(email="dana@dip.example", is_dip_manager=True)
    actor = DipManagerActor(user_id=dana.pk, label=str(dana))
    rows = receive_all(actor=actor, files=files, via=Import.Via.UPLOAD, now=datetime.now(UTC))
    start(
        kind="promotion.import",
        actor=actor,
        items=[(str(row), {"import": str(row.pk), "plan": ""}) for row in rows
               if isinstance(row, Import)],
    )  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]))
