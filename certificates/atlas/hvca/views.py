"""The addresses of the API besides the domain claims: log-in, certificates, what is known."""

from dataclasses import replace
from typing import ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse

from certificates.atlas.hvca import bodies, moods, orders, representations
from certificates.atlas.hvca.authentication import log_in
from certificates.atlas.hvca.http import HvcaView, nothing
from certificates.atlas.hvca.paging import page_of, window
from certificates.atlas.hvca.policy import validation_policy
from certificates.atlas.hvca.problems import CONTENT_TYPE, Invalid
from certificates.atlas.models import Certificate, Reason
from certificates.atlas.services.authorities import chain_of, issuing_authority
from certificates.atlas.services.certificates import issue_certificate, revoke_certificate
from certificates.atlas.services.domains import verified_domains
from certificates.pki.profiles import Purpose

ISSUED_BY_API = (
    Certificate.Purpose.MTLS,
    Certificate.Purpose.SIGNING,
    Certificate.Purpose.BOTH,
)


class LoginView(HvcaView):
    """POST: API key and secret, over a connection with the mTLS certificate, give a token."""

    def enter(self, request: HttpRequest) -> None:
        """Let everybody in: this is where one logs in."""

    def post(self, request: HttpRequest) -> HttpResponse:
        caller, token = log_in(request, bodies.read(request), now=self.now)
        moods.behave(caller.account)
        return JsonResponse({"access_token": token})


class OwnCertificates(HvcaView):
    """What addresses about certificates have in common: those of the caller."""

    def issue(self, order: orders.Order) -> HttpResponse:
        """Issue what is asked for, and answer with where it is."""
        caller = self.caller
        made = issue_certificate(
            actor=caller.actor,
            profile=caller.profile,
            environment=caller.environment,
            purpose=order.purpose,
            csr=order.csr,
            credential=caller.credential,
            until=order.until,
            now=self.now,
        )
        return HttpResponse(status=201, headers={"Location": f"/v2/certificates/{made.serial}"})

    def own(self) -> QuerySet[Certificate]:
        """Return the certificates of the caller's company and environment."""
        caller = self.caller
        return Certificate.objects.filter(
            account=caller.account, environment=caller.environment, purpose__in=ISSUED_BY_API
        )

    def find(self, serial: str) -> Certificate:
        """Return a certificate of the caller's. Raises Problem (404)."""
        text = serial.upper().lstrip("0")
        found = self.own().filter(serial=text if len(text) % 2 == 0 else f"0{text}").first()
        if found is None:
            raise nothing()
        return found


class CertificatesView(OwnCertificates):
    """Certificates: POST asks for one."""

    def post(self, request: HttpRequest) -> HttpResponse:
        caller = self.caller
        moods.require_issuing(caller.account)
        order = orders.read_order(bodies.read(request), caller.profile, now=self.now)
        return self.issue(order)


class CertificateView(OwnCertificates):
    """One certificate: GET retrieves it, PATCH revokes it with a reason, DELETE without."""

    def get(self, request: HttpRequest, serial: str) -> HttpResponse:
        found = self.find(serial)
        if moods.is_pending(self.caller.account, found, self.now):
            return JsonResponse(
                {"description": "The certificate is being issued. Ask again in a moment."},
                status=202,
                content_type=CONTENT_TYPE,
            )
        return JsonResponse(representations.certificate(found))

    def patch(self, request: HttpRequest, serial: str) -> HttpResponse:
        found = self.find(serial)
        body = bodies.read(request)
        body.only(("revocation_reason", "revocation_time", "key_compromise_attestation"))
        reason = body.required_text("revocation_reason")
        if reason not in Reason.values:
            raise Invalid("revocation_reason", f"Give one of {', '.join(Reason.values)}.")
        body.text("key_compromise_attestation", most=bodies.MAX_BYTES)
        revoke_certificate(
            actor=self.caller.actor,
            certificate=found,
            reason=Reason(reason),
            revoked_at=body.moment("revocation_time"),
            now=self.now,
        )
        return HttpResponse(status=204)

    def delete(self, request: HttpRequest, serial: str) -> HttpResponse:
        revoke_certificate(
            actor=self.caller.actor,
            certificate=self.find(serial),
            reason=Reason.UNSPECIFIED,
            now=self.now,
        )
        return HttpResponse(status=204)


class RekeyView(OwnCertificates):
    """POST asks for a certificate like another one, for a new key."""

    def post(self, request: HttpRequest, serial: str) -> HttpResponse:
        moods.require_issuing(self.caller.account)
        former = self.find(serial)
        body = bodies.read(request)
        body.only(orders.KEY_FIELDS)
        csr = replace(orders.read_key(body), dns_names=tuple(former.dns_names), other_names=())
        return self.issue(orders.Order(csr=csr, purpose=Purpose(former.purpose), until=None))


class ValidationPolicyView(HvcaView):
    """GET: what a request for a certificate may hold."""

    def get(self, request: HttpRequest) -> HttpResponse:
        profile = self.caller.profile
        domains = verified_domains(profile, now=self.now)
        return JsonResponse(validation_policy(profile, sorted(domains)))


class TrustChainView(HvcaView):
    """GET: the certificate of the issuing CA and of those above it, each as PEM."""

    def get(self, request: HttpRequest) -> HttpResponse:
        chain = chain_of(issuing_authority(self.caller.environment))
        return JsonResponse([authority.certificate_pem for authority in chain], safe=False)


class QuotaView(HvcaView):
    """GET: how many certificates may still be issued to the company."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return JsonResponse({"value": self.caller.account.quota})


class IssuedCounterView(OwnCertificates):
    """GET: how many certificates were issued."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return JsonResponse({"value": self.own().count()})


class RevokedCounterView(OwnCertificates):
    """GET: how many of them are revoked."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return JsonResponse({"value": self.own().filter(revoked_at__isnull=False).count()})


class StatsView(OwnCertificates):
    """GET: the certificates to which something happened between `from` and `to`."""

    field: ClassVar[str] = "issued_at"

    def get(self, request: HttpRequest) -> HttpResponse:
        begin, end = window(request)
        rows = self.own().filter(**{f"{self.field}__isnull": False})
        if begin is not None:
            rows = rows.filter(**{f"{self.field}__gte": begin})
        if end is not None:
            rows = rows.filter(**{f"{self.field}__lte": end})
        return page_of(request, rows.order_by(self.field, "pk"), representations.summary)


class RevokedStatsView(StatsView):
    """Those that were revoked."""

    field = "revoked_at"


class ExpiringStatsView(StatsView):
    """Those that expire, or have expired."""

    field = "not_after"
