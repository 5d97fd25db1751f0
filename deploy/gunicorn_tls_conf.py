"""How gunicorn serves a deployment by TLS in `make run`, for clients that show certificates.

The same pages as over plain HTTP; the API and Atlas's HVCA API want a client's certificate,
which dip_portal/lib/client_certificate.py reads from the connection. Certificate and key of
the server come from the command line (--certfile, --keyfile).
"""

import os
import ssl
from collections.abc import Callable
from pathlib import Path

from gunicorn.config import Config

from deploy.client_authorities import ClientAuthorities
from deploy.gunicorn_conf import *  # noqa: F403 - the rest is alike

# Nothing stands before this process: what a client says of itself in such headers is nothing.
forwarded_allow_ips = ""

_contexts = ClientAuthorities(Path(os.environ["DIP_AUTHORITY_DIR"]) / "authorities")


def ssl_context(
    config: Config, default_ssl_context_factory: Callable[[], ssl.SSLContext]
) -> ssl.SSLContext:
    """Return the context of a connection: gunicorn asks anew for each."""
    return _contexts.context(certificate=config.certfile, key=config.keyfile)
