"""Celery's broker in files, for the embedded default, with files that are whole when seen.

kombu's own shows a message under its name before it is written, so that a worker may read an
empty one, which ends the worker. Here a file gets its name when it has its content.
"""

import os
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """Messages and bindings as files of the folders in the transport's options."""

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        whole = Path(self.data_folder_out, name)
        part = whole.with_name(f"{name}.part")
        part.write_text(dumps(payload), encoding="utf-8")
        part.rename(whole)

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        file = self._exchange_file(exchange)
        if not file.exists():
            part = file.with_name(f"{file.name}.{uuid.uuid4()}.part")
            part.write_text("[]", encoding="utf-8")
            with suppress(FileExistsError):  # another process was quicker
                os.link(part, file)
            part.unlink()
        super()._queue_bind(exchange, routing_key, pattern, queue)


class Transport(filesystem.Transport):
    """What the setting CELERY_BROKER_TRANSPORT names."""

    Channel = Channel
