"""What Atlas publishes for the DIP, and that the DIP finds it without a restart."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from certificates import trust
from certificates.atlas import tasks
from certificates.atlas.models import CertificateAuthority


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "authorities").iterdir())


def test_prepare_atlas_publishes_the_authorities_for_everybody_to_read(
    db: None, authorities: None, settings: Any
) -> None:
    settings.DEMONSTRATION = False
    told = StringIO()

    call_command("prepare_atlas", stdout=told)

    folder = settings.AUTHORITY_DIR
    assert names(folder) == ["production-1.pem", "root-1.pem", "uit-1.pem"]
    for path in (folder / "authorities").iterdir():
        assert path.stat().st_mode & 0o777 == 0o644
        assert (
            path.read_text()
            == CertificateAuthority.objects.get(
                kind=path.stem.partition("-")[0].upper()
            ).certificate_pem
        )
    assert str(folder / "authorities") in told.getvalue()


def test_a_rotation_is_published_beside_the_former_authority(
    authorities: None, settings: Any
) -> None:
    tasks.publish()
    settings.DIP_ENVIRONMENT = "uit"
    [before] = trust.issuing_authorities()
    settings.DIP_ENVIRONMENT = "atlas"

    call_command("rotate_authority", "root", stdout=StringIO())

    settings.DIP_ENVIRONMENT = "uit"
    newest, former = trust.issuing_authorities()
    assert former == before
    assert newest != before
    assert len(trust.roots()) == 2


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_text("half a")])
def test_a_file_that_was_lost_or_spoilt_is_written_again(
    authorities: None, settings: Any, harm: Any
) -> None:
    tasks.publish()
    path = settings.AUTHORITY_DIR / "authorities" / "uit-1.pem"
    good = path.read_text()
    harm(path)

    tasks.publish()

    assert path.read_text() == good
