"""The openssl commands of Steps 4.2 and 4.5 for a company, to be copied as they are.

What stands in them comes from the company and its environment; tests run exactly these.
"""

import shlex
from collections.abc import Sequence

from certificates.pki.profiles import Purpose

KEY = "openssl req -new -newkey rsa:2048 -nodes -sha256"
WORDS = {Purpose.MTLS: "mtls", Purpose.SIGNING: "signing", Purpose.BOTH: "both"}


def file_stem(purpose: Purpose | None, environment: str) -> str:
    """Return how the files of a certificate begin; None is the mTLS certificate of Atlas."""
    return f"atlas-{environment}" if purpose is None else f"dip-{environment}-{WORDS[purpose]}"


def make_csr(*, stem: str, names: Sequence[str]) -> str:
    """Return the command that makes a key and a CSR for these DNS names, in one line."""
    alternative = "subjectAltName=" + ",".join(f"DNS:{name}" for name in names)
    # A common name has 64 characters at most (RFC 5280, appendix A.1).
    common = names[0] if len(names[0]) <= 64 else "DIP"
    return (
        f"{KEY} -keyout {stem}.key -out {stem}.csr "
        f"-subj {shlex.quote(f'/CN={common}')} -addext {shlex.quote(alternative)}"
    )


def make_access_csr(*, stem: str) -> str:
    """Return the command for the CSR of the mTLS certificate of Access Credentials."""
    return f"{KEY} -keyout {stem}.key -out {stem}.csr -subj '/CN=API access'"


def merge(*, stem: str, chain: str, pfx: str) -> str:
    """Return the command that merges the CER, its chain and the key into a PFX.

    OpenSSL asks for the password that the PFX gets.
    """
    return (
        f"openssl pkcs12 -export -inkey {shlex.quote(f'{stem}.key')} -in {shlex.quote(chain)} "
        f"-out {shlex.quote(pfx)}"
    )


def look_at_pfx(*, pfx: str) -> str:
    """Return the command that shows what is in a PFX, without its key."""
    return f"openssl pkcs12 -in {shlex.quote(pfx)} -nokeys -info"


def txt_record(*, domain: str, server: str) -> str:
    """Return the command that asks a DNS server for the TXT records of a domain.

    `server` is `host:port`; empty for that of the machine.
    """
    host, _, port = server.rpartition(":")
    at = f"{shlex.quote('@' + host.strip('[]'))} -p {shlex.quote(port)} " if server else ""
    return f"dig {at}+short TXT {shlex.quote(domain)}"
