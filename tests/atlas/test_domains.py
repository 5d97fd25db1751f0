"""Domains: claimed, verified by a code in DNS, on a web site or by e-mail, reset, deleted."""

import http.server
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from audit.models import Event
from certificates.atlas import tasks
from certificates.atlas.models import ClaimLog, DomainClaim, IdentityProfile
from certificates.atlas.services.domains import verified_domains
from mail.models import OutgoingMail
from tests.atlas import factories
from tests.atlas.conftest import Records

DOMAIN = "superenergy.example"


def verify(browser: Client, claim: DomainClaim, **changes: str) -> str:
    sent = {"method": "DNS", "authorization_domain": claim.domain, **changes}
    page = browser.post(f"/domains/{claim.pk}/verify/", sent, follow=True)
    return page.content.decode()


def test_a_domain_is_claimed(identity: IdentityProfile, alice_client: Client) -> None:
    with time_machine.travel("2025-07-03T10:00:00Z", tick=False):
        page = alice_client.post(
            "/domains/new/",
            {"profile": identity.pk, "domain": " @SuperEnergy.example."},
            follow=True,
        ).content.decode()
        listed = alice_client.get("/domains/").content.decode()

    claim = DomainClaim.objects.get()
    assert claim.domain == DOMAIN
    assert claim.dvc in page
    assert '<code class="portal-secret" id="dvc-name">@</code>' in page
    assert "2025-08-02" in listed  # as on the slide: thirty days later
    assert "Pending" in listed
    assert Event.objects.filter(action="domain_claim:submit").count() == 1


@pytest.mark.parametrize(
    ("domain", "told"),
    [
        (DOMAIN, "is claimed for SUPER-ENERGY already"),
        ("https://superenergy.example/", "is not a domain name."),
        ("localhost", "is not a full domain"),
        ("192.0.2.1", "is not a full domain"),
        ("*.superenergy.example", "is not"),
        ("", "This field is required"),
        ("x" * 300, "at most 253 characters"),
        ("nul\x00.example", "Null characters"),
    ],
)
def test_what_cannot_be_claimed(
    claim: DomainClaim, alice_client: Client, domain: str, told: str
) -> None:
    sent = {"profile": claim.profile_id, "domain": domain}

    page = alice_client.post("/domains/new/", sent).content.decode()

    assert told in page
    assert DomainClaim.objects.count() == 1


def test_the_same_domain_may_be_claimed_for_two_identities(
    claim: DomainClaim, alice_client: Client
) -> None:
    other = factories.identity(claim.profile.account, name="SUPER-CLEAR")

    alice_client.post("/domains/new/", {"profile": other.pk, "domain": DOMAIN})

    assert DomainClaim.objects.filter(domain=DOMAIN).count() == 2


def test_nobody_claims_for_the_identity_of_another_company(
    identity: IdentityProfile, charlie_client: Client
) -> None:
    sent = {"profile": identity.pk, "domain": DOMAIN}

    page = charlie_client.post("/domains/new/", sent).content.decode()

    assert "not one of the available choices" in page
    assert not DomainClaim.objects.exists()


@pytest.mark.parametrize("form", ["{}", " {} ", "globalsign-domain-verification={}"])
def test_a_txt_record_verifies_the_domain(
    claim: DomainClaim, alice_client: Client, nameserver: Records, form: str
) -> None:
    nameserver.put(DOMAIN, "TXT", "v=spf1 -all")
    nameserver.put(DOMAIN, "TXT", form.format(claim.dvc))
    now = timezone.now()

    page = verify(alice_client, claim)

    assert "is verified by DNS" in page
    assert "Verified" in page
    claim.refresh_from_db()
    assert claim.expires_at is not None
    assert (claim.expires_at - now).days == 397
    assert verified_domains(claim.profile, now=now) == [DOMAIN]
    listed = alice_client.get("/domains/?status=verified&method=DNS").content.decode()
    assert DOMAIN in listed


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ([], "superenergy.example has no TXT record in DNS"),
        (["v=spf1 -all"], "none is the verification code: “v=spf1 -all”"),
    ],
)
def test_a_record_that_is_not_there_is_told_and_looked_for_again(
    claim: DomainClaim,
    alice_client: Client,
    nameserver: Records,
    texts: list[str],
    told: str,
) -> None:
    for text in texts:
        nameserver.put(DOMAIN, "TXT", text)

    page = verify(alice_client, claim)

    assert "is not verified yet" in page
    assert told in page
    assert "Atlas looks again by itself" in page
    nameserver.put(DOMAIN, "TXT", claim.dvc)
    tasks.recheck_claims()
    tasks.recheck_claims()
    claim.refresh_from_db()
    assert claim.is_verified_at(timezone.now())
    assert claim.log.filter(status=ClaimLog.Status.SUCCESS).count() == 1


def test_it_does_not_look_for_ever(
    claim: DomainClaim, alice_client: Client, nameserver: Records
) -> None:
    verify(alice_client, claim)
    nameserver.put(DOMAIN, "TXT", claim.dvc)

    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        tasks.recheck_claims()

    claim.refresh_from_db()
    assert not claim.is_verified_at(timezone.now())


def test_the_code_may_be_above_the_domain(
    identity: IdentityProfile, alice_client: Client, nameserver: Records
) -> None:
    claim = factories.claim(identity, f"dip.uit.{DOMAIN}")
    nameserver.put(DOMAIN, "TXT", claim.dvc)

    assert "is verified by DNS" in verify(alice_client, claim, authorization_domain=DOMAIN)


@pytest.mark.parametrize("elsewhere", ["evil.example", "example", "sub.superenergy.example", ""])
def test_the_code_may_not_be_elsewhere(
    claim: DomainClaim, alice_client: Client, nameserver: Records, elsewhere: str
) -> None:
    nameserver.put(elsewhere, "TXT", claim.dvc)

    page = verify(alice_client, claim, authorization_domain=elsewhere)

    assert "is verified" not in page
    claim.refresh_from_db()
    assert claim.expires_at is None


def test_a_silent_dns_server_is_told(
    claim: DomainClaim, alice_client: Client, settings: Any
) -> None:
    settings.ATLAS_DNS_RESOLVER = "127.0.0.1:1"

    assert "No DNS server answered" in verify(alice_client, claim)


def test_a_code_whose_time_is_over_is_reset_first(
    claim: DomainClaim, alice_client: Client, nameserver: Records
) -> None:
    nameserver.put(DOMAIN, "TXT", claim.dvc)
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        alice_client.logout()
        alice_client.force_login(claim.profile.account.users.get().user)
        assert "Reset the DVC" in verify(alice_client, claim)

        alice_client.post(f"/domains/{claim.pk}/reset/")
        old, claim.dvc = claim.dvc, DomainClaim.objects.get().dvc
        assert old != claim.dvc
        assert "is not verified yet" in verify(alice_client, claim)
        nameserver.put(DOMAIN, "TXT", claim.dvc)
        assert "is verified by DNS" in verify(alice_client, claim)


def test_a_verified_domain_stays_so_when_its_code_is_reset_and_is_renewed_by_the_new_one(
    identity: IdentityProfile, alice_client: Client, nameserver: Records
) -> None:
    claim = factories.claim(identity, is_verified=True)

    page = alice_client.post(f"/domains/{claim.pk}/reset/", follow=True).content.decode()

    assert "has a new verification code" in page
    renewed = DomainClaim.objects.get()
    assert renewed.is_verified_at(timezone.now())
    nameserver.put(DOMAIN, "TXT", renewed.dvc)
    with time_machine.travel(timezone.now() + timedelta(minutes=20)):
        verify(alice_client, claim)
    assert DomainClaim.objects.get().expires_at > claim.expires_at  # type: ignore[operator]


def test_a_verified_domain_expires(identity: IdentityProfile, alice_client: Client) -> None:
    claim = factories.claim(identity, is_verified=True)
    later = timezone.now() + timedelta(days=398)

    assert verified_domains(identity, now=later) == []
    with time_machine.travel(later):
        alice_client.force_login(identity.account.users.get().user)
        assert "Expired" in alice_client.get(f"/domains/{claim.pk}/").content.decode()
        assert "Nothing found" in alice_client.get("/domains/?status=verified").content.decode()
        assert DOMAIN in alice_client.get("/domains/?status=pending").content.decode()


def test_a_domain_is_deleted(claim: DomainClaim, alice_client: Client) -> None:
    assert "Delete the domain" in alice_client.get(f"/domains/{claim.pk}/delete/").content.decode()

    page = alice_client.post(f"/domains/{claim.pk}/delete/", follow=True).content.decode()

    assert "is deleted" in page
    assert not DomainClaim.objects.exists()
    assert alice_client.post(f"/domains/{claim.pk}/delete/").status_code == 404


def test_checks_are_limited(claim: DomainClaim, alice_client: Client, nameserver: Records) -> None:
    codes = [
        alice_client.post(
            f"/domains/{claim.pk}/verify/", {"method": "DNS", "authorization_domain": DOMAIN}
        ).status_code
        for _ in range(31)
    ]

    assert codes == [302] * 30 + [403]


class TestByHttp:
    """The file with the code, and where Atlas goes for it."""

    @pytest.fixture
    def site(self, settings: Any) -> Iterator[dict[str, str]]:
        """A web site on this machine, which Atlas may ask; `text` is what its file holds."""
        told = {"text": "", "path": "", "host": ""}

        class Site(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                told.update(path=self.path, host=self.headers["Host"])
                self.send_response(int(told.get("status", "200")))
                self.send_header("Location", "http://127.0.0.1/secret")
                self.end_headers()
                self.wfile.write(told["text"].encode())

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.ATLAS_HTTP_CHECK_PORT = server.server_address[1]
        settings.ATLAS_HTTP_CHECK_NETWORKS = ["127.0.0.0/8"]
        yield told
        server.shutdown()
        server.server_close()

    def test_the_code_in_the_file_verifies_the_domain(
        self, claim: DomainClaim, alice_client: Client, nameserver: Records, site: dict[str, str]
    ) -> None:
        nameserver.put(DOMAIN, "A", "127.0.0.1")
        site["text"] = f"\n{claim.dvc}\n"

        assert "is verified by HTTP" in verify(alice_client, claim, method="HTTP")
        assert site["path"] == "/.well-known/pki-validation/gsdv.txt"
        assert site["host"] == DOMAIN

    def test_another_text_does_not(
        self, claim: DomainClaim, alice_client: Client, nameserver: Records, site: dict[str, str]
    ) -> None:
        nameserver.put(DOMAIN, "A", "127.0.0.1")
        site["text"] = f"not {claim.dvc}" + "x" * 10_000

        assert "does not hold the verification code" in verify(alice_client, claim, method="HTTP")

    def test_a_redirect_is_not_followed(
        self, claim: DomainClaim, alice_client: Client, nameserver: Records, site: dict[str, str]
    ) -> None:
        nameserver.put(DOMAIN, "A", "127.0.0.1")
        site["status"] = "302"

        assert "was answered with 302" in verify(alice_client, claim, method="HTTP")

    @pytest.mark.parametrize(
        ("kind", "address"),
        [
            ("A", "127.0.0.1"),
            ("A", "10.0.0.1"),
            ("A", "169.254.169.254"),
            ("A", "0.0.0.0"),
            ("A", "224.0.0.1"),
            ("AAAA", "::1"),
            ("AAAA", "::ffff:127.0.0.1"),
            ("AAAA", "fd00::1"),
            ("AAAA", "fe80::1"),
        ],
    )
    def test_it_goes_to_no_address_that_is_not_public(
        self,
        claim: DomainClaim,
        alice_client: Client,
        nameserver: Records,
        site: dict[str, str],
        settings: Any,
        kind: str,
        address: str,
    ) -> None:
        settings.ATLAS_HTTP_CHECK_NETWORKS = []
        nameserver.put(DOMAIN, kind, address)
        site["text"] = claim.dvc

        assert "no public address" in verify(alice_client, claim, method="HTTP")
        assert site["path"] == ""

    def test_a_domain_without_an_address_is_told(
        self, claim: DomainClaim, alice_client: Client, nameserver: Records
    ) -> None:
        nameserver.put(DOMAIN, "TXT", "no address")

        assert "has no AAAA record" in verify(alice_client, claim, method="HTTP")


class TestByEmail:
    """A link to a mailbox of the domain."""

    def link(self, browser: Client, claim: DomainClaim, address: str) -> str:
        verify(browser, claim, method="EMAIL", address=address)
        found = re.search(
            r"http://\S+(/domains/approve/\S+/)", OutgoingMail.objects.latest("queued_at").text
        )
        assert found is not None
        return found[1]

    def test_its_owner_approves(self, claim: DomainClaim, alice_client: Client) -> None:
        link = self.link(alice_client, claim, f"hostmaster@{DOMAIN}")
        owner = Client()
        asked = owner.get(link)
        assert "Super Energy Co" in asked.content.decode()
        assert asked["Referrer-Policy"] == "no-referrer"
        claim.refresh_from_db()
        assert claim.expires_at is None

        page = owner.post(link).content.decode()

        assert "is verified for Super Energy Co" in page
        claim.refresh_from_db()
        assert claim.get_last_method_display() == "E-mail"
        assert owner.post(link).status_code == 404
        assert (
            "E-mail: sent to hostmaster"
            in alice_client.get(f"/domains/{claim.pk}/").content.decode()
        )

    def test_the_company_reads_it_at_the_test_controls(
        self, claim: DomainClaim, alice_client: Client, charlie_client: Client
    ) -> None:
        link = self.link(alice_client, claim, f"admin@{DOMAIN}")

        assert link in alice_client.get("/controls/mail/").content.decode()
        assert link not in charlie_client.get("/controls/mail/").content.decode()

    def test_nobody_else_is_asked(self, claim: DomainClaim, alice_client: Client) -> None:
        page = verify(alice_client, claim, method="EMAIL", address="alice@evil.example")

        assert "Select a valid choice" in page
        assert not OutgoingMail.objects.exists()

    def test_the_last_link_counts(self, claim: DomainClaim, alice_client: Client) -> None:
        first = self.link(alice_client, claim, f"admin@{DOMAIN}")
        second = self.link(alice_client, claim, f"admin@{DOMAIN}")

        assert Client().get(first).status_code == 404
        assert Client().get(second).status_code == 200

    def test_a_reset_and_a_week_end_it(self, claim: DomainClaim, alice_client: Client) -> None:
        link = self.link(alice_client, claim, f"admin@{DOMAIN}")
        with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
            assert Client().get(link).status_code == 404
        assert Client().get(link).status_code == 200
        alice_client.post(f"/domains/{claim.pk}/reset/")
        assert Client().post(link).status_code == 404


def test_the_list_has_a_constant_number_of_queries(
    identity: IdentityProfile, alice_client: Client, django_assert_num_queries: Any
) -> None:
    factories.claim(identity, is_verified=True)
    for number in range(2):
        with django_assert_num_queries(8):
            alice_client.get("/domains/")
        factories.claim(identity, f"number{number}.example")
