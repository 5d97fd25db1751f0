"""Files and requests that no honest program makes, put together piece by piece."""

import os

from asn1crypto import algos, cms, core, ocsp, pkcs12
from asn1crypto import keys as asn1_keys
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.padding import PKCS7


def pfx_with_hidden_work(*, iterations: int, password: str) -> bytes:
    """Return a PFX whose outer layer opens at once, and whose key asks for this much work.

    How much it is stands within the encrypted layer, where no look at the file finds it.
    """
    work = asn1_keys.EncryptedPrivateKeyInfo(
        {
            "encryption_algorithm": _encryption(os.urandom(8), os.urandom(16), iterations),
            "encrypted_data": os.urandom(64),
        }
    )
    bag = {"bag_id": "pkcs8_shrouded_key_bag", "bag_value": work}
    salt, iv = os.urandom(8), os.urandom(16)
    key = PBKDF2HMAC(SHA256(), 32, salt, 1).derive(password.encode())
    padder = PKCS7(128).padder()
    padded = padder.update(pkcs12.SafeContents([bag]).dump()) + padder.finalize()
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    sealed = cms.EncryptedData(
        {
            "version": "v0",
            "encrypted_content_info": {
                "content_type": "data",
                "content_encryption_algorithm": _encryption(salt, iv, 1),
                "encrypted_content": cipher.update(padded) + cipher.finalize(),
            },
        }
    )
    safe = pkcs12.AuthenticatedSafe([{"content_type": "encrypted_data", "content": sealed}])
    content = {"content_type": "data", "content": core.OctetString(safe.dump())}
    made: bytes = pkcs12.Pfx({"version": "v3", "auth_safe": content}).dump()
    return made


def _encryption(salt: bytes, iv: bytes, iterations: int) -> dict[str, object]:
    """Return PBES2 with PBKDF2 and AES-256-CBC (RFC 8018, appendix A)."""
    derivation = {
        "salt": algos.Pbkdf2Salt("specified", salt),
        "iteration_count": iterations,
        "prf": {"algorithm": "sha256"},
    }
    return {
        "algorithm": "pbes2",
        "parameters": {
            "key_derivation_func": {"algorithm": "pbkdf2", "parameters": derivation},
            "encryption_scheme": {"algorithm": "aes256_cbc", "parameters": iv},
        },
    }


def ocsp_request(
    *,
    algorithm: str = "sha1",
    name_hash: bytes = b"n" * 20,
    key_hash: bytes = b"k" * 20,
    serial: int = 1,
    nonce: bytes | None = None,
    times: int = 1,
) -> bytes:
    """Return an OCSP request, for `times` certificates at once."""
    asked = {
        "req_cert": {
            "hash_algorithm": {"algorithm": algorithm},
            "issuer_name_hash": name_hash,
            "issuer_key_hash": key_hash,
            "serial_number": serial,
        }
    }
    request: dict[str, object] = {"request_list": [asked] * times}
    if nonce is not None:
        wrapped = core.ParsableOctetString(core.OctetString(nonce).dump())
        request["request_extensions"] = [
            {"extn_id": "nonce", "critical": False, "extn_value": wrapped}
        ]
    made: bytes = ocsp.OCSPRequest({"tbs_request": request}).dump()
    return made
