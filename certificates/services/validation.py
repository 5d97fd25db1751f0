"""'Validate' of Step 4.2: API credentials checked step by step, before anything is saved."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from certificates import commands, hvca, trust
from certificates.pki import paths, profiles, refusals
from certificates.pki.pfx import Pfx, open_pfx
from certificates.services import logins
from dip_portal.lib import environment as environments

TITLES = (
    "The PFX opens",
    "The key matches the certificate",
    "Chain and dates of the certificate",
    "The certificate is for API access, of this environment",
    "GlobalSign Atlas accepts the login",
)
# What says nothing against the file as such, but against what is in it.
WRONG_CONTENT = (refusals.NoPrivateKey, refusals.NoCertificate, refusals.WeakKey)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One step: `is_passed` is None for one that was not come to. `text` says what was found."""

    title: str
    is_passed: bool | None = None
    text: str = ""

    @property
    def label(self) -> str:
        """How the page calls it."""
        return {True: "Passed", False: "Failed", None: "Not checked"}[self.is_passed]

    @property
    def tone(self) -> str:
        """In which colour."""
        return {True: "success", False: "danger", None: "neutral"}[self.is_passed]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """All steps in their order; `login` and `pfx` if all are passed."""

    checks: tuple[Check, ...]
    login: hvca.Login | None = None
    pfx: Pfx | None = None
    exposes_key: bool = False


class _Failed(Exception):
    def __init__(self, text: str, *, later: int = 0) -> None:
        super().__init__(text)
        self.later = later


def validate(*, api_key: str, api_secret: str, pfx: bytes, password: str, now: datetime) -> Outcome:
    """Check a set step by step, up to the first that fails. Calls Atlas last."""
    passed: list[str] = []
    try:
        opened = _opened(pfx, password)
        passed.append("It opens with the password, which is forgotten now.")
        passed.append(f"The certificate is for {_subject(opened.certificate)}.")
        passed.append(_check_chain(opened, now))
        passed.append(_check_environment(opened))
        login = logins.login_of_pfx(api_key=api_key, api_secret=api_secret, pfx=opened)
        passed.append(_check_login(login))
    except _Failed as failure:
        passed += ["It opens with the password."] * failure.later
        return Outcome(checks=_checks(passed, str(failure)))
    return Outcome(checks=_checks(passed), login=login, pfx=opened)


def _opened(data: bytes, password: str) -> Pfx:
    try:
        return open_pfx(data, password=password)
    except WRONG_CONTENT as refusal:
        raise _Failed(str(refusal), later=1) from None
    except refusals.WrongFile as refusal:
        text = str(refusal)
        if refusal.exposes_key:
            text += " Choose the PFX that the key and the CER were merged into."
        raise _Failed(text) from None
    except refusals.Refusal as refusal:
        raise _Failed(str(refusal)) from None


def _check_chain(pfx: Pfx, now: datetime) -> str:
    roots = trust.roots()
    if not roots:
        raise _Failed(
            "No root of GlobalSign Atlas is trusted here yet. Ask the operator of this portal to "
            "start Atlas once (prepare_atlas)."
        )
    try:
        paths.check_chain(
            pfx.certificate,
            intermediates=[*pfx.chain, *trust.all_issuing_authorities()],
            roots=roots,
            now=now,
        )
    except refusals.NotTrusted:
        raise _Failed(
            "The certificate was not issued by GlobalSign Atlas. Use the mTLS certificate of "
            "Access Credentials there."
        ) from None
    except refusals.Refusal as refusal:
        raise _Failed(str(refusal)) from None
    ends = pfx.certificate.not_valid_after_utc
    return f"Issued by GlobalSign Atlas, valid until {ends:%Y-%m-%d %H:%M} UTC."


def _check_environment(pfx: Pfx) -> str:
    here = environments.current()
    if profiles.is_of_participant(pfx.certificate):
        raise _Failed(
            "This PFX holds a certificate for the DIP, not the one for API access. Choose the PFX "
            "of the mTLS certificate of Access Credentials, which the commands of this page call "
            f"{commands.file_stem(None, here.name)}.pfx."
        )
    if trust.is_of_environment(pfx.certificate, here.name):
        return f"It is for API access, and was issued for {here.label}."
    for other in environments.PORTALS.values():
        if trust.is_of_environment(pfx.certificate, other.name):
            raise _Failed(
                f"This is a certificate for {other.label}, and this is {here.label}. Generate an "
                f"mTLS certificate for {here.label} at GlobalSign Atlas, and API credentials too."
            )
    raise _Failed(f"The certificate was not issued by the authority of {here.label}.")


def _check_login(login: hvca.Login) -> str:
    try:
        with hvca.session(login) as session:
            session.log_in()
    except hvca.HvcaRefused as refusal:
        raise _Failed(f"{refusal} Check the API key, the secret and the PFX.") from None
    except hvca.HvcaUnavailable as trouble:
        raise _Failed(f"{trouble} Nothing is wrong with the files: validate again later.") from None
    return "API key, secret and certificate belong together."


def _checks(passed: list[str], failure: str = "") -> tuple[Check, ...]:
    made = [
        Check(title=title, is_passed=True, text=text)
        for title, text in zip(TITLES, passed, strict=False)
    ]
    if failure:
        made.append(Check(title=TITLES[len(made)], is_passed=False, text=failure))
    return (*made, *(Check(title=title) for title in TITLES[len(made) :]))


def _subject(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()
