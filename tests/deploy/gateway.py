"""The gateway of docker-compose.yml on this machine, and a client that asks it by name."""

import os
import ssl
from pathlib import Path

import httpx

from tests.deploy.composition import Native


def gateway_client(
    stack: Native, *, port: int, name: str, own: tuple[Path, Path] | None = None
) -> httpx.Client:
    """Return a client that reaches the gateway by one of its names, wherever that resolves to.

    `own` are the files of the client's certificate and key, for mTLS.
    """
    tls = ssl.create_default_context(cafile=str(stack.volume("gateway-trust") / "gateway-ca.pem"))
    if own:
        tls.load_cert_chain(*own)

    class ByName(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            # Another request, so that cookies are kept for the name.
            here = httpx.Request(
                request.method,
                request.url.copy_with(host="127.0.0.1"),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": name},
            )
            return super().handle_request(here)

    return httpx.Client(
        base_url=f"https://{name}:{port}",
        transport=ByName(verify=tls),
        timeout=30,
    )


def start_gateway(stack: Native) -> None:
    """Start nginx as the compose file does; as root it would otherwise give up its rights."""
    stack.run("gateway-certificate")
    configuration = stack.folder / "nginx.conf"
    original = Path("deploy/gateway/nginx.conf").read_text()
    configuration.write_text(stack.put_in_place("gateway", original))
    stack.places["/etc/nginx/nginx.conf"] = str(configuration)
    stack.start("gateway", *(["-g", "user root;"] if os.geteuid() == 0 else []))
