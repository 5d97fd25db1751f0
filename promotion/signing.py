"""Signatures between the two environments: an extract's (JWS) and a request's (JWT).

Each environment has one Ed25519 key of its own (RFC 8037, algorithm name of RFC 9864),
made at first start. The other environment pins its public half as a JWK file in
TRUSTED_KEYS_DIR; a key that a document brings along is never believed.
"""

import base64
import json
from datetime import datetime, timedelta
from functools import lru_cache

from django.conf import settings
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from dip_portal.lib import environment as environments
from dip_portal.lib import keyfiles

ALGORITHM = "Ed25519"
EXTRACT_TYPE = "dip-company-setup+json"
REQUEST_TYPE = "dip-service-request+jwt"
REQUEST_LIFETIME = timedelta(seconds=60)
CLOCK_LEEWAY = timedelta(seconds=30)


class UnableToVerify(Exception):
    """The signature does not prove what it should; the text says why and what to do."""


class NoTrustedKey(UnableToVerify):
    """No key of the other environment is pinned here."""


def sign(document: bytes) -> bytes:
    """Return the document signed by this environment: a flattened JWS in JSON (RFC 7515, 7.2.2)."""
    key = own_key()
    header = {"alg": ALGORITHM, "typ": EXTRACT_TYPE, "kid": key.thumbprint()}
    signed = jws.serialize_json({"protected": header}, document, key, algorithms=[ALGORITHM])
    return json.dumps(signed, sort_keys=True, indent=1).encode() + b"\n"


def payload_of(file: bytes) -> bytes:
    """Return the document in a signed file without believing it yet. Raises UnableToVerify."""
    return _parse(file)[1]


def verify(file: bytes, *, environment: str) -> bytes:
    """Return the document of a file that this environment's pinned key has signed.

    `environment` is the name of the one that must have signed. Raises UnableToVerify for
    a file that is no JWS of an extract, a key that is not pinned, or a wrong signature.
    """
    parsed, payload = _parse(file)
    key = own_key() if environment == environments.current().name else trusted_key(environment)
    try:
        done = jws.deserialize_json(parsed, key, algorithms=[ALGORITHM])
    except (JoseError, ValueError, TypeError):
        raise UnableToVerify(
            "The signature is not that of the key pinned for "
            f"{environments.named(environment).label}. The file was changed after it was "
            "extracted, another environment made it, or the key was rotated since: extract "
            "the company again and do not edit the file."
        ) from None
    if done.headers().get("typ") != EXTRACT_TYPE:
        raise UnableToVerify("The file is signed, but not as an extract.")
    return payload


def names_own_key(file: bytes) -> bool:
    """Tell whether a file says that it is signed by the key that this environment has now.

    It is not verified. Raises UnableToVerify for a file that is no JWS of an extract.
    """
    parsed, _ = _parse(file)
    header = json.loads(_decoded(parsed["protected"]))
    return bool(header.get("kid") == own_key().thumbprint())


def sign_request(*, audience: str, path: str, now: datetime) -> str:
    """Return a bearer token for one path of the other environment's service address."""
    key = own_key()
    claims = {
        "iss": environments.current().name,
        "aud": audience,
        "sub": path,
        "iat": int(now.timestamp()),
        "exp": int((now + REQUEST_LIFETIME).timestamp()),
    }
    header = {"alg": ALGORITHM, "typ": REQUEST_TYPE, "kid": key.thumbprint()}
    return jwt.encode(header, claims, key, algorithms=[ALGORITHM])


def verify_request(token: str, *, issuer: str, path: str, now: datetime) -> None:
    """Pass if the other environment signed this request for this path just now.

    Raises UnableToVerify. `now` is compared with at most 30 seconds of leeway.
    """
    try:
        decoded = jwt.decode(token, trusted_key(issuer), algorithms=[ALGORITHM])
    except (JoseError, ValueError, TypeError):
        raise UnableToVerify("The request is not signed by the other environment.") from None
    moment, leeway = now.timestamp(), CLOCK_LEEWAY.total_seconds()
    expected = {"iss": issuer, "aud": environments.current().name, "sub": path}
    claims = decoded.claims
    if decoded.header.get("typ") != REQUEST_TYPE or any(
        claims.get(name) != value for name, value in expected.items()
    ):
        raise UnableToVerify("The request was signed for something else.")
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int) or not isinstance(expires, int):
        raise UnableToVerify("The request does not say when it was signed.")
    lifetime = REQUEST_LIFETIME.total_seconds()
    if not issued - leeway <= moment <= expires + leeway or expires - issued > lifetime:
        raise UnableToVerify("The request was not signed just now. Are both clocks right?")


def own_key() -> OKPKey:
    """Return this environment's key, made at first use (setting SIGNING_KEY_FILE)."""
    return _key(keyfiles.read_or_create(settings.SIGNING_KEY_FILE, _new_key))


def trusted_key(environment: str) -> OKPKey:
    """Return the pinned public key of an environment. Raises NoTrustedKey."""
    label = environments.named(environment).label
    path = settings.TRUSTED_KEYS_DIR / f"{environment}.jwk.json"
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise NoTrustedKey(
            f"No public key of {label} is pinned here. Run `manage.py publish_key` in "
            f"{label} and put the file {path.name} into the folder DIP_TRUSTED_KEYS_DIR."
        ) from None
    try:
        return _key(text)
    except (JoseError, ValueError, KeyError, TypeError):
        raise NoTrustedKey(f"The pinned key of {label} ({path.name}) is not a JWK.") from None


@lru_cache(maxsize=8)
def _key(text: str) -> OKPKey:
    """Return the key of a JWK file's text; the file is read each time, so a new one counts."""
    return OKPKey.import_key(json.loads(text))


def public_jwk() -> str:
    """Return the public half of this environment's key as the text of a JWK file."""
    key = own_key()
    public = {**key.as_dict(private=False), "use": "sig", "alg": ALGORITHM}
    return json.dumps({**public, "kid": key.thumbprint()}, sort_keys=True, indent=1) + "\n"


def _new_key() -> str:
    return json.dumps(OKPKey.generate_key("Ed25519").as_dict(private=True))


def _parse(file: bytes) -> tuple[jws.FlattenedJSONSerialization, bytes]:
    try:
        parsed = json.loads(file.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise UnableToVerify(
            "The file is not a signed extract: it is not JSON. Take the file as the UIT "
            "portal gave it, not zipped and not cut short."
        ) from None
    if not isinstance(parsed, dict) or {type(value) for value in parsed.values()} != {str}:
        raise UnableToVerify("The file is JSON, but not a signed extract.")
    if set(parsed) != {"payload", "protected", "signature"}:
        raise UnableToVerify(
            "The file is JSON, but not a signed extract: it must have the members payload, "
            "protected and signature, and no other."
        )
    try:
        payload = _decoded(parsed["payload"])
        _decoded(parsed["protected"])
    except ValueError:
        raise UnableToVerify("The file is not a signed extract: its parts do not decode.") from None
    return parsed, payload  # type: ignore[return-value]


def _decoded(part: str) -> bytes:
    padding = "=" * (-len(part) % 4)
    return base64.b64decode((part + padding).encode("ascii"), altchars=b"-_", validate=True)
