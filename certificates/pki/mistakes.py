"""Which other file a person took by mistake, so that the refusal can say so."""

import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    pkcs7,
)
from cryptography.hazmat.primitives.serialization.ssh import load_ssh_public_key

from certificates.pki.refusals import WrongFile

PEM_LABEL = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----")
# PFX ::= SEQUENCE { version INTEGER {v3(3)}, ... }, RFC 7292, section 4.
PFX_START = re.compile(
    rb"^\x30(?:[\x00-\x7f]|\x80|\x81.|\x82..|\x83...|\x84....)\x02\x01\x03", re.DOTALL
)
SHOWN = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """What the file is instead, and what to do. `kind` names it in a word or two."""

    kind: str
    text: str
    exposes_key: bool = False

    def as_refusal(self) -> WrongFile:
        return WrongFile(self.text, exposes_key=self.exposes_key)


EMPTY = Mistake(kind="empty", text="The file is empty. Choose the file again.")
PRIVATE_KEY = Mistake(
    kind="private key",
    text="This is a private key, which nobody else may ever have. It was not stored, but it "
    "has left your machine: treat it as exposed, make a new key and use that.",
    exposes_key=True,
)
CERTIFICATE = Mistake(
    kind="certificate",
    text="This is a certificate (CER), the answer to a request.",
)
CSR = Mistake(
    kind="CSR",
    text="This is a certificate signing request (CSR).",
)
PFX = Mistake(
    kind="PFX",
    text="This is a PFX, which holds a private key. It was not stored.",
    exposes_key=True,
)
PUBLIC_KEY = Mistake(
    kind="public key",
    text="This is a public key alone. Make a CSR with the private key that belongs to it.",
)
P7B = Mistake(
    kind="P7B",
    text="This is a P7B, a bundle of certificates.",
)
HTML = Mistake(
    kind="HTML page",
    text="This is a page of a web site, perhaps a sign-in page saved in place of the file. "
    "Download the file again.",
)
ARCHIVE = Mistake(kind="archive", text="This is an archive. Unpack it and choose the file in it.")

PEM_KINDS = {
    b"CERTIFICATE": CERTIFICATE,
    b"X509 CERTIFICATE": CERTIFICATE,
    b"TRUSTED CERTIFICATE": CERTIFICATE,
    b"CERTIFICATE REQUEST": CSR,
    b"NEW CERTIFICATE REQUEST": CSR,
    b"PUBLIC KEY": PUBLIC_KEY,
    b"RSA PUBLIC KEY": PUBLIC_KEY,
    b"SSH2 PUBLIC KEY": PUBLIC_KEY,
    b"PKCS7": P7B,
    b"CMS": P7B,
}
STARTS = (
    (b"PuTTY-User-Key-File", PRIVATE_KEY),
    (b"PK\x03\x04", ARCHIVE),
    (b"\x1f\x8b", ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", ARCHIVE),
)


def recognise(data: bytes) -> Mistake | None:
    """Return what kind of file this is, or None for one that is of no known kind.

    A private key anywhere in the file counts first. Looks at the first 64 KiB.
    """
    data = data[:SHOWN]
    text = as_text(data)
    if not text.strip():
        return EMPTY
    labels = PEM_LABEL.findall(text)
    if any(label.endswith(b"PRIVATE KEY") for label in labels):
        return PRIVATE_KEY
    for label in labels:
        if label in PEM_KINDS:
            return PEM_KINDS[label]
    for start, mistake in STARTS:
        if text.startswith(start):
            return mistake
    if re.match(rb"\s*<(!doctype\s+html|html|head|body)", text, re.IGNORECASE):
        return HTML
    return _recognise_der(data)


def as_text(data: bytes) -> bytes:
    """Return a text file in ASCII's bytes, as Windows programs write them too.

    A byte order mark goes, and UTF-16 becomes UTF-8. Other data comes back as it is.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").encode()
    return data.removeprefix(b"\xef\xbb\xbf")


def _recognise_der(data: bytes) -> Mistake | None:
    if PFX_START.match(data):
        return PFX
    if _reads(x509.load_der_x509_certificate, data):
        return CERTIFICATE
    if _reads(x509.load_der_x509_csr, data):
        return CSR
    if _is_private_key(data):
        return PRIVATE_KEY
    if _reads(load_der_public_key, data) or _reads(load_ssh_public_key, data):
        return PUBLIC_KEY
    return P7B if _reads(pkcs7.load_der_pkcs7_certificates, data) else None


def _is_private_key(data: bytes) -> bool:
    try:
        load_der_private_key(data, password=None)
    except TypeError:  # it is one, and is encrypted
        return True
    except Exception:  # noqa: BLE001 - whatever a parser says of bytes that are something else
        return False
    return True


def _reads(load: object, data: bytes) -> bool:
    try:
        load(data)  # type: ignore[operator]
    except Exception:  # noqa: BLE001 - whatever a parser says of bytes that are something else
        return False
    return True
