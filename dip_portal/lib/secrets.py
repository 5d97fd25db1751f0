"""Encryption at rest, and look-up of encrypted values without decrypting a table.

The key comes from the setting ENCRYPTION_KEYS: one or more 32-byte keys, base64url,
newest first. The first encrypts and makes blind indexes; all decrypt and find, so that a
key can be rotated while the portal runs. `dip_portal.lib.resealing` brings what is older to
the newest key.
"""

import base64
import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

NONCE_BYTES = 12
KEY_BYTES = 32


class UnableToDecrypt(Exception):
    """No configured key opens this ciphertext, or it was sealed for another purpose."""


def generate_key() -> str:
    """Return a new encryption key: 32 random bytes, base64url."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def encrypt(plaintext: str, *, purpose: str) -> str:
    """Return `plaintext` sealed with AES-256-GCM for one purpose, as `key id.base64`.

    `purpose` is authenticated with it: a ciphertext moved to another column does not open.
    """
    key_id, cipher = next(iter(_ciphers(tuple(settings.ENCRYPTION_KEYS)).items()))
    nonce = os.urandom(NONCE_BYTES)
    sealed = nonce + cipher.encrypt(nonce, plaintext.encode(), purpose.encode())
    return f"{key_id}.{base64.b64encode(sealed).decode()}"


def decrypt(ciphertext: str, *, purpose: str) -> str:
    """Return the text that `encrypt` sealed. Raises UnableToDecrypt."""
    key_id, _, body = ciphertext.partition(".")
    try:
        cipher = _ciphers(tuple(settings.ENCRYPTION_KEYS))[key_id]
        sealed = base64.b64decode(body, validate=True)
        opened = cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode())
    except (KeyError, ValueError, InvalidTag) as error:
        raise UnableToDecrypt(f"No configured key opens this {purpose}.") from error
    return opened.decode()


def newest_key_id() -> str:
    """Return the eight hexadecimal digits that name the key which seals now."""
    return _key_id(settings.ENCRYPTION_KEYS[0])


def is_newest(ciphertext: str) -> bool:
    """Tell whether a text is sealed with the newest key."""
    return ciphertext.startswith(f"{newest_key_id()}.")


def blind_index(value: str, *, purpose: str) -> str:
    """Return the HMAC-SHA-256 of a secret, 64 hex digits: equal secrets have equal indexes.

    It can be stored in a unique column and looked up; it tells nothing of the secret. It is by
    the newest key; to find what an older one has indexed, look for `blind_indexes`.
    """
    return _index(settings.ENCRYPTION_KEYS[0], value, purpose)


def blind_indexes(value: str, *, purpose: str) -> list[str]:
    """Return the blind index of a secret by each key, that by the newest one first."""
    return [_index(key, value, purpose) for key in settings.ENCRYPTION_KEYS]


def _index(key: str, value: str, purpose: str) -> str:
    return hmac.digest(_index_key(key), f"{purpose}:{value}".encode(), "sha256").hex()


@lru_cache(maxsize=8)
def _ciphers(keys: tuple[str, ...]) -> dict[str, AESGCM]:
    return {_key_id(key): AESGCM(_derive(key, b"encryption at rest")) for key in keys}


@lru_cache(maxsize=8)
def _index_key(key: str) -> bytes:
    return _derive(key, b"blind index")


def _key_id(key: str) -> str:
    return hashlib.sha256(b"key id:" + key.encode()).hexdigest()[:8]


def _derive(key: str, info: bytes) -> bytes:
    material = base64.urlsafe_b64decode(key)
    if len(material) != KEY_BYTES:
        raise ValueError(f"Each of ENCRYPTION_KEYS must be {KEY_BYTES} bytes, base64url.")
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(material)
