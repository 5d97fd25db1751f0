"""Which certificate authorities this environment believes: those pinned in files, none else.

`AUTHORITY_DIR/authorities/` holds `root-1.pem`, `uit-1.pem`, `production-1.pem` and so on,
as Atlas publishes them (`prepare_atlas`, `rotate_authority`) or an operator copies them there.
"""

import os
import re
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from django.conf import settings

from dip_portal.lib import environment as environments

_NAME = re.compile(r"[a-z]+-(\d+)\.pem")


class NoTrustedAuthority(Exception):
    """No issuing CA of this environment is pinned here; the text says what to do."""


def issuing_authorities() -> list[x509.Certificate]:
    """Return the issuing CAs of this environment, newest first. Raises NoTrustedAuthority."""
    name = environments.current().name
    found = _pinned(name)
    if not found:
        raise NoTrustedAuthority(
            f"No certificate authority for {environments.current().label} is in "
            f"{_folder()}: copy {name}-1.pem of Atlas there."
        )
    return found


def roots() -> list[x509.Certificate]:
    """Return the roots above them, newest first; none if none is pinned."""
    return _pinned("root")


def all_issuing_authorities() -> list[x509.Certificate]:
    """Return the issuing CAs of both portals, to tell whose a certificate is: not to trust them."""
    return [authority for name in environments.PORTALS for authority in _pinned(name)]


def is_of_environment(certificate: x509.Certificate, name: str) -> bool:
    """Tell whether an issuing CA of an environment has signed a certificate."""
    return any(has_signed(authority, certificate) for authority in _pinned(name))


@lru_cache(maxsize=1024)
def has_signed(authority: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Tell whether an authority has signed a certificate, by its name and its key."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _folder() -> Path:
    folder: Path = settings.AUTHORITY_DIR
    return folder / "authorities"


def _pinned(kind: str) -> list[x509.Certificate]:
    try:
        with os.scandir(_folder()) as entries:
            found = [
                (int(name[1]), entry.path, entry.stat().st_mtime_ns)
                for entry in entries
                if (name := _NAME.fullmatch(entry.name)) and entry.name.startswith(f"{kind}-")
            ]
    except FileNotFoundError:
        return []
    return [_read(path, changed) for _, path, changed in sorted(found, reverse=True)]


@lru_cache(maxsize=32)
def _read(path: str, changed: int) -> x509.Certificate:
    return x509.load_pem_x509_certificate(Path(path).read_bytes())
