"""Keys in files: secrets that only their owner reads, and public halves for everybody.

Secrets are made once, at first start. Every file is written whole: nobody reads half a key.
"""

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def read_or_create(path: Path, make: Callable[[], str]) -> str:
    """Return the text of the file at `path`, made by `make()` if there is none yet.

    Of two processes starting together both read the same secret. Mode 0600, its folder
    0700.
    """
    with contextlib.suppress(FileNotFoundError):
        return path.read_text().strip()
    draft = _draft(path, make())
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    return path.read_text().strip()


def replace(path: Path, text: str) -> None:
    """Write a secret to the file at `path` whole, in place of what is there. Mode 0600."""
    _draft(path, text).replace(path)


def publish(path: Path, content: str) -> bool:
    """Write what everybody may read to the file at `path` whole; tell whether it was needed.

    A file that says the same already is left alone. Mode 0644; makes the folder.
    """
    with contextlib.suppress(FileNotFoundError):
        if path.read_text() == content:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".draft")
    with os.fdopen(handle, "w") as file:
        file.write(content)
    Path(name).chmod(0o644)
    Path(name).replace(path)
    return True


def _draft(path: Path, text: str) -> Path:
    """Write the text to a file of another name in the same folder, and to the disk."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)  # mkstemp gives mode 0600
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
