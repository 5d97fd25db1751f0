"""Backup, restore, upgrade and new keys, by the very commands of docs/operations.md."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from cryptography import x509

from tests.browser.people import Person, read_people, unused_code_of
from tests.deploy.documented import Documented, blocks, commands
from tests.deploy.stack import (
    ENVIRONMENTS,
    PORTALS,
    Composition,
    Stack,
    drop_role_and_database,
    make_role_and_database,
    stack_on_servers,
)
from tests.deploy.waiting import wait_until
from tests.faults.visitor import Visitor
from tests.leaving_out import need_program

MANAGER = "dana.okafor@dip.example"
ADMIN = "marcus.bell@brightwater-energy.example"
KEYS = """
import json
from organisations.models import ApiKey
from organisations.services import api_keys
print(json.dumps({api_keys.reveal(it): it.dip_id.dip_id for it in ApiKey.objects.all()}))
"""
FOUND = """
import json
from organisations.services import api_keys
rows = {key: api_keys.find(key) for key in json.loads(TEXT)}
print(json.dumps({key: row and row.dip_id.dip_id for key, row in rows.items()}))
"""
OWN = """
from certificates.pki import formats
from certificates.platform import NoOwnCertificate, own_signer
try:
    print(formats.pem(own_signer().certificate).decode())
except NoOwnCertificate as error:
    print(error)
"""
VERIFY = """
from promotion import signing
try:
    signing.verify(TEXT.encode(), environment="uit")
    print("accepted")
except signing.UnableToVerify as refusal:
    print(refusal)
"""
# The tables and columns that are missing, then, are those of most apps.
EARLIER = (("channels", "0002"), ("mail", "0001"), ("jobs", "0001"), ("organisations", "0004"))
NEWER_TABLE = "channels_webhooktest"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All deployments with web, worker and beat, the gateway, and a mail catcher."""
    for program in ("pg_dump", "pg_restore", "tar"):
        need_program(program)
    with stack_on_servers(tmp_path_factory.mktemp("backup")) as stack:
        yield stack


@pytest.fixture
def composition(running: Stack) -> Composition:
    return running.composition


@pytest.fixture
def operator(composition: Composition, tmp_path: Path) -> Documented:
    """Somebody who does as docs/operations.md says."""
    return Documented(composition, tmp_path)


def people(composition: Composition, environment: str) -> dict[str, Person]:
    return read_people(composition.stack.volume(f"{environment}-secrets") / "demonstration.json")


def sign_in(composition: Composition, environment: str, person: Person) -> Visitor:
    """Sign in with password and code. Raises AssertionError if the portal refuses."""
    unused_code_of(person.secret)
    visitor = Visitor(composition.client(environment), person)
    assert is_signed_in(visitor)
    return visitor


def is_signed_in(visitor: Visitor) -> bool:
    return visitor.client.get("/accounts/sessions/").status_code == 200


def tell(composition: Composition, environment: str, script: str, text: str = "") -> str:
    """Run a script in a deployment, which knows TEXT; return what it prints."""
    known = f"TEXT = {text!r}\n"
    return composition.manage(environment, "shell", "-v", "0", "-c", known + script)


def last_line_of(told: str) -> Any:
    return json.loads(told.strip().splitlines()[-1])


def public_file(composition: Composition, path: str) -> bytes:
    answer = httpx.get(
        f"http://127.0.0.1:{composition.plain_port}/{path}",
        headers={"Host": "atlas.dip.localhost"},
    )
    assert answer.status_code == 200
    return answer.content


def own_certificate(composition: Composition, environment: str) -> x509.Certificate | None:
    told = tell(composition, environment, OWN)
    found = re.search(r"-----BEGIN.*-----END CERTIFICATE-----", told, re.DOTALL)
    return x509.load_pem_x509_certificate(found[0].encode()) if found else None


def issued_anew(
    composition: Composition, environment: str, former: x509.Certificate | None
) -> x509.Certificate:
    """Wait until the DIP has another certificate of its own than before, and return it."""
    path = composition.stack.volume("authority") / "platform" / f"{environment}.pem"

    def is_there() -> bool:
        return path.exists() and x509.load_pem_x509_certificate(path.read_bytes()) != former

    wait_until(is_there, seconds=60)
    found = own_certificate(composition, environment)
    assert found is not None
    return found


def is_ready(composition: Composition, environment: str) -> dict[str, str]:
    with composition.client(environment) as client:
        checks: dict[str, str] = client.get("/health/ready/").json()["checks"]
    return checks


def lose_everything(composition: Composition) -> None:
    """Be a new machine: empty databases, other passwords, no secrets, nothing that is shared."""
    stack = composition.stack
    for environment in ENVIRONMENTS:
        variables = stack.environment(f"{environment}-web")
        drop_role_and_database(variables["DATABASE_NAME"], composition.server)
        redis.Redis.from_url(variables["REDIS_URL"]).flushdb()
        for volume in ("secrets", "database-password", "superuser-password"):
            shutil.rmtree(stack.volume(f"{environment}-{volume}"))
        stack.run(f"{environment}-passwords")
        make_role_and_database(stack, environment, composition.server)
    for volume in ("trusted-keys", "authority"):
        shutil.rmtree(stack.volume(volume))


def test_all_is_as_it_must_be_before(composition: Composition) -> None:
    for environment in ENVIRONMENTS:
        assert set(is_ready(composition, environment).values()) == {"ok"}


def test_everything_is_there_again_after_a_restore_on_a_new_machine(
    composition: Composition, operator: Documented
) -> None:
    composition.manage("uit", "demonstrate_promotion", "--step", "extract")
    extracts = composition.query("uit", "SELECT id, number, file FROM promotion_extract")
    events = {it: composition.query(it, "SELECT count(*) FROM audit_event") for it in ENVIRONMENTS}
    keys = last_line_of(tell(composition, "uit", KEYS))
    known = {it: people(composition, it) for it in PORTALS}
    authority = public_file(composition, "ca/uit-1.pem")
    certificate = issued_anew(composition, "uit", None)
    assert keys

    [back_up] = blocks("Backup")
    [stop, put_back, start] = blocks("Restore")
    for environment in ENVIRONMENTS:
        operator.follow(back_up, environment)
    operator.follow(stop)
    lose_everything(composition)

    # The database alone: nothing starts, and the operator reads what is missing.
    *_, restore_database = commands(put_back)
    operator.carry_out(restore_database)
    with pytest.raises(AssertionError, match="keys here are not those of this database") as told:
        composition.stack.run("uit-init")
    assert "Restore the secrets of the same backup into" in str(told.value)
    assert "Traceback" not in str(told.value)

    for environment in ENVIRONMENTS:
        operator.follow(put_back, environment)
    operator.follow(start)

    sign_in(composition, "uit", known["uit"][ADMIN])
    sign_in(composition, "production", known["production"][MANAGER])
    assert last_line_of(tell(composition, "uit", FOUND, json.dumps(list(keys)))) == keys
    assert last_line_of(tell(composition, "uit", KEYS)) == keys
    for environment in ENVIRONMENTS:
        [(now,)] = composition.query(environment, "SELECT count(*) FROM audit_event")
        assert now >= events[environment][0][0]
        assert set(is_ready(composition, environment).values()) == {"ok"}

    assert "Imported" in composition.manage(
        "production", "demonstrate_promotion", "--step", "import"
    )
    assert composition.query("uit", "SELECT id, number, file FROM promotion_extract") == extracts

    assert public_file(composition, "ca/uit-1.pem") == authority
    issuer = x509.load_pem_x509_certificate(authority)
    crl = x509.load_der_x509_crl(public_file(composition, "crl/uit-1.crl"))
    assert crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    anew = issued_anew(composition, "uit", None)
    anew.verify_directly_issued_by(issuer)
    assert anew.public_key() == certificate.public_key()
    assert_the_portals_role_owns_all(composition)


def assert_the_portals_role_owns_all(composition: Composition) -> None:
    for environment in ENVIRONMENTS:
        role = composition.stack.environment(f"{environment}-web")["DATABASE_USER"]
        owners = composition.query(
            environment,
            "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'",
        )
        public = composition.query(
            environment,
            "SELECT has_database_privilege('public', current_database(), 'CONNECT')",
        )
        assert (owners, public) == ([(role,)], [(False,)])


def test_an_earlier_version_is_upgraded_and_comes_back_by_a_restore(
    composition: Composition, operator: Documented
) -> None:
    [back_up], [upgrade] = blocks("Backup"), blocks("Upgrade")
    [stop, put_back, start] = blocks("Restore")
    count = "SELECT (SELECT count(*) FROM organisations_organisation), count(*) FROM accounts_user"
    before = composition.query("uit", count)
    assert before[0][0]
    person = people(composition, "uit")[ADMIN]
    operator.follow("docker compose stop uit-web uit-worker uit-beat")
    for app, migration in EARLIER:
        composition.manage("uit", "migrate", app, migration)
    operator.follow(back_up)
    assert not has_newer_table(composition)

    operator.follow(upgrade)

    assert set(is_ready(composition, "uit").values()) == {"ok"}
    assert composition.query("uit", count) == before
    assert has_newer_table(composition)
    visitor = sign_in(composition, "uit", person)

    operator.follow(stop)
    operator.follow(put_back)  # over a database that has more tables than the backup

    assert not has_newer_table(composition)
    operator.follow(start)
    assert is_signed_in(visitor) is False  # that was signed in after the backup
    sign_in(composition, "uit", person)
    assert composition.query("uit", count) == before


def has_newer_table(composition: Composition) -> bool:
    [(found,)] = composition.query("uit", f"SELECT to_regclass('{NEWER_TABLE}') IS NOT NULL")
    return bool(found)


def test_a_new_secret_key_signs_nobody_out_while_the_former_is_kept(
    running: Stack, composition: Composition, operator: Documented
) -> None:
    [new_key, take_out] = blocks("Secret key")
    known = people(composition, "uit")
    busy, quiet = (sign_in(composition, "uit", known[it]) for it in (ADMIN, MANAGER))
    with composition.client("uit") as client:
        page = client.get("/accounts/password/reset/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token
        client.post(
            "/accounts/password/reset/",
            data={"email": MANAGER, "csrfmiddlewaretoken": token[1]},
            headers={"Referer": str(client.base_url)},
        )
    wait_until(lambda: running.mail.texts("/password/reset/key/"), seconds=60)
    [text] = running.mail.texts("/password/reset/key/")
    link = re.search(r"/accounts/password/reset/key/\S+", text)
    assert link

    def leads_to_the_form() -> bool:
        with composition.client("uit") as client:
            answer = client.get(link[0], follow_redirects=True)
        return 'name="password1"' in answer.text

    operator.follow(new_key)
    assert is_signed_in(busy)
    assert leads_to_the_form()

    operator.follow(take_out)
    assert is_signed_in(busy)  # a session that was used since has the new key
    assert not is_signed_in(quiet)
    assert not leads_to_the_form()


def test_a_new_encryption_key_takes_over(composition: Composition, operator: Documented) -> None:
    [new_key, take_out] = blocks("Encryption key")
    file = composition.stack.volume("uit-secrets") / "encryption-key"
    keys = last_line_of(tell(composition, "uit", KEYS))
    [former] = file.read_text().split()

    told = operator.follow(new_key)

    assert "older ones may be taken out" in told
    assert len(file.read_text().split()) == 2
    assert file.stat().st_mode & 0o077 == 0
    operator.follow(take_out)
    assert former not in file.read_text().split()
    assert last_line_of(tell(composition, "uit", FOUND, json.dumps(list(keys)))) == keys
    sign_in(composition, "uit", people(composition, "uit")[ADMIN])
    assert is_ready(composition, "uit")["secrets"] == "ok"


def test_new_signing_keys_are_believed_at_once_and_former_ones_no_more(
    composition: Composition, operator: Documented
) -> None:
    [new_key] = blocks("Signing key")

    def extract() -> str:
        composition.manage("uit", "demonstrate_promotion", "--step", "extract")
        newest = "SELECT file FROM promotion_extract ORDER BY made_at DESC LIMIT 1"
        file: str = composition.query("uit", newest)[0][0]
        return file

    former = extract()
    assert "accepted" in tell(composition, "production", VERIFY, former)

    for environment in PORTALS:
        operator.follow(new_key, environment)

    refusal = tell(composition, "production", VERIFY, former)
    assert "the key was rotated since: extract the company again" in refusal
    assert "accepted" in tell(composition, "production", VERIFY, extract())
    candidates = "from promotion.fetch import fetch_candidates; print(len(fetch_candidates()))"
    assert last_line_of(tell(composition, "production", candidates)) > 0


def test_the_dip_has_a_certificate_for_its_new_key_within_seconds(
    composition: Composition, operator: Documented
) -> None:
    [new_key] = blocks("The DIP's own key")
    former = issued_anew(composition, "uit", None)

    operator.follow(new_key)

    anew = issued_anew(composition, "uit", former)
    assert anew.public_key() != former.public_key()
    assert anew.subject == former.subject


def test_nothing_has_failed_unseen(composition: Composition) -> None:
    for environment in ENVIRONMENTS:
        for name in ("web", "worker"):  # Celery's beat may complain when it is stopped
            text = composition.stack.log(f"{environment}-{name}").read_text()
            assert "Traceback" not in text, text[text.index("Traceback") - 2000 :][:6000]
