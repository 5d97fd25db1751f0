"""What a test does when this machine lacks what it needs: the one way to leave a test out.

`make test` ends with a list of what was left out and why.
"""

import os
import shutil
from typing import NoReturn

import pytest


def leave_out(reason: str) -> NoReturn:
    """Skip the test; where CI=true fail it, for there nothing may be left out."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI=true and left out: {reason}", pytrace=False)
    pytest.skip(reason)


def need_program(*names: str) -> str:
    """Return the path of the first of these programs that is installed; else leave the test out."""
    for name in names:
        if path := shutil.which(name):
            return path
    leave_out(f"{names[0]} is not installed")
