"""How gunicorn serves the portal, alike in `make run` and in the containers.

One process with threads, because the embedded default keeps its rate limits in the
memory of that process; more processes (WEB_CONCURRENCY) where there is a Redis.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

wsgi_app = "dip_portal.wsgi:application"
worker_class = "gthread"
threads = 8
timeout = 60
graceful_timeout = 10
keepalive = 5
accesslog = "-"
access_log_format = '%(h)s %(t)s "%(r)s" %(s)s %(b)s %(M)sms [%({x-correlation-id}o)s]'
logger_class = "deploy.access_log.RedactingLogger"
# Its default place is one for all of a user's gunicorns, and nobody asks it anything here.
control_socket_disable = True


def on_starting(server: Any) -> None:
    """Give the processes a folder where each writes its numbers, so that /metrics has all."""
    folder = tempfile.mkdtemp(prefix="dip-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder


def post_worker_init(worker: Any) -> None:
    """Settle down, once the application is loaded."""
    from dip_portal.lib import garbage  # noqa: PLC0415 - no part of the process that only watches

    garbage.settle()


def child_exit(server: Any, worker: Any) -> None:
    """Let go of what a process said of its own present; what it counted stays."""
    from prometheus_client import multiprocess  # noqa: PLC0415 - it must find the folder

    multiprocess.mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    """Leave no folder behind."""
    shutil.rmtree(Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]), ignore_errors=True)
