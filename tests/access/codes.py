"""How an expectation is written: an audience is a code for each actor."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from tests.access.walk import ACTORS, NOBODY, World

Codes = Mapping[str, int]
ASK_TO_SIGN_IN = HTTPStatus.FOUND
MEMBERS = ("user_admin", "certificate_admin", "message_admin", "analytics_reader", "limited")


def codes(everybody_else: int, **others: int) -> Codes:
    """Return a code for each of ACTORS. An unknown actor fails.

    A deactivated person is nobody, and to be nominated makes nobody a member, unless said.
    """
    assert set(others) <= set(ACTORS), f"unknown: {set(others) - set(ACTORS)}"
    said = {
        "deactivated": others.get(NOBODY, everybody_else),
        "nominated": others.get("outsider", everybody_else),
        **others,
    }
    return {actor: int(said.get(actor, everybody_else)) for actor in ACTORS}


def _of(names: tuple[str, ...], code: int) -> dict[str, int]:
    return dict.fromkeys(names, code)


EVERYBODY = codes(200)
SIGNED_IN = codes(200, nobody=ASK_TO_SIGN_IN)
ELSEWHERE = codes(302)  # whoever asks is led to another page
NOT_FOUND = codes(404)
NOT_ALLOWED = codes(405)
# Of one company: strangers, and who was a member once, learn nothing.
COMPANY = codes(404, nobody=ASK_TO_SIGN_IN, dip_manager=200, **_of(MEMBERS, 200))
USER_ADMIN = codes(
    404, nobody=ASK_TO_SIGN_IN, dip_manager=403, **{**_of(MEMBERS, 403), "user_admin": 200}
)
CERTIFICATE_ADMIN = codes(
    404,
    nobody=ASK_TO_SIGN_IN,
    dip_manager=403,
    nominated=403,
    **{**_of(MEMBERS, 403), "certificate_admin": 200},
)
# In the admin theme a person who is no DIP Manager is asked to sign in as one.
ADMIN = codes(ASK_TO_SIGN_IN, dip_manager=200)
ADMIN_OF_NOBODY = codes(ASK_TO_SIGN_IN, dip_manager=403)
# The DIP Manager's pages of our own hide from everybody else.
DIP_MANAGER = codes(404, nobody=ASK_TO_SIGN_IN, dip_manager=200)


def but(audience: Codes, code: int) -> Codes:
    """Return the audience with another code for those who get a 200 in it."""
    return {actor: code if was == HTTPStatus.OK else was for actor, was in audience.items()}


@dataclass(frozen=True, kw_only=True)
class Address:
    """What an address answers to GET and to an empty POST.

    `arguments` gives the parts of the URL. `only` is the one environment that has this:
    in the other it is not found by the DIP Manager either.
    """

    get: Codes
    post: Codes
    arguments: Callable[[World], dict[str, Any]] = field(default=lambda world: {})
    only: str = ""

    def expected(self, method: str, environment: str) -> Codes:
        """Return the codes of one method in one environment."""
        audience = self.get if method == "get" else self.post
        if not self.only or environment == self.only:
            return audience
        return {
            actor: HTTPStatus.NOT_FOUND.value
            if code == HTTPStatus.UNAUTHORIZED
            or (actor == "dip_manager" and code != HTTPStatus.METHOD_NOT_ALLOWED)
            else code
            for actor, code in audience.items()
        }


def page(audience: Codes, **more: Any) -> Address:
    """Return an address that is only read; a POST is refused once the policies are passed."""
    return Address(get=audience, post=but(audience, 405), **more)


def read(audience: Codes, **more: Any) -> Address:
    """Return an address that is only read; a POST is refused to everybody alike."""
    return Address(get=audience, post=NOT_ALLOWED, **more)


def form(audience: Codes, done: int = 200, **more: Any) -> Address:
    """Return an address that shows a form and takes it; an empty one leads to `done`."""
    return Address(get=audience, post=but(audience, done), **more)


def action(audience: Codes, done: int = 302, **more: Any) -> Address:
    """Return an address that only takes a POST."""
    return Address(get=NOT_ALLOWED, post=but(audience, done), **more)
