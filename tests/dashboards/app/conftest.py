"""A dashboard and its visitors; made only where a test asks for them."""

import logging
import socket
import time
import urllib.request
from dataclasses import dataclass

import pytest

from tests.dashboards.app.visitor import PATIENCE, Visitor


@dataclass(frozen=True)
class Site:
    """A dashboard that is being served."""

    url: str
    service: object


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A dashboard of its own, with two processes and an empty folder of runs."""
    from dashboards.app.service import RunService
    from dashboards.app.serving import Serving, serve
    from fairward.shelf import RunShelf

    service = RunService(tmp_path_factory.mktemp("cache"), jobs=2)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = serve(service, RunShelf(tmp_path_factory.mktemp("runs")), Serving(port=port), threaded=True)
    url = f"http://127.0.0.1:{port}"
    for _ in range(200):  # it listens a moment after its thread has started
        try:
            urllib.request.urlopen(f"{url}/health", timeout=60).close()
            break
        except OSError:
            time.sleep(0.25)
    yield Site(url, service)
    server.stop()
    service.close()


@pytest.fixture
def visit(browser, site, caplog):
    """Open a page as a new visitor. A request to another machine fails, so does a complaint of console or server."""
    visitors = []

    def opened(query="", wait=True, **options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        context.set_default_timeout(PATIENCE)
        visitors.append(Visitor(context.new_page(), site.url))
        visitors[-1].open(query, wait)
        return visitors[-1]

    yield opened
    faults = [
        one.getMessage()
        for one in caplog.get_records("call")
        if one.levelno >= logging.ERROR and one.name != "asyncio"
    ]
    for visitor in visitors:
        visitor.page.context.close()
    assert [url for visitor in visitors for url in visitor.outside] == []
    assert [text for visitor in visitors for text in visitor.complaints] == []
    assert faults == []
