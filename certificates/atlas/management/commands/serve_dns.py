"""The command `serve_dns`: the DNS server of the test zones, until it is told to stop."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections, connection

from certificates.atlas.nameserver import make_servers
from certificates.atlas.services import dns
from dip_portal.lib import environment as environments
from dip_portal.stamp import require_own_database


class Command(BaseCommand):
    """Listens by UDP and TCP where ATLAS_DNS_LISTEN says."""

    help = "Serve the zones of the test DNS, until SIGTERM or SIGINT."

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve. Raises CommandError for a port that is taken, or where this is not Atlas."""
        if not environments.current().is_certificate_authority:
            raise CommandError(f"{environments.current().label} is not Atlas: see DIP_ENVIRONMENT.")
        require_own_database()
        connection.close()
        host, _, port = settings.ATLAS_DNS_LISTEN.rpartition(":")
        try:
            servers = make_servers(host, int(port), _reply)
        except (OSError, ValueError) as error:
            where = settings.ATLAS_DNS_LISTEN
            raise CommandError(f"{where} cannot be used for DNS ({error}).") from error
        threads = [threading.Thread(target=server.serve_forever, daemon=True) for server in servers]
        for thread in threads:
            thread.start()
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        self.stdout.write(f"DNS is served at {settings.ATLAS_DNS_LISTEN}, by UDP and TCP.")
        stopping.wait()
        for server in servers:
            server.shutdown()
            server.server_close()


def _reply(wire: bytes, max_bytes: int) -> bytes | None:
    """Answer in a thread of the server, each with a database connection of its own."""
    close_old_connections()
    try:
        return dns.reply(wire, max_bytes)
    finally:
        connection.close()
