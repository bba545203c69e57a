"""Web: /metrics, /live and /ready, each in a thread of its own, and never more of them than a bound."""

import logging
import sys
from collections.abc import Iterable, Iterator
from socketserver import ThreadingMixIn
from threading import BoundedSemaphore, Thread
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from stream.connection import ConfigProblem
from stream.settings import Settings
from stream.sinks.health import Health

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

AT_ONCE = 16  # requests: Prometheus, two probes, a few people; each may wait 5 s for a blocked event loop
CLIENT_SECONDS = 10  # for a client to send what it began


class _Handler(WSGIRequestHandler):
    timeout = CLIENT_SECONDS

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the base's signature
        """Say nothing: a scrape a second is no news, and what is asked for is foreign text."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = AT_ONCE
    refused = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the base's signature
        self._room = BoundedSemaphore(AT_ONCE)
        super().__init__(*args, **kwargs)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base's signature
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.refused += 1
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base's
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base's signature
        """Say it in one line: a client that went away is no defect of ours."""
        del request
        log.warning("a request from %s was not answered: %r", client_address[0], sys.exc_info()[1])


class Web(Collector):
    """The running server; shows the collectors on /metrics, and how many requests it refused.

    Raises
    ------
    ConfigProblem
        when the address can't be had; the text names the settings.
    """

    def __init__(self, settings: Settings, health: Health, *collectors: Collector) -> None:
        registry = CollectorRegistry()
        for collector in (*collectors, self):
            registry.register(collector)
        host, port = settings.metrics_host, settings.metrics_port
        try:
            self._server = _Server((host, port), _Handler)
        except OSError as error:
            raise ConfigProblem(
                f"/metrics can't listen on {host}:{port} ({error.strerror});"
                " set BELWATCH_METRICS_PORT or BELWATCH_METRICS_HOST"
            ) from error
        self._server.set_app(_application(make_wsgi_app(registry), health))
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Port it listens on: the one asked for, or the one given for 0."""
        return self._server.server_port

    def collect(self) -> Iterator[Metric]:
        """Yield what the server counts of itself."""
        family = CounterMetricFamily(
            "belwatch_web_refused_total", "Requests beyond what is answered at a time."
        )
        family.add_metric([], self._server.refused)
        yield family

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _application(metrics: "WSGIApplication", health: Health) -> "WSGIApplication":
    def answer(environ: "WSGIEnvironment", respond: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO")
        if path == "/metrics":
            return metrics(environ, respond)
        if path == "/live":
            return _said("live", health.wrong(), respond)
        if path == "/ready":
            return _said("ready", health.wrong() or health.missing(), respond)
        respond("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"not here: /metrics, /live, /ready\n"]

    return answer


def _said(what: str, against: list[str], respond: "StartResponse") -> Iterable[bytes]:
    respond(
        "503 Service Unavailable" if against else "200 OK", [("Content-Type", "text/plain; charset=utf-8")]
    )
    return [("\n".join(against) if against else what).encode() + b"\n"]
