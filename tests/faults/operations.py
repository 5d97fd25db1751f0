"""What people do while something is killed; each is done in the end, and exactly once.

An operation is a person's: who gets no answer, or an error page, looks what became of it, and
does again only what was not done. `repeated` counts that.
"""

import functools
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography import x509

from certificates.pki import keys
from dip_client import files
from tests.faults.place import Place
from tests.faults.visitor import Away

PATIENCE_SECONDS = 150


class Operation:
    """One operation of one round: `do` it, then `check` what there is of it."""

    name = ""
    victims: tuple[str, ...] = ()
    window = 1.5  # within so many seconds of the begin something is killed
    stays = True  # what it made is there for good

    def __init__(self, place: Place) -> None:
        self.place = place
        self.repeated = 0
        self.arrived_twice = 0  # mails, with the same Message-ID

    def do(self) -> None:
        """Do it as a person would, until it is done."""
        raise NotImplementedError

    def check(self) -> None:
        """Fail if it is half done, or done twice."""
        raise NotImplementedError

    def settle(self) -> None:
        """Wait until what goes on by itself has come to its end, then check it."""

    def until(self, is_done: Callable[[], object], act: Callable[[], Any]) -> None:
        """Act, look, and act again while nothing has come of it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_done():
            assert time.monotonic() < deadline, f"{self.name} was not done"
            try:
                act()
            except Away:
                time.sleep(0.5)
            self.place.wait_for_jobs("uit")
            self.place.wait_for_jobs("production")
            if not is_done():
                self.repeated += 1
                time.sleep(0.5)


class OfCompanies(Operation):
    """An operation on a batch of companies, by their company numbers."""

    def __init__(self, place: Place, numbers: list[str]) -> None:
        super().__init__(place)
        self.numbers = numbers
        self.listed = ", ".join(f"'{number}'" for number in numbers)

    def count(self, environment: str, what: str) -> int:
        """Return how many rows there are of these companies, `o` being theirs."""
        found: int = self.place.one(
            environment,
            f"SELECT count(*) FROM {what} WHERE o.company_number IN ({self.listed})",
        )
        return found

    def events(self, environment: str, action: str) -> int:
        """Return how many entries of the audit trail tell of this."""
        return self.count(
            environment,
            "audit_event e JOIN organisations_organisation o ON o.id = e.organisation_id "
            f"AND e.action = '{action}'",
        )


class Extraction(OfCompanies):
    """The DIP Manager extracts a batch in UIT."""

    name = "extract"
    victims = ("uit-web", "uit-worker", "uit-beat", "postgresql", "redis", "mail")

    def made(self) -> int:
        """Return how many extracts there are of the batch."""
        return self.count(
            "uit",
            "promotion_extract x JOIN organisations_organisation o ON o.id = x.organisation_id",
        )

    def do(self) -> None:
        """Choose the companies on the pipeline's page, and extract them."""
        self.until(lambda: self.made() == len(self.numbers), self.ask)

    def ask(self) -> None:
        """Send the form."""
        chosen = self.place.query(
            "uit",
            f"SELECT id FROM organisations_organisation WHERE company_number IN ({self.listed})",
        )
        self.place.manager["uit"].post(
            "/admin/promotion/extract/", {"company": [str(key) for (key,) in chosen]}
        )

    def check(self) -> None:
        """Each company has one extract, and the trail says so once."""
        assert self.made() == len(self.numbers)
        assert self.events("uit", "extract:make") == len(self.numbers)


class Importing(OfCompanies):
    """The DIP Manager fetches a batch into Production and imports it."""

    name = "import"
    victims = (
        *("production-web", "production-worker", "production-beat", "uit-web"),
        *("postgresql", "redis", "mail"),
    )
    window = 3.0

    def received(self) -> int:
        """Return how many extracts of the batch Production has taken in."""
        return int(
            self.place.one(
                "production",
                "SELECT count(*) FROM promotion_import o "
                f"WHERE o.company_number IN ({self.listed})",
            )
        )

    def applied(self) -> int:
        """Return how many of the companies are in Production."""
        return self.count("production", "organisations_organisation o")

    def do(self) -> None:
        """Fetch, look at the plans, import."""
        self.until(lambda: self.received() == len(self.numbers), self.fetch)
        self.until(lambda: self.applied() == len(self.numbers), self.apply)

    def fetch(self) -> None:
        """Choose the candidates and fetch their extracts."""
        offers = self.place.query(
            "uit",
            "SELECT x.id FROM promotion_extract x JOIN organisations_organisation o "
            f"ON o.id = x.organisation_id WHERE o.company_number IN ({self.listed})",
        )
        answer = self.place.manager["production"].post(
            "/admin/promotion/imports/uit/", {"extract": [str(key) for (key,) in offers]}
        )
        if answer.status_code == 200:  # UIT is away, and the page says so
            raise Away("UIT did not answer Production")

    def apply(self) -> None:
        """Take the plans from the page as it shows them, and import what waits."""
        page = self.place.manager["production"].get("/admin/promotion/imports/?size=100")
        shown = re.findall(r'name="import" value="([^"]+)"', page)
        self.place.manager["production"].post("/admin/promotion/imports/apply/", {"import": shown})

    def check(self) -> None:
        """Each company is in Production as UIT has it, once, with two keys for each DIP ID."""
        assert self.applied() == len(self.numbers)
        assert self.events("production", "import:apply") == len(self.numbers)
        states = self.place.query(
            "production",
            f"SELECT state, count(*) FROM promotion_import WHERE company_number IN ({self.listed}) "
            "GROUP BY state",
        )
        assert states == [("APPLIED", len(self.numbers))], states
        assert self.setup("production") == self.setup("uit")
        keys = self.place.query(
            "production",
            "SELECT d.dip_id, count(*) FROM organisations_apikey k "
            "JOIN organisations_dipid d ON d.id = k.dip_id_id "
            "JOIN organisations_mpid m ON m.id = d.mpid_id "
            "JOIN organisations_organisation o ON o.id = m.organisation_id "
            f"WHERE o.company_number IN ({self.listed}) GROUP BY d.dip_id",
        )
        assert [count for _, count in keys] == [2] * (2 * len(self.numbers)), keys

    def setup(self, environment: str) -> list[Any]:
        """Return what a company consists of: its domains, MPIDs and DIP IDs."""
        own = f"WHERE o.company_number IN ({self.listed})"
        return self.place.query(
            environment,
            "SELECT o.company_number, o.name, w.domain FROM organisations_whitelisteddomain w "
            f"JOIN organisations_organisation o ON o.id = w.organisation_id {own} "
            "UNION SELECT o.company_number, m.code, d.dip_id FROM organisations_dipid d "
            "JOIN organisations_mpid m ON m.id = d.mpid_id "
            f"JOIN organisations_organisation o ON o.id = m.organisation_id {own} ORDER BY 1, 2, 3",
        )


class Inviting(OfCompanies):
    """The DIP Manager invites the Primary User Admins of a batch."""

    name = "invite"
    victims = (
        *("production-web", "production-worker", "production-beat"),
        *("postgresql", "redis", "mail"),
    )
    window = 2.5

    def do(self) -> None:
        """Fill in the form for one company after the other."""
        for number in self.numbers:
            self.until(
                functools.partial(self.invited, number), functools.partial(self.send, number)
            )

    def invited(self, number: str) -> int:
        """Return how many invitations a company has."""
        return int(
            self.place.one(
                "production",
                "SELECT count(*) FROM organisations_invitation i JOIN organisations_organisation o "
                f"ON o.id = i.organisation_id WHERE o.company_number = '{number}'",
            )
        )

    def send(self, number: str) -> None:
        """Send the form."""
        key = self.place.one(
            "production",
            f"SELECT id FROM organisations_organisation WHERE company_number = '{number}'",
        )
        person = {"first_name": "Pat", "last_name": "Lee"}
        email = f"pat.lee@d0.fault{int(number) - 70_000_000}.example"
        self.place.manager["production"].post(
            f"/admin/promotion/companies/{key}/invite/", {**person, "email": email}
        )

    def mails(self) -> list[tuple[str, str]]:
        """Return Message-ID and state of the mails of these invitations."""
        found = self.place.query(
            "production",
            "SELECT q.message_id, q.state FROM mail_outgoingmail q JOIN organisations_organisation "
            f"o ON o.id = q.organisation_id WHERE o.company_number IN ({self.listed})",
        )
        return [(str(message_id), str(state)) for message_id, state in found]

    def check(self) -> None:
        """Each company has one invitation, told once by the trail, and one mail in the outbox."""
        assert [self.invited(number) for number in self.numbers] == [1] * len(self.numbers)
        assert self.events("production", "invitation:send") == len(self.numbers)
        assert len(self.mails()) == len(self.numbers)

    def settle(self) -> None:
        """Each mail was sent and has arrived; one may arrive twice, with the same Message-ID."""
        self.place.wait_for(
            lambda: all(state == "SENT" for _, state in self.mails()),
            seconds=240,
            what=f"The sending of every invitation of {self.listed}",
        )
        arrived = self.place.mail.message_ids()
        self.arrived_twice = sum(arrived[message_id] > 1 for message_id, _ in self.mails())
        assert all(arrived[message_id] >= 1 for message_id, _ in self.mails())


class Requesting(Operation):
    """A Certificate Admin asks for a certificate by a CSR."""

    name = "certificate"
    victims = (
        *("uit-web", "uit-worker", "uit-beat", "atlas-web", "atlas-worker"),
        *("postgresql", "redis", "mail"),
    )
    window = 2.0

    def __init__(self, place: Place, mark: int) -> None:
        super().__init__(place)
        stem = place.folder / f"round-{mark}"
        files.make_key_and_csr(
            key_file=Path(f"{stem}.key.pem"),
            csr_file=Path(f"{stem}.csr.pem"),
            names=[f"r{mark}.brightwater.example"],
        )
        self.csr = Path(f"{stem}.csr.pem").read_text()
        self.fingerprint = keys.fingerprint(x509.load_pem_x509_csr(self.csr.encode()).public_key())

    def do(self) -> None:
        """Load the CSR on the page."""
        self.until(lambda: len(self.requests()) > 0, self.send)

    def requests(self) -> list[Any]:
        """Return the state, and the serial number of what was issued, of each request."""
        return self.place.query(
            "uit",
            "SELECT r.state, c.serial FROM certificates_certificaterequest r LEFT JOIN "
            "certificates_certificate c ON c.id = r.certificate_id "
            f"WHERE r.key_fingerprint = '{self.fingerprint}'",
        )

    def send(self) -> None:
        """Send the form."""
        self.place.admin.post(
            f"/organisations/{self.place.company}/certificates/request/",
            {"purpose": "BOTH", "csr_text": self.csr},
        )

    def issued_by_atlas(self) -> list[str]:
        """Return the serial numbers of what Atlas has issued for the key."""
        found = self.place.query(
            "atlas",
            f"SELECT serial FROM atlas_certificate WHERE key_fingerprint = '{self.fingerprint}'",
        )
        return [serial for (serial,) in found]

    def check(self) -> None:
        """There is one request, told once by the trail, and at most one certificate at Atlas."""
        assert len(self.requests()) == 1
        assert len(self.issued_by_atlas()) <= 1

    def settle(self) -> None:
        """The certificate is here, and it is the one that Atlas has issued."""
        self.place.wait_for(
            lambda: self.requests()[0][0] not in ("REQUESTED", "WAITING"),
            seconds=300,
            what=f"The end of the request with the key {self.fingerprint}",
        )
        [(state, serial)] = self.requests()
        assert state == "ISSUED"
        assert self.issued_by_atlas() == [serial]
        issued = self.place.one(
            "uit",
            "SELECT count(*) FROM audit_event e JOIN certificates_certificate c "
            "ON c.id::text = e.subject_id WHERE e.action = 'dip_certificate:issue' "
            f"AND c.serial = '{serial}'",
        )
        assert issued == 1


class Testing(Operation):
    """A Message Admin sends a test event to a webhook."""

    name = "webhook test"
    victims = ("uit-web", "uit-worker", "postgresql", "redis", "mail")
    window = 1.5
    stays = False  # of each webhook the last tests are kept

    def __init__(self, place: Place, mark: int) -> None:
        super().__init__(place)
        self.publication = place.publications[mark % len(place.publications)]
        self.before = self.last()
        self.events_before = self.events()
        self.upto = 0  # the newest test when the round was over

    def last(self) -> int:
        """Return the key of the newest test."""
        return int(self.place.one("uit", "SELECT coalesce(max(id), 0) FROM channels_webhooktest"))

    def events(self) -> int:
        """Return how many tests the trail tells of."""
        return int(
            self.place.one("uit", "SELECT count(*) FROM audit_event WHERE action = 'webhook:test'")
        )

    def do(self) -> None:
        """Press the button on the page of the webhook."""
        self.until(lambda: bool(self.tests()), self.send)

    def send(self) -> None:
        """Send the form."""
        self.place.admin.post(f"{self.place.webhook_path(self.publication)}test/", {})

    def tests(self) -> list[Any]:
        """Return state, outcome and body of the tests of this round."""
        upto = f"AND t.id <= {self.upto}" if self.upto else ""
        return self.place.query(
            "uit",
            "SELECT t.state, t.result->>'code', t.body FROM channels_webhooktest t "
            f"WHERE t.id > {self.before} {upto} ORDER BY t.id",
        )

    def check(self) -> None:
        """There is one test, and the trail tells of one."""
        assert len(self.tests()) == 1
        if not self.upto:
            assert self.events() - self.events_before == 1
            self.upto = self.last()

    def settle(self) -> None:
        """It has an end that is true: what is delivered has arrived once, and nothing twice."""
        [(_, _, body)] = self.tests()
        self.place.wait_for(
            lambda: self.tests()[0][0] in ("DELIVERED", "FAILED"),
            seconds=120,
            what=f"The end of the test of {self.publication}",
        )
        state, code, _ = self.tests()[0]
        arrived = self.place.bodies_caught().count(body)
        assert arrived <= 1
        assert state == "DELIVERED" or code == "stopped", code
        if state == "DELIVERED":
            assert arrived == 1
