"""Opens one PFX in a process of its own, which `pfx` starts: `python pfx_child.py CPU_SECONDS`.

How much work a PFX is to open stands in the file, some of it encrypted (RFC 7292, appendix
B; RFC 8018, section 4.2): no look at the file tells, and work that has begun cannot be
stopped. So it is done where the kernel ends it. The same holds for a fault in a parser.

Standard input: the password in UTF-8, a NUL (which no password has), the file. Standard
output: JSON, either `certificates` and `key` as DER in base64 (the first certificate that of
the key, each null where there is none), or `error`.
"""

import base64
import json
import resource
import sys
import warnings

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)


def contents(data: bytes, password: bytes | None) -> dict[str, object]:
    """Return what is printed."""
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(data, password)
        return {
            "key": None
            if key is None
            else _text(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())),
            "certificates": [
                None if one is None else _text(one.public_bytes(Encoding.DER))
                for one in (certificate, *others)
            ],
        }
    except (TypeError, UnsupportedAlgorithm):
        return {"error": "unsupported"}
    except (ValueError, x509.InvalidVersion) as error:
        return {"error": "password" if "password" in str(error).lower() else "damaged"}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


if __name__ == "__main__":
    seconds = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold the password
    warnings.simplefilter("ignore")  # of files that are odd, which is no news here
    given, _, pfx = sys.stdin.buffer.read().partition(b"\0")
    json.dump(contents(pfx, given or None), sys.stdout)
