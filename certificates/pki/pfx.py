"""Read and write a PFX (PKCS #12, RFC 7292): a certificate with its key, under a password."""

import base64
import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    pkcs12,
)

from certificates.pki import keys, mistakes
from certificates.pki.refusals import (
    Malformed,
    NoCertificate,
    NoPrivateKey,
    NotAPfx,
    TooLarge,
    WrongPassword,
)

MAX_BYTES = 64 * 1024
PASSWORD_MAX_BYTES = 256
MERGE = "Merge the CER and the key again, as the page shows it."
DOES_NOT_OPEN = (
    "The password does not open the PFX. Enter the one that was chosen when it was made (the "
    "export password). If it is the right one, the file is damaged: merge the CER and the key "
    "again."
)
# What OpenSSL, Windows and Java write is open within a hundredth of a second.
CPU_SECONDS = 3
WALL_SECONDS = 30
TOO_MUCH_WORK = f"The PFX asks for an absurd amount of work to open it. {MERGE}"
CHILD = str(Path(__file__).with_name("pfx_child.py"))


@dataclass(frozen=True, kw_only=True)
class Pfx:
    """What a PFX holds: the certificate of the key, the key, and further certificates."""

    certificate: x509.Certificate
    private_key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...]

    @property
    def key_pem(self) -> bytes:
        """The key as PKCS #8 PEM in the clear: sealing it is the caller's."""
        return self.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def open_pfx(data: bytes, *, password: str) -> Pfx:
    """Return what a PFX holds; 64 KiB at most, made by OpenSSL, Windows or others.

    Raises a Refusal: TooLarge, WrongFile or NotAPfx, WrongPassword, NoPrivateKey,
    NoCertificate, Malformed, WeakKey.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge(f"The file is larger than {MAX_BYTES // 1024} KiB, which no PFX is.")
    mistake = mistakes.recognise(data)
    if mistake is not mistakes.PFX:
        if mistake is not None:
            raise mistake.as_refusal()
        raise NotAPfx(f"The file is no PFX. {MERGE}")
    key, certificate, others = _contents(data, password)
    if key is None:
        raise NoPrivateKey(
            "The PFX holds no private key, only certificates. Merge the CER with the key that "
            "its CSR was made with."
        )
    keys.check_public_key(key.public_key())
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    if certificate is None:
        raise NoCertificate(
            "The PFX holds a private key, but no certificate of that key: the CER and the key "
            f"do not belong together. {MERGE}"
        )
    return Pfx(certificate=certificate, private_key=key, chain=tuple(others))


def make_pfx(content: Pfx, *, password: str, name: str) -> bytes:
    """Return the content as a PFX under another password, encrypted with AES-256."""
    return pkcs12.serialize_key_and_certificates(
        name.encode(),
        content.private_key,
        content.certificate,
        content.chain,
        BestAvailableEncryption(password.encode()),
    )


def _contents(
    data: bytes, password: str
) -> tuple[PrivateKeyTypes | None, x509.Certificate | None, list[x509.Certificate]]:
    """Let a process of its own open the file, which is ended when it takes too long."""
    given = password.encode(errors="replace")  # no password has half a character
    if b"\0" in given or len(given) > PASSWORD_MAX_BYTES:
        raise WrongPassword(DOES_NOT_OPEN)
    try:
        done = subprocess.run(  # noqa: S603 - this Python, a file of this folder
            [sys.executable, "-I", CHILD, str(CPU_SECONDS)],
            input=given + b"\0" + data,
            capture_output=True,
            timeout=WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Malformed(TOO_MUCH_WORK) from None
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise Malformed(TOO_MUCH_WORK)
    said = done.stdout if done.returncode == 0 else b'{"error": "damaged"}'
    found: dict[str, Any] = json.loads(said)
    match found.get("error"):
        case "password":
            raise WrongPassword(DOES_NOT_OPEN)
        case "unsupported":
            raise Malformed(f"The PFX is protected in a way that is not taken. {MERGE}")
        case "damaged":
            raise Malformed(f"The PFX is damaged. {MERGE}")
    key = found["key"]
    first, *others = found["certificates"]
    return (
        None if key is None else load_der_private_key(base64.b64decode(key), password=None),
        None if first is None else _certificate(first),
        [_certificate(one) for one in others],
    )


def _certificate(text: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(base64.b64decode(text))
