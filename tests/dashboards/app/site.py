"""A dashboard that is being served from this process, for tests and pictures."""

import socket
import time
import urllib.request
from contextlib import closing, contextmanager
from dataclasses import dataclass

from dashboards.app.service import RunService
from dashboards.app.serving import Serving, serve
from fairward.shelf import RunShelf


@dataclass(frozen=True)
class Site:
    """Where it is, and what answers."""

    url: str
    service: object


def free_port():
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def served(cache, runs):
    """A dashboard with two processes, as soon as it answers. `cache`, `runs`: folders of its own."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with closing(RunService(cache, jobs=2)) as service:
        server = serve(service, RunShelf(runs), Serving(port=port), threaded=True)
        try:
            for _ in range(200):  # it listens a moment after its thread has started
                try:
                    urllib.request.urlopen(f"{url}/health", timeout=60).close()
                    break
                except OSError:
                    time.sleep(0.25)
            yield Site(url, service)
        finally:
            server.stop()
