"""Domain claims by the API: submitted, looked at, proven by DNS, HTTP or e-mail, deleted."""

from typing import ClassVar

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse

from certificates.atlas.hvca import bodies, representations
from certificates.atlas.hvca.http import HvcaView, nothing
from certificates.atlas.hvca.paging import page_of
from certificates.atlas.hvca.problems import Invalid, Problem
from certificates.atlas.models import DomainClaim, Method
from certificates.atlas.services import domains
from dip_portal.lib.text import storable

STATUSES = ("PENDING", "VERIFIED")
REASSERT_FIRST = "The token was to be shown before that day. Reassert the claim for a new one."


class ClaimsView(HvcaView):
    """GET: the claims of the caller's identity, all of them or those of one status."""

    def get(self, request: HttpRequest) -> HttpResponse:
        status = request.GET.get("status", "").upper()
        if status and status not in STATUSES:
            raise Invalid("status", f"Give {' or '.join(STATUSES)}, or leave it out.")
        rows = self.caller.profile.claims.prefetch_related("log").order_by("created_at", "pk")
        is_verified = Q(expires_at__gt=self.now)
        if status:
            rows = rows.filter(is_verified) if status == "VERIFIED" else rows.exclude(is_verified)
        return page_of(request, rows, lambda row: representations.claim(row, now=self.now))


class OwnClaim(HvcaView):
    """What addresses about one claim have in common."""

    def find(self, reference: str) -> DomainClaim:
        """Return a claim of the caller's identity. Raises Problem (404)."""
        claims = self.caller.profile.claims.select_related("profile")
        found = claims.filter(reference=storable(reference.upper())).first()
        if found is None:
            raise nothing()
        return found

    def asserted(self, claim: DomainClaim) -> HttpResponse:
        """Answer with the token of a claim and where the claim is."""
        return JsonResponse(
            representations.assertion(claim),
            status=201,
            headers={"Location": f"/v2/claims/domains/{claim.reference}"},
        )


class ClaimView(OwnClaim):
    """POST claims the domain of the path; GET and DELETE are about the claim of the path."""

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        claim = domains.submit_claim(
            actor=self.caller.actor, profile=self.caller.profile, domain=name, now=self.now
        )
        return self.asserted(claim)

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        return JsonResponse(representations.claim(self.find(name), now=self.now))

    def delete(self, request: HttpRequest, name: str) -> HttpResponse:
        domains.delete_claim(actor=self.caller.actor, claim=self.find(name), now=self.now)
        return HttpResponse(status=204)


class ReassertView(OwnClaim):
    """POST gives the claim a new token, with as much time as a new claim has."""

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        return self.asserted(
            domains.reset_code(actor=self.caller.actor, claim=self.find(name), now=self.now)
        )


class VerifyView(OwnClaim):
    """What proving by DNS and by HTTP have in common.

    POST looks for the token at once: 204 if it is there; 201 if not, and Atlas goes on
    looking by itself for ten minutes.
    """

    method: ClassVar[Method]
    fields: ClassVar[tuple[str, ...]] = ("authorization_domain",)

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        claim = _in_time(self, self.find(name))
        body = bodies.read(request, required=False)
        body.only(self.fields)
        self.check(body)
        found = domains.verify(
            actor=self.caller.actor,
            claim=claim,
            method=self.method,
            authorization_domain=body.text("authorization_domain"),
            now=self.now,
        )
        return HttpResponse(status=204 if found else 201)

    def check(self, body: bodies.Body) -> None:
        """Look at further fields. Raises Problem."""


class VerifyByDnsView(VerifyView):
    """By a TXT record. GET: the names at which it may be."""

    method = Method.DNS

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        return JsonResponse(self.find(name).authorization_domains, safe=False)


class VerifyByHttpView(VerifyView):
    """By a file on the domain's web site."""

    method = Method.HTTP
    fields = ("authorization_domain", "scheme")

    def check(self, body: bodies.Body) -> None:
        """Pass for http, which is what is looked at."""
        scheme = body.text("scheme").lower().removesuffix("://")
        if scheme not in ("", "http"):
            raise Invalid("scheme", "The simulator looks by http alone.")


class VerifyByEmailView(OwnClaim):
    """By a link in an e-mail. GET: the addresses that may get it; POST sends it to one."""

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        claim = self.find(name)
        addresses = [
            address
            for domain in claim.authorization_domains
            for address in domains.authorized_emails(claim, domain)
        ]
        return JsonResponse({"constructed": addresses, "DNS": {"SOA": {"emails": []}}})

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        claim = _in_time(self, self.find(name))
        body = bodies.read(request)
        body.only(("email_address",))
        address = body.required_text("email_address")
        domains.send_approval(actor=self.caller.actor, claim=claim, address=address, now=self.now)
        return HttpResponse(status=201)


def _in_time(view: OwnClaim, claim: DomainClaim) -> DomainClaim:
    if not claim.is_code_good_at(view.now):
        raise Problem(424, REASSERT_FIRST)
    return claim
