"""Numbers for Prometheus at /metrics: requests, how work stands, signs of life.

No label is anybody's name: a request is named by its view, never by its address. The page is
for the inside alone: by a token (setting METRICS_TOKEN), or else from this very machine, and
never through the gateway.
"""

import ipaddress
import os
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from dip_portal.lib import operating, readiness
from dip_portal.lib.version import VERSION

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
FRESH = timedelta(minutes=1)

_counted = CollectorRegistry()
_requests = Counter(
    "dip_http_requests", "Requests answered.", ["method", "view", "status"], registry=_counted
)
_seconds = Histogram(
    "dip_http_request_seconds",
    "How long an answer took.",
    ["view"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=_counted,
)


class MetricsMiddleware:
    """Counts each request by method, view and status, and how long its answer took."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        view = _view_of(request)
        method = request.method if request.method in METHODS else "other"
        _requests.labels(method, view, response.status_code).inc()
        _seconds.labels(view).observe(time.perf_counter() - started)
        return response


def _view_of(request: HttpRequest) -> str:
    if request.resolver_match is not None:
        return request.resolver_match.view_name
    return "static" if request.path.startswith(settings.STATIC_URL) else "none"


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with all numbers in Prometheus's text format, to whom it concerns."""
    if _came_through_a_gateway(request):
        raise Http404
    if settings.METRICS_TOKEN:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        known = settings.METRICS_TOKEN.encode()
        if scheme != "Bearer" or not secrets.compare_digest(token.encode(), known):
            answer = HttpResponse(status=HTTPStatus.UNAUTHORIZED, content_type="text/plain")
            answer["WWW-Authenticate"] = "Bearer"
            return answer
    elif not _is_of_this_machine(request):
        raise Http404
    now = CollectorRegistry()
    now.register(_Standing())
    text = generate_latest(_of_all_processes()) + generate_latest(now)
    return HttpResponse(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _came_through_a_gateway(request: HttpRequest) -> bool:
    return any(name in request.headers for name in ("X-Forwarded-For", "Forwarded"))


def _is_of_this_machine(request: HttpRequest) -> bool:
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _of_all_processes() -> CollectorRegistry:
    """Return what was counted: by all of gunicorn's processes, where it has made them a folder."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return _counted
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return registry


class _Standing(Collector):
    """What is read at the moment that it is asked for. A database that is away leaves it out."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        build = GaugeMetricFamily("dip_build", "What runs here.", labels=["version", "environment"])
        build.add_metric([VERSION, settings.DIP_ENVIRONMENT], 1)
        yield build
        ready = GaugeMetricFamily("dip_ready", "Whether it is as it must be.", labels=["check"])
        for check in readiness.checks():
            ready.add_metric([check.name], check.is_ok)
        yield ready
        try:
            yield from [*_work(), *_signs_of_life()]
        except DatabaseError:
            return


def _work() -> Iterator[GaugeMetricFamily]:
    waiting = GaugeMetricFamily(
        "dip_waiting_seconds", "How long the oldest waits beyond its time.", labels=["work"]
    )
    for line in operating.lines(now=timezone.now()):
        family = GaugeMetricFamily(
            f"dip_{line.name}", f"{line.title} by how they stand.", labels=["state"]
        )
        for count in line.counts:
            family.add_metric([count.state], count.number)
        yield family
        waiting.add_metric([line.name], line.waiting_seconds)
    yield waiting


def _signs_of_life() -> Iterator[GaugeMetricFamily]:
    model = apps.get_model("dip_portal", "Heartbeat")
    now = timezone.now()
    rows = list(model.objects.all())
    seen = GaugeMetricFamily(
        "dip_seen_seconds_ago", "When one was last known to work.", labels=["process"]
    )
    for kind in model.Kind:
        of_kind = [row.seen_at for row in rows if row.kind == kind]
        if of_kind:
            seen.add_metric([kind.lower()], (now - max(of_kind)).total_seconds())
    yield seen
    fresh = [row for row in rows if row.kind == model.Kind.WORKER and now - row.seen_at <= FRESH]
    yield GaugeMetricFamily("dip_workers", "Workers seen in the last minute.", value=len(fresh))
    lags = [row.lag_seconds for row in fresh if row.lag_seconds is not None]
    if lags:
        yield GaugeMetricFamily(
            "dip_broker_lag_seconds", "How long the broker kept beat's last tasks.", value=max(lags)
        )
