"""The steps of the bench, one a process: `python -m bench.steps STEP [WORD ...]`.

Each prints one line of JSON with what it measured.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dip_portal.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from accounts.models import User  # noqa: E402
from dip_portal.lib import garbage  # noqa: E402
from jobs import registry  # noqa: E402
from jobs.models import Job  # noqa: E402
from jobs.runner import run  # noqa: E402
from jobs.services import start  # noqa: E402
from organisations.actors import DipManagerActor  # noqa: E402
from organisations.models import (  # noqa: E402
    DipId,
    Membership,
    Mpid,
    Organisation,
    PabApproval,
    WhitelistedDomain,
)
from organisations.models.grant import ROLE_FIELDS  # noqa: E402
from organisations.roles import Role  # noqa: E402
from promotion.forms import MOST_FILES  # noqa: E402
from promotion.models import Extract, Import  # noqa: E402
from promotion.receive import receive_all  # noqa: E402
from tests import factories  # noqa: E402

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROLES = ["SUP", "MSS", "MSA", "SDS", "ADS", "UMSDS", "MDR", "LSS", "LDSO", "REGS"]
TABLES = [
    "organisations_organisation",
    "organisations_whitelisteddomain",
    "organisations_mpid",
    "organisations_dipid",
    "organisations_apikey",
]
MODELS = ["organisation", "whitelisteddomain", "mpid", "dipid", "apikey"]
Measured = dict[str, Any]


def migrate() -> Measured:
    """Make the tables and the keys of this environment, and its DIP Manager."""
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("publish_key", stdout=sys.stderr)
    factories.user(email="dana@dip.example", is_dip_manager=True)
    return {}


def empty() -> Measured:
    """Remove every company and what hangs on it."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE organisations_organisation CASCADE")
        cursor.execute("TRUNCATE promotion_import CASCADE")
    return {}


def fill(first: str, last: str) -> Measured:
    """Make companies with ten domains and ten DIP IDs each, approved by the PAB."""
    numbers = range(int(first), int(last))
    companies = Organisation.objects.bulk_create(
        [
            Organisation(
                name=f"Company {n} Ltd",
                company_number=f"{n:08d}",
                description="A company of the bench.",
                created_at=NOW,
                setup_changed_at=NOW,
            )
            for n in numbers
        ],
        batch_size=1000,
    )
    PabApproval.objects.bulk_create(
        PabApproval(
            organisation=company, reference="PAB", approved_date=NOW.date(), recorded_at=NOW
        )
        for company in companies
    )
    WhitelistedDomain.objects.bulk_create(
        (
            WhitelistedDomain(organisation=company, domain=f"d{d}.company{company.pk}.example")
            for company in companies
            for d in range(10)
        ),
        batch_size=5000,
    )
    mpids = Mpid.objects.bulk_create(
        Mpid(organisation=company, code=factories.mpid_code(n))
        for n, company in zip(numbers, companies, strict=True)
    )
    DipId.objects.bulk_create(
        (
            DipId(
                mpid=mpid,
                dip_id=f"{11 + r}{n:08d}",
                dip_role_code=role,
                effective_from_date=date(2025, 7, 1),
            )
            for n, mpid in zip(numbers, mpids, strict=True)
            for r, role in enumerate(ROLES)
        ),
        batch_size=5000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {}


def extract(folder: str) -> Measured:
    """Extract every company by the job that the pipeline page starts; keep the files."""
    items = [
        (name, {"organisation": key})
        for key, name in Organisation.objects.order_by("pk").values_list("pk", "name")
    ]
    measured = _job("promotion.extract", items)
    files = Path(folder)
    files.mkdir(exist_ok=True)
    for old in files.iterdir():
        old.unlink()
    for key, file in Extract.objects.values_list("pk", "file").iterator():
        (files / f"{key}.json").write_text(file)
    return measured


def import_(folder: str) -> Measured:
    """Take in every file and import it by the job that the imports page starts."""
    started = time.perf_counter()
    actor = _dana()
    paths = sorted(Path(folder).iterdir())
    for first in range(0, len(paths), MOST_FILES):
        files = [path.read_bytes() for path in paths[first : first + MOST_FILES]]
        receive_all(actor=actor, files=files, via=Import.Via.UPLOAD, now=datetime.now(UTC))
    received = time.perf_counter() - started
    rows = Import.objects.filter(state=Import.State.RECEIVED).order_by("company_number")
    items = [
        (name, {"import": str(key), "plan": ""})
        for key, name in rows.values_list("pk", "company_name")
    ]
    measured = _job("promotion.import", items)
    with connection.cursor() as cursor:
        counts = []
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")
            counts.append(cursor.fetchone()[0])
    return {
        **measured,
        "seconds": measured["seconds"] + received,
        "received_seconds": received,
        "rows": sum(counts),
    }


def dumpdata(path: str) -> Measured:
    """Write the rows that the import made with Django's own command."""
    labels = [f"organisations.{model}" for model in MODELS]
    return _timed(lambda: call_command("dumpdata", *labels, output=path, verbosity=0))


def loaddata(path: str) -> Measured:
    """Read them into an empty database with Django's own command."""
    return _timed(lambda: call_command("loaddata", path, verbosity=0))


def copy_out(folder: str) -> Measured:
    """Write the same rows with bare COPY."""
    Path(folder).mkdir(exist_ok=True)

    def work() -> None:
        with connection.cursor() as cursor:
            for table in TABLES:
                with (
                    (Path(folder) / table).open("wb") as file,
                    cursor.copy(f"COPY {table} TO STDOUT") as copy,
                ):
                    for data in copy:
                        file.write(data)

    return _timed(work)


def copy_in(folder: str) -> Measured:
    """Read them into an empty database with bare COPY, all constraints in force."""

    def work() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for table in TABLES:
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write((Path(folder) / table).read_bytes())

    return _timed(work)


def members(count: str) -> Measured:
    """Fill the first company up to so many members, each with a role, and return its key."""
    company = Organisation.objects.order_by("pk")[0]
    there = company.memberships.count()
    numbers = range(there, int(count))
    people = User.objects.bulk_create(
        (
            User(email=f"p{n}@many.example", first_name=f"First{n % 97}", last_name=f"Last{n}")
            for n in numbers
        ),
        batch_size=2000,
    )
    Membership.objects.bulk_create(
        (
            Membership(
                organisation=company,
                user=person,
                expires_date=NOW.date() + timedelta(days=365 + n % 700),
                created_at=NOW,
                **{ROLE_FIELDS[list(Role)[n % len(Role)]]: True},
            )
            for n, person in zip(numbers, people, strict=True)
        ),
        batch_size=2000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {"key": company.pk}


def pages(*paths: str) -> Measured:
    """Ask for each page as a User Admin of the first company or, with '*', the DIP Manager.

    Beside them a bare view is asked for: an empty answer through the same middleware.
    """
    people = {"": "p0@many.example", "*": "dana@dip.example"}
    browsers = {
        kind: _browser(User.objects.get(email=people[kind]))
        for kind in {path[:1] if path.startswith("*") else "" for path in paths}
    }
    return {
        "bare": _asked(Client(), "/health/"),
        **{
            path: _asked(browsers["*" if path.startswith("*") else ""], path.lstrip("*"))
            for path in paths
        },
    }


def _browser(person: User) -> Client:
    settings.ALLOWED_HOSTS = ["testserver"]
    factories.pass_gates(person)
    client = Client()
    client.force_login(person)
    return client


def _asked(client: Client, path: str) -> Measured:
    """Ask for a page as a browser does, warm, and take the middle of five times."""
    settings.ALLOWED_HOSTS = ["testserver"]
    times: list[tuple[float, float, int]] = []
    for _ in range(6):
        with CaptureQueriesContext(connection) as queries:
            started = time.perf_counter()
            answer = client.get(path)
            elapsed = time.perf_counter() - started
        assert answer.status_code == 200, path
        times.append((elapsed, sum(float(it["time"]) for it in queries), len(queries)))
    elapsed, sql, count = sorted(times[1:])[2]
    return {"queries": count, "milliseconds": elapsed * 1000, "sql_milliseconds": sql * 1000}


def _dana() -> DipManagerActor:
    dana = User.objects.get(email="dana@dip.example")
    return DipManagerActor(user_id=dana.pk, label=str(dana))


def _job(kind: str, items: list[tuple[str, dict[str, Any]]]) -> Measured:
    registry.titles()  # a worker that runs has loaded its tasks long before
    garbage.settle()  # as it does when it starts

    def work() -> None:
        job = start(kind=kind, actor=_dana(), items=items)
        run(job.pk)
        job = Job.objects.get(pk=job.pk)
        assert job.is_finished
        assert job.succeeded == len(items), job.outcomes

    return _timed(work)


def _timed(work: Callable[[], object]) -> Measured:
    started = time.perf_counter()
    work()
    return {
        "seconds": time.perf_counter() - started,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


STEPS: dict[str, Callable[..., Measured]] = {
    step.__name__.rstrip("_"): step
    for step in (
        migrate, empty, fill, extract, import_, dumpdata, loaddata, copy_out, copy_in,
        members, pages,
    )
}  # fmt: skip

if __name__ == "__main__":
    print(json.dumps(STEPS[sys.argv[1]](*sys.argv[2:])))
