"""Ports that are free right now, and ports where something listens."""

import socket

from tests.deploy.waiting import wait_until


def free_ports(count: int) -> list[int]:
    """Return this many different free TCP ports of 127.0.0.1."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for candidate in sockets:
            candidate.bind(("127.0.0.1", 0))
        return [candidate.getsockname()[1] for candidate in sockets]
    finally:
        for candidate in sockets:
            candidate.close()


def listens(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether somebody takes connections there."""
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True


def wait_for_port(port: int, host: str = "127.0.0.1") -> None:
    """Return when something listens there."""
    wait_until(lambda: listens(port, host))
