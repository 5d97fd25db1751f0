"""From empty to both PFX files by the portal's pages, with the openssl commands they show."""

import html
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from certificates.models import AtlasCredential, Certificate, CertificateRequest, DomainRegistration
from certificates.services import issuing
from organisations.models import Organisation
from tests.certificates.real_atlas import PASSWORD, Atlas, Customer, Set
from tests.leaving_out import need_program

pytestmark = pytest.mark.django_db


def command(text: str, name: str) -> str:
    """Return the command that a page shows under this id, as the Copy button takes it."""
    found = re.search(rf'<code id="{name}">(.*?)</code>', text, re.DOTALL)
    assert found is not None, name
    return html.unescape(found[1])


def run(line: str, folder: Path, **options: str) -> None:
    """Run a command exactly as it was shown, in a shell; answer OpenSSL's question by `options`."""
    need_program("openssl")
    more = "".join(f" -{name} {shlex.quote(value)}" for name, value in options.items())
    done = subprocess.run(
        line + more, shell=True, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def upload(browser: Client, url: str, login: Set, pfx: bytes, **changed: str) -> str:
    answer = browser.post(
        f"{url}credentials/",
        {
            "api_key": login.api_key,
            "api_secret": login.api_secret,
            "password": PASSWORD,
            "pfx": SimpleUploadedFile("atlas.pfx", pfx),
            **changed,
        },
    )
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_whole_chain_with_the_commands_of_the_pages(
    real_atlas: Atlas, company: Organisation, cara_client: Client, tmp_path: Path
) -> None:
    url = f"/organisations/{company.pk}/certificates/"
    customer: Customer = real_atlas.customer()
    login = customer.uit
    # 4.2: the page's commands make a CSR that OpenSSL finds good, and merge what Atlas gave.
    page = cara_client.get(f"{url}credentials/").content.decode()
    run(command(page, "make-csr"), tmp_path)
    assert (tmp_path / "atlas-uit.csr").read_text().startswith("-----BEGIN CERTIFICATE REQUEST")
    (tmp_path / "atlas-uit.key").write_text(login.key)
    (tmp_path / "atlas-uit-chain.pem").write_text(login.chain)
    run(command(page, "merge"), tmp_path, passout=f"pass:{PASSWORD}")
    run(command(page, "look"), tmp_path, passin=f"pass:{PASSWORD}")

    text = upload(cara_client, url, login, (tmp_path / "atlas-uit.pfx").read_bytes())

    assert "Added successfully" in text
    assert text.count("Passed") == 5
    for secret in (login.api_key, login.api_secret, PASSWORD, "PRIVATE KEY"):
        assert secret not in text
    assert not AtlasCredential.objects.exists()
    saved = cara_client.post(f"{url}credentials/save/", follow=True)
    assert "The API credentials are saved." in saved.content.decode()
    row = AtlasCredential.objects.get()
    for secret in (login.api_key, login.api_secret, login.key.splitlines()[1], PASSWORD):
        assert secret not in row.sealed + row.certificate_pem + row.chain_pem

    # Domain registration and verification.
    answer = cara_client.post(f"{url}domains/register/", {"choice": "", "other": customer.domain})
    domain = DomainRegistration.objects.get()
    assert answer["Location"] == f"{url}domains/{domain.pk}/"
    page = cara_client.get(answer["Location"]).content.decode()
    assert domain.token in page
    untouched = cara_client.post(answer["Location"], {})
    assert "Tick this once the record is in the DNS" in untouched.content.decode()
    early = cara_client.post(answer["Location"], {"is_record_added": "on"}, follow=True)
    assert "The record was not found yet" in early.content.decode()
    real_atlas.add_txt(login, customer.domain, domain.token)
    checked = cara_client.post(f"{url}domains/{domain.pk}/check/", follow=True)
    assert f"{customer.domain} is verified." in checked.content.decode()

    # 4.5: a certificate for mTLS and one for signing.
    for word, purpose in (("mtls", "MTLS"), ("signing", "SIGNING")):
        page = cara_client.get(f"{url}request/").content.decode()
        run(command(page, f"make-csr-{word}"), tmp_path)
        csr = (tmp_path / f"dip-uit-{word}.csr").read_bytes()
        asked = cara_client.post(
            f"{url}request/",
            {"purpose": purpose, "csr_file": SimpleUploadedFile("dip.csr", csr)},
            follow=True,
        )
        assert "on its way to GlobalSign" in asked.content.decode()
        assert issuing.work_on_due() == 1
        made = Certificate.objects.get(purpose=purpose)
        page = cara_client.get(f"{url}{made.pk}/").content.decode()
        chain = cara_client.get(f"{url}{made.pk}/chain.cer")
        name = re.search(r'filename="(.+)"', chain["Content-Disposition"])
        assert name is not None
        (tmp_path / name[1]).write_bytes(chain.content)
        run(command(page, "merge"), tmp_path, passout="pass:x")
        run(command(page, "look"), tmp_path, passin="pass:x")
    assert len(list(tmp_path.glob("dip-uit-*.pfx"))) == 2
    tab = cara_client.get(url).content.decode()
    assert tab.count("status-success") >= 5
    home = cara_client.get("/").content.decode()
    assert "Obtain a signing certificate of the DIP" in home

    # Renewal: the same names, a new key.
    page = cara_client.get(f"{url}{made.pk}/renew/").content.decode()
    run(command(page, "make-csr"), tmp_path)
    csr = (tmp_path / "dip-uit-signing-new.csr").read_bytes()
    cara_client.post(f"{url}{made.pk}/renew/", {"csr_text": csr.decode()})
    issuing.work_on_due()
    newest = CertificateRequest.objects.first()
    assert newest is not None
    assert newest.renews == made
    assert newest.state == "ISSUED"

    # Revocation asks first, and then is for good.
    assert "It is for good" in cara_client.get(f"{url}{made.pk}/revoke/").content.decode()
    cara_client.post(f"{url}{made.pk}/revoke/", {"reason": "superseded"})
    made.refresh_from_db()
    assert made.is_revoked
    assert made.revoked_at is not None
    assert made.revoked_at <= timezone.now()
