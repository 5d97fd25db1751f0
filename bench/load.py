"""`make load`: 50 signed clients call the API for five minutes; an error ends it with code 1."""

import contextlib
import os
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from bench.api import Machine, ask, on_postgres
from tests.channels.api.deployment import ApiClient

LOAD_CLIENTS = int(os.environ.get("LOAD_CLIENTS", "50"))
LOAD_SECONDS = int(os.environ.get("LOAD_SECONDS", "300"))


def load() -> None:
    """Let many signed clients call for minutes. Ends with code 1 if there was one error."""
    workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
    answers: Counter[str] = Counter()
    slowest: list[float] = []
    lock = threading.Lock()
    with on_postgres(clients=LOAD_CLIENTS, workers=workers) as api:
        deadline = time.monotonic() + LOAD_SECONDS

        def work(client: ApiClient) -> None:
            machine = Machine(api, client)
            with contextlib.closing(machine.connect()) as connection:
                number, most = 0, 0.0
                counted: Counter[str] = Counter()
                while time.monotonic() < deadline:
                    number += 1
                    request = machine.configure(number, changes=bool(number % 2))
                    started = time.perf_counter()
                    try:
                        counted[str(ask(connection, request)[0])] += 1
                    except OSError as error:
                        counted[type(error).__name__] += 1
                        break
                    most = max(most, time.perf_counter() - started)
            with lock:
                answers.update(counted)
                slowest.append(most)

        with ThreadPoolExecutor(LOAD_CLIENTS) as threads:
            list(threads.map(work, api.clients))
    print(f"{LOAD_CLIENTS} signed clients, {LOAD_SECONDS} seconds, {workers} processes, PostgreSQL")
    print(f"  answers: {dict(answers)}, {sum(answers.values()) / LOAD_SECONDS:.0f} a second")
    print(f"  slowest answer: {max(slowest):.2f} s")
    sys.exit(0 if set(answers) == {"201"} else 1)


if __name__ == "__main__":
    load()
