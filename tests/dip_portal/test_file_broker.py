"""The broker in files: processes that write and read at the same time see whole files only."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.connection import Connection

from dip_portal import celery
from dip_portal.lib.file_broker import Transport

MESSAGES, SIZE = 15, 2_000_000
WRITE = f"""
import sys
from tests.dip_portal.test_file_broker import connection
with connection(sys.argv[1]) as there, there.SimpleQueue("work") as queue:
    for number in range({MESSAGES}):
        queue.put({{"number": number, "text": "x" * {SIZE}}})
"""


def connection(folder: str) -> Connection:
    """Return a connection to the broker of this folder."""
    names = ("data_folder_in", "data_folder_out", "control_folder")
    return Connection(
        "filesystem://", transport=Transport, transport_options=dict.fromkeys(names, folder)
    )


def test_a_message_is_whole_when_it_is_seen(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITE, str(tmp_path)]) as writer:
        numbers: list[int] = []
        with connection(str(tmp_path)) as here, here.SimpleQueue("work") as queue:
            while len(numbers) < MESSAGES:
                try:
                    message = queue.get(block=False)
                except Empty:
                    assert writer.poll() in (None, 0)
                    continue
                assert len(message.payload["text"]) == SIZE
                numbers.append(message.payload["number"])
                message.ack()

    assert sorted(numbers) == list(range(MESSAGES))
    assert not list(tmp_path.glob("*.part"))


def test_many_may_bind_an_exchange_that_is_new(tmp_path: Path) -> None:
    for round_ in range(30):

        def bind(number: int, name: str = f"fanout{round_}") -> None:
            with connection(str(tmp_path)) as here:
                channel = here.default_channel
                channel._queue_bind(name, "", "", f"queue{number}")
                assert channel.get_table(name)

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(bind, range(8)))
        with connection(str(tmp_path)) as here:
            bound = {it.queue for it in here.default_channel.get_table(f"fanout{round_}")}
        assert bound == {f"queue{number}" for number in range(8)}


def test_it_is_the_one_that_the_embedded_default_uses(settings: Any) -> None:
    with celery.app.connection_for_write() as used:
        assert isinstance(used.transport, Transport) is not bool(settings.REDIS_URL)
