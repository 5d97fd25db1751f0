"""Where the tests find PostgreSQL and Redis: the settings, then the standard local addresses.

`make test` hands the settings on as DIP_TEST_DATABASE_URL and DIP_TEST_REDIS_URL, so that
the tests that choose their database themselves run on embedded settings.
"""

import os
import random
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

STANDARD_POSTGRES = (
    "postgres://postgres@127.0.0.1:5432/postgres",
    "postgres://postgres:postgres@127.0.0.1:5432/postgres",
    "postgres:///postgres",
)
# A number that nobody's own data is likely to have.
STANDARD_REDIS = ("redis://127.0.0.1:6379/9",)


def postgres_url(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the address of a PostgreSQL that answers and lets us create databases, if any."""
    named = environment.get("DIP_TEST_DATABASE_URL") or environment.get("DATABASE_URL")
    return next(filter(_is_postgres, [named] if named else STANDARD_POSTGRES), None)


def redis_url(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the address of a Redis that answers, if any."""
    named = environment.get("DIP_TEST_REDIS_URL") or environment.get("REDIS_URL")
    return next(filter(_is_redis, [named] if named else STANDARD_REDIS), None)


def free_redis_urls(server: str) -> list[str]:
    """Return addresses of databases of this Redis that hold nothing and are not the one named.

    Which of them a run takes is left to chance, so that two at the same time hardly meet.
    """
    addresses = [urlunsplit(urlsplit(server)._replace(path=f"/{number}")) for number in range(16)]
    random.shuffle(addresses)
    return [address for address in addresses if address != server and _is_empty(address)]


def _is_empty(url: str) -> bool:
    try:
        return redis.Redis.from_url(url, socket_connect_timeout=3).dbsize() == 0
    except redis.RedisError:
        return False


def _is_postgres(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            role = connection.execute("SELECT rolcreatedb FROM pg_roles WHERE rolname = user")
            return role.fetchone() == (True,)
    except (psycopg.Error, ValueError):
        return False


def _is_redis(url: str) -> bool:
    try:
        return bool(redis.Redis.from_url(url, socket_connect_timeout=3).ping())
    except (redis.RedisError, ValueError):
        return False
