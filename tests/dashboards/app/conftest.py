"""A dashboard and its visitors; made only where a test asks for them."""

import logging
import traceback

import pytest

from tests.dashboards.app.visitor import PATIENCE, Visitor


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A dashboard of its own, with an empty folder of runs."""
    from tests.dashboards.app.site import served

    with served(tmp_path_factory.mktemp("cache"), tmp_path_factory.mktemp("runs")) as made:
        yield made


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
        if one.levelno >= logging.ERROR and one.name != "asyncio" and not _of_leaving(one)
    ]
    for visitor in visitors:
        visitor.page.context.close()
    assert [url for visitor in visitors for url in visitor.outside] == []
    assert [text for visitor in visitors for text in visitor.complaints] == []
    assert faults == []


def _of_leaving(record):
    """Whether it is Bokeh's of a visitor who has left, perhaps the last test's.

    It has let go of his session then, and still asks for it, of the last message or when the connection closes.
    """
    if not record.exc_info:
        return False
    last = traceback.extract_tb(record.exc_info[2])[-1]
    return last.name == "session" and last.filename.endswith("bokeh/server/connection.py")
