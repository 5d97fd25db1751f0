"""A mail server that can be killed: `python -m tests.faults.mail_server PORT FOLDER`.

It says 250 only when a message lies on the disk, so that what it has taken is not lost.
"""

import asyncio
import os
import sys
import uuid
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller


class Keeper:
    """Keeps each message as a file of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Write the message, then say so."""
        part = self.folder / f"{uuid.uuid4()}.part"
        with part.open("wb") as file:
            file.write(envelope.content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(part.with_suffix(".eml"))
        # A moment in which the sender does not know yet, as with a server that is busy.
        await asyncio.sleep(0.1)
        return "250 OK"


def main(port: str, folder: str) -> None:
    """Serve until somebody ends this process."""
    controller = Controller(Keeper(Path(folder)), hostname="127.0.0.1", port=int(port))
    controller.start()
    asyncio.new_event_loop().run_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
