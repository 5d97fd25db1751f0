"""Who gets what from Atlas: every address of it, asked by every kind of person."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from accounts.models import User
from certificates.atlas.models import (
    Account,
    ApiCredential,
    Certificate,
    DnsRecord,
    DnsZone,
    DomainClaim,
    IdentityProfile,
    RecordType,
)
from tests import factories as portal_factories
from tests.atlas import factories
from tests.atlas.conftest import signed_in

NOBODY = "nobody"
ACTORS = (
    NOBODY,
    "customer",  # of the company that the addresses name
    "outsider",  # of another company
    "without company",  # somebody who signs in, for no company
)
Codes = Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class World:
    """What the addresses name, and who is there."""

    account: Account
    identity: IdentityProfile
    credential: ApiCredential
    claim: DomainClaim
    zone: DnsZone
    record: DnsRecord
    certificate: Certificate
    access: Certificate
    browsers: dict[str, Client]


def make_world() -> World:
    """Make a customer of Atlas, another one, and somebody who is none."""
    factories.authorities()
    customer = factories.customer(company="Super Energy Co", email="alice@superenergy.example")
    outsider = factories.customer(company="Bright Grid Ltd", email="charlie@brightgrid.example")
    nobodys: User = portal_factories.user(email="nobody@nowhere.example")
    account = Account.objects.get(users__user=customer)
    identity = factories.identity(account)
    factories.claim(identity, "verified.example", is_verified=True)
    zone = DnsZone.objects.create(account=account, name="superenergy.example")
    return World(
        account=account,
        identity=identity,
        credential=factories.credential(identity).credential,
        claim=factories.claim(identity),
        zone=zone,
        record=DnsRecord.objects.create(
            zone=zone, name=zone.name, type=RecordType.TXT, value="anything"
        ),
        certificate=factories.certificate(identity, "dip.verified.example"),
        access=factories.access_certificate(identity),
        browsers={
            NOBODY: Client(raise_request_exception=False),
            "customer": signed_in(customer),
            "outsider": signed_in(outsider),
            "without company": signed_in(nobodys),
        },
    )


def codes(everybody_else: int, **others: int) -> Codes:
    """Return a code for each of ACTORS; `without_company` is written with a low line."""
    named = {name.replace("_", " "): code for name, code in others.items()}
    assert set(named) <= set(ACTORS), f"unknown: {set(named) - set(ACTORS)}"
    return {actor: named.get(actor, everybody_else) for actor in ACTORS}


EVERYBODY = codes(200)
ELSEWHERE = codes(302)
NOT_ALLOWED = codes(405)
SIGNED_IN = codes(200, nobody=302)
STRANGERS_ONLY = codes(302, nobody=200)
# What every company has of its own, at the same address.
CUSTOMERS = codes(200, nobody=302, without_company=403)
# What belongs to one company is not found by another.
ITS_OWN = codes(404, customer=200, nobody=302, without_company=403)


def but(audience: Codes, code: int) -> Codes:
    """Return the audience with another code for those who get a 200 in it."""
    return {actor: code if was == 200 else was for actor, was in audience.items()}


@dataclass(frozen=True, kw_only=True)
class Address:
    """What an address answers to GET and to an empty POST; `arguments` are parts of the URL."""

    get: Codes
    post: Codes
    arguments: Callable[[World], dict[str, Any]] = field(default=lambda world: {})


def page(audience: Codes, **more: Any) -> Address:
    """Return an address that is only read; a POST is refused once the thing is found."""
    return Address(get=audience, post=but(audience, 405), **more)


def read(audience: Codes, **more: Any) -> Address:
    """Return an address that is only read; a POST is refused to everybody alike."""
    return Address(get=audience, post=NOT_ALLOWED, **more)


def form(audience: Codes, done: int = 200, **more: Any) -> Address:
    """Return an address that shows a form and takes it; an empty one leads to `done`."""
    return Address(get=audience, post=but(audience, done), **more)


SITE = {
    "": page(CUSTOMERS),
    "health/": Address(get=EVERYBODY, post=EVERYBODY),
    "health/ready/": read(EVERYBODY),
    "metrics": read(EVERYBODY),  # from this machine
}


def identity(world: World) -> dict[str, Any]:
    return {"pk": world.identity.pk}


def credential(world: World) -> dict[str, Any]:
    return {"pk": world.credential.pk}


IDENTITIES = {
    "identities/": page(CUSTOMERS),
    "identities/request/": form(CUSTOMERS),
    "identities/<int:pk>/": page(ITS_OWN, arguments=identity),
}
CREDENTIALS = {
    "credentials/api/": page(CUSTOMERS),
    "credentials/api/create/": form(CUSTOMERS),
    "credentials/api/<int:pk>/": page(ITS_OWN, arguments=credential),
    "credentials/api/<int:pk>/delete/": form(ITS_OWN, done=302, arguments=credential),
}


def claim(world: World) -> dict[str, Any]:
    return {"pk": world.claim.pk}


def zone(world: World) -> dict[str, Any]:
    return {"pk": world.zone.pk}


NO_SUCH_LINK = codes(404)
NO_CREDENTIAL = codes(401)  # it takes no session, only an API credential
DOMAINS = {
    "domains/": page(CUSTOMERS),
    "domains/new/": form(CUSTOMERS),
    "domains/<int:pk>/": page(ITS_OWN, arguments=claim),
    "domains/<int:pk>/verify/": Address(get=but(ITS_OWN, 302), post=ITS_OWN, arguments=claim),
    "domains/<int:pk>/reset/": form(ITS_OWN, done=302, arguments=claim),
    "domains/<int:pk>/delete/": form(ITS_OWN, done=302, arguments=claim),
    "domains/approve/<str:token>/": form(NO_SUCH_LINK, arguments=lambda world: {"token": "x"}),
    "dns/": form(CUSTOMERS),
    "dns/serving/": Address(get=but(CUSTOMERS, 302), post=CUSTOMERS),
    "dns/zones/<int:pk>/": form(ITS_OWN, arguments=zone),
    "dns/zones/<int:pk>/delete/": form(ITS_OWN, done=302, arguments=zone),
    "dns/records/<int:pk>/delete/": Address(
        get=but(CUSTOMERS, 405),
        post=but(ITS_OWN, 302),
        arguments=lambda world: {"pk": world.record.pk},
    ),
    "dns/v1/records": Address(get=NO_CREDENTIAL, post=NO_CREDENTIAL),
    "customers/v1": Address(get=NOT_ALLOWED, post=codes(422)),  # takes no session, but a password
}


def of_authority(world: World) -> dict[str, Any]:
    return {"slug": "uit-1"}


AUTHORITIES = {
    "authorities/": page(CUSTOMERS),
    "ca/<slug:slug>.cer": read(EVERYBODY, arguments=of_authority),
    "ca/<slug:slug>.pem": read(EVERYBODY, arguments=of_authority),
    "crl/<slug:slug>.crl": read(EVERYBODY, arguments=of_authority),
    # What is no request gets the answer 'malformed', which is an answer.
    "ocsp/<slug:slug>": Address(get=NOT_ALLOWED, post=EVERYBODY, arguments=of_authority),
    "ocsp/<slug:slug>/<path:encoded>": read(
        EVERYBODY, arguments=lambda world: {"slug": "uit-1", "encoded": "x"}
    ),
}


def certificate(world: World) -> dict[str, Any]:
    return {"pk": world.certificate.pk, "kind": "pem"}


def access(world: World) -> dict[str, Any]:
    return {"pk": world.access.pk, "kind": "chain"}


CERTIFICATES = {
    "certificates/": page(CUSTOMERS),
    "certificates/request/": form(CUSTOMERS),
    "certificates/<int:pk>/": page(ITS_OWN, arguments=certificate),
    "certificates/<int:pk>/<slug:kind>.cer": page(ITS_OWN, arguments=certificate),
    "certificates/<int:pk>/revoke/": form(ITS_OWN, arguments=certificate),
    "credentials/mtls/": page(CUSTOMERS),
    "credentials/mtls/request/": form(CUSTOMERS),
    "credentials/mtls/<int:pk>/": page(ITS_OWN, arguments=access),
    "credentials/mtls/<int:pk>/<slug:kind>.cer": page(ITS_OWN, arguments=access),
    "credentials/mtls/<int:pk>/revoke/": form(ITS_OWN, arguments=access),
}
CONTROLS = {
    "controls/": form(CUSTOMERS),
    "controls/quota/": Address(get=but(CUSTOMERS, 302), post=CUSTOMERS),
    "controls/issuance/": Address(get=but(CUSTOMERS, 302), post=CUSTOMERS),
    "controls/api/": Address(get=but(CUSTOMERS, 302), post=CUSTOMERS),
    "controls/mail/": page(CUSTOMERS),
}

NOT_LOGGED_IN = codes(401)  # the HVCA API takes no session, only a token
NOWHERE = codes(404)


def api_get(**more: Any) -> Address:
    """Return an address of the HVCA API that is only read."""
    return Address(get=NOT_LOGGED_IN, post=NOT_ALLOWED, **more)


def api_post(**more: Any) -> Address:
    """Return an address of the HVCA API that only takes a POST."""
    return Address(get=NOT_ALLOWED, post=NOT_LOGGED_IN, **more)


def api_both(**more: Any) -> Address:
    """Return an address of the HVCA API that takes GET and POST."""
    return Address(get=NOT_LOGGED_IN, post=NOT_LOGGED_IN, **more)


def serial(world: World) -> dict[str, Any]:
    return {"serial": world.certificate.serial}


def reference(world: World) -> dict[str, Any]:
    return {"name": world.claim.reference}


CERTIFICATE = "v2/^certificates/(?P<serial>[0-9A-Fa-f]{1,40})"
CLAIM = "v2/^claims/domains/(?P<name>[^/]{1,300})"
HVCA = {
    "v2/^login/?$": Address(get=NOT_ALLOWED, post=codes(415)),
    "v2/^validationpolicy/?$": api_get(),
    "v2/^trustchain/?$": api_get(),
    "v2/^certificates/?$": api_post(),
    f"{CERTIFICATE}/?$": api_get(arguments=serial),
    f"{CERTIFICATE}/rekey/?$": api_post(arguments=serial),
    "v2/^claims/domains/?$": api_get(),
    f"{CLAIM}/?$": api_both(arguments=reference),
    f"{CLAIM}/dns/?$": api_both(arguments=reference),
    f"{CLAIM}/http/?$": api_post(arguments=reference),
    f"{CLAIM}/email/?$": api_both(arguments=reference),
    f"{CLAIM}/reassert/?$": api_post(arguments=reference),
    "v2/^quotas/issuance/?$": api_get(),
    "v2/^counters/certificates/issued/?$": api_get(),
    "v2/^counters/certificates/revoked/?$": api_get(),
    "v2/^stats/issued/?$": api_get(),
    "v2/^stats/revoked/?$": api_get(),
    "v2/^stats/expiring/?$": api_get(),
    r"v2/^[\s\S]*$": Address(get=NOWHERE, post=NOWHERE),
}
ACCOUNTS = {
    "accounts/login/": form(STRANGERS_ONLY),
    "accounts/logout/": Address(get=SIGNED_IN, post=ELSEWHERE),
    "accounts/inactive/": Address(get=EVERYBODY, post=NOT_ALLOWED),
    "accounts/signup/": form(STRANGERS_ONLY),
    "accounts/reauthenticate/": form(SIGNED_IN),
    "accounts/password/change/": form(SIGNED_IN),
    "accounts/password/set/": form(ELSEWHERE),
    "accounts/password/reset/": form(EVERYBODY),
    "accounts/password/reset/done/": Address(get=EVERYBODY, post=NOT_ALLOWED),
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": form(
        EVERYBODY, arguments=lambda world: {"uidb36": "1", "key": "wrong"}
    ),
    "accounts/password/reset/key/done/": Address(get=EVERYBODY, post=NOT_ALLOWED),
}

TABLE: dict[str, Address] = {
    **SITE,
    **IDENTITIES,
    **CREDENTIALS,
    **DOMAINS,
    **AUTHORITIES,
    **CERTIFICATES,
    **CONTROLS,
    **HVCA,
    **ACCOUNTS,
}
