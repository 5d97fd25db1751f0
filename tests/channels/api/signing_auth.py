"""Signs what `requests` is about to send: the last word on URL and body is the library's."""

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from requests.auth import AuthBase

from channels import wire
from channels.wire import Signer


class Signing(AuthBase):
    """Adds the four headers, but leaves alone those that are named."""

    def __init__(self, *, certificate: str, key: str, leaves: Collection[str] = ()) -> None:
        private = load_pem_private_key(Path(key).read_bytes(), password=None)
        assert isinstance(private, rsa.RSAPrivateKey)
        public = x509.load_pem_x509_certificate(Path(certificate).read_bytes())
        self._signer = Signer(key=private, certificate=public)
        self._leaves = {name.lower() for name in leaves}

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        assert isinstance(body, bytes | str)
        headers = wire.sign(
            method=request.method or "",
            url=request.url or "",
            body=body.encode() if isinstance(body, str) else body,
            signer=self._signer,
            now=datetime.now(UTC),
        )
        for name, value in headers.items():
            if name.lower() not in self._leaves:
                request.headers[name] = value
        return request
