"""A pytest plugin: one Redis database for each of the processes that test at the same time.

Emptying the cache between tests empties a whole Redis database; two processes with one
would take each other's rate limits away. `.ci/suite.py` names empty ones and loads this
before the settings are read.
"""

import os

_addresses = os.environ.get("DIP_TEST_REDIS_URLS", "").split()
if _addresses:
    _number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    os.environ["REDIS_URL"] = _addresses[_number % len(_addresses)]
