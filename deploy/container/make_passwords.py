"""Make a random password in each of the files named, unless it is there already.

    python -m deploy.container.make_passwords FILE [FILE ...]

The group may read a file: the database container joins the portal's group for that.
"""

import secrets
import sys
from pathlib import Path

from dip_portal.lib import keyfiles


def make_passwords(paths: list[Path]) -> None:
    """Write a URL-safe password of 256 bits into each file that does not exist yet."""
    for path in paths:
        keyfiles.read_or_create(path, lambda: secrets.token_urlsafe(32))
        path.chmod(0o440)


if __name__ == "__main__":
    make_passwords([Path(word) for word in sys.argv[1:]])
