"""Describes the machine and what runs on it, so that a reader can tell what the ratios are of."""

import os
import platform
import re
import ssl
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import django
import psycopg
import redis


def describe(*, server: str, redis_url: str, now: datetime) -> dict[str, str]:
    """Return what a reader wants to know of this machine, by title; the load is that of now.

    `server` is the PostgreSQL server of the bench, `redis_url` its Redis, or empty for none.
    """
    return {
        "Date": f"{now.astimezone(UTC):%d %B %Y, %H:%M} UTC",
        "Processor": f"{_processor()}, {os.cpu_count()} cores",
        "Memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "Kernel": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_version()}, Django {django.get_version()}, "
        f"{ssl.OPENSSL_VERSION}",
        "OpenSSL, the peer": _openssl(),
        "PostgreSQL": _postgresql(server),
        "Redis": _redis(redis_url),
        "Load before the start": f"{os.getloadavg()[0]:.1f} (of the last minute)",
    }


def _processor() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def _openssl() -> str:
    done = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True)
    return " ".join(done.stdout.split()[:2])


def _postgresql(server: str) -> str:
    with psycopg.connect(server) as connection:
        [version] = connection.execute("SHOW server_version").fetchone() or ("unknown",)
    return str(version)


def _redis(url: str) -> str:
    if not url:
        return "none"
    with redis.Redis.from_url(url) as client:
        return str(client.info("server")["redis_version"])
