"""The stages of the Certificates tab, and which of them is next (seminar, Steps 4.2 and 4.5)."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from certificates.queries import Holdings
from dip_portal.lib import environment as environments
from organisations.models import Organisation


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage: `state` and `tone` are how it stands, `url` and `label` lead on.

    `is_outside` tells that the link leads out of the DIP.
    """

    title: str
    is_done: bool
    state: str
    tone: str
    text: str
    url: str = ""
    label: str = ""
    is_outside: bool = False
    is_next: bool = False


def stages(organisation: Organisation, held: Holdings, *, now: datetime) -> list[Stage]:
    """Return the five stages in their order; the first that is not done is the next."""
    made = [
        _registration(held),
        _credentials(organisation, held, now),
        _registered(organisation, held),
        _verified(organisation, held, now),
        _certificates(organisation, held, now),
    ]
    following = next((number for number, stage in enumerate(made) if not stage.is_done), None)
    return [replace(stage, is_next=number == following) for number, stage in enumerate(made)]


def _registration(held: Holdings) -> Stage:
    environment = environments.current()
    if environment.can_import:
        text = (
            "No requirement to on-board to GlobalSign again: the registration and vetting that "
            "you have from UIT serve Production too. Credentials and certificates are new."
        )
    else:
        text = (
            "Register your company at GlobalSign Atlas and request an identity, which is vetted. "
            "It is done once, for UIT and Production."
        )
    is_done = environment.can_import or held.credential is not None
    return Stage(
        title="GlobalSign registration",
        is_done=is_done,
        state="No repeat for Production" if environment.can_import else _done(is_done),
        tone="success" if is_done else "warning",
        text=text,
        url=settings.ATLAS_SITE_URL + ("/" if is_done else "/accounts/signup/"),
        label="Open GlobalSign Atlas" if is_done else "Register at GlobalSign Atlas",
        is_outside=True,
    )


def _credentials(organisation: Organisation, held: Holdings, now: datetime) -> Stage:
    credential = held.credential
    is_good = credential is not None and credential.is_good_at(now)
    if credential is None:
        state, tone = "Not added", "warning"
        text = (
            "API key, API secret and a PFX with the mTLS certificate, generated at GlobalSign "
            "Atlas. With them the DIP asks for domains and certificates on your behalf."
        )
    elif credential.problem:
        state, tone, text = "Refused by GlobalSign", "danger", credential.problem
    elif not is_good:
        state, tone = "Expired", "danger"
        text = f"The mTLS certificate expired on {credential.not_after:%Y-%m-%d}. Replace the set."
    else:
        state, tone = "Added", "success"
        text = (
            f"API key ending in {credential.key_hint or '…'}, valid until "
            f"{credential.not_after:%Y-%m-%d}; saved {credential.saved_at:%Y-%m-%d} by "
            f"{credential.saved_by}."
        )
    return Stage(
        title="API credentials",
        is_done=is_good,
        state=state,
        tone=tone,
        text=text,
        url=reverse("certificates:credentials", args=[organisation.pk]),
        label="Add API credentials" if credential is None else "Replace API credentials",
    )


def _registered(organisation: Organisation, held: Holdings) -> Stage:
    names = ", ".join(row.domain for row in held.domains)
    return Stage(
        title="Domain registration",
        is_done=bool(held.domains),
        state="Registered" if held.domains else "Not registered",
        tone="success" if held.domains else "warning",
        text=names or "The domain under which the names in your certificates lie.",
        url=reverse("certificates:register_domain", args=[organisation.pk]),
        label="Register a domain",
    )


def _verified(organisation: Organisation, held: Holdings, now: datetime) -> Stage:
    verified = held.verified(now)
    waiting = [row for row in held.domains if not row.is_verified_at(now)]
    text = "A TXT record in the DNS of the domain proves that it is yours."
    if waiting and not verified:
        text += f" Waits: {', '.join(row.domain for row in waiting)}."
    elif verified:
        text = f"{', '.join(row.domain for row in verified)}. Leave the record for renewals."
    first = waiting[0] if waiting else None
    return Stage(
        title="Domain verification",
        is_done=bool(verified),
        state="Verified" if verified else "Not verified",
        tone="success" if verified else "warning",
        text=text,
        url=reverse("certificates:domain", args=[organisation.pk, first.pk]) if first else "",
        label=f"Verify {first.domain}" if first else "",
    )


def _certificates(organisation: Organisation, held: Holdings, now: datetime) -> Stage:
    is_done = held.has_mtls and held.has_signing
    missing = [
        word for word, has in (("mTLS", held.has_mtls), ("signing", held.has_signing)) if not has
    ]
    can_ask = held.credential is not None and bool(held.verified(now))
    return Stage(
        title="Certificates",
        is_done=is_done,
        state="Valid" if is_done else f"No valid {' or '.join(missing)} certificate",
        tone="success" if is_done else "warning",
        text="A certificate is for mTLS, for signing, or both. You keep the key and load a CSR.",
        url=reverse("certificates:request", args=[organisation.pk]) if can_ask else "",
        label="Request a certificate",
    )


def _done(is_done: bool) -> str:
    return "Done" if is_done else "Not known yet"
