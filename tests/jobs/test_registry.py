"""The kinds of jobs are known to whoever asks first in a new process, however many ask at once."""

import subprocess
import sys

THREADS = 12
ASK = f"""
import sys, threading, django
django.setup()
from concurrent.futures import ThreadPoolExecutor
from jobs import registry
sys.setswitchinterval(1e-5)
together = threading.Barrier({THREADS})
def ask(_):
    together.wait()
    return registry.find("promotion.extract").title
with ThreadPoolExecutor({THREADS}) as threads:
    print(set(threads.map(ask, range({THREADS}))))
"""


def test_requests_that_are_the_first_of_a_process_all_find_their_kind() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK], capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().startswith("{'Extract")
