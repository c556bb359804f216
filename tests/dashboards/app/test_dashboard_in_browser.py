"""The dashboard in headless Chromium, offline: what visitors do, and that every chart is of one result."""

import json
import shutil
import socket
import time
import urllib.request

import pytest

pytest.importorskip("panel_material_ui")
pytest.importorskip("playwright")

from playwright.sync_api import sync_playwright

from dashboards.app.service import RunService
from dashboards.app.serving import Serving, serve
from fairward.shelf import RunShelf
from scenarios.errors import UsageError
from scenarios.loader import dump_yaml, load_text
from tests.dashboards.answers import WINTER

pytestmark = [pytest.mark.ui, pytest.mark.timeout(240)]

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 90_000
PAGES = ("decide", "equity", "tradeoffs", "runs", "about")
KEYS = """() => {
  const found = new Set();
  const look = root => root.querySelectorAll('*').forEach(e => {
    if (e.dataset && e.dataset.result) found.add(e.dataset.result);
    if (e.shadowRoot) look(e.shadowRoot);
  });
  look(document);
  return [...found];
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of a dashboard of its own."""
    service = RunService(tmp_path_factory.mktemp("cache"), jobs=2)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shelf = RunShelf(tmp_path_factory.mktemp("runs"))
    server = serve(service, shelf, Serving(port=port), threaded=True)
    url = f"http://127.0.0.1:{port}"
    for _ in range(200):  # it listens a moment after its thread has started
        try:
            urllib.request.urlopen(f"{url}/health", timeout=60).close()
            break
        except OSError:
            time.sleep(0.25)
    yield url
    server.stop()
    service.close()


@pytest.fixture(scope="module")
def browser():
    """One Chromium."""
    if CHROMIUM is None:
        pytest.skip("no Chromium")
    with sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield made
        made.close()


@pytest.fixture
def visit(browser, site):
    """Open a page as a new visitor; whoever asks another machine for something fails."""
    contexts, outside = [], []

    def opened(query="", **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on(
            "request", lambda r: None if r.url.startswith((site, "data:", "blob:")) else outside.append(r.url)
        )
        page.goto(f"{site}/{query}", wait_until="commit")
        page.locator("[data-result], h1.page").first.wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert outside == []


def uploaded(page, text=None, name="winter.yaml"):
    text = text or dump_yaml(load_text(WINTER, ("horizon=5 days", "warm_up=1 day")))
    page.locator("input[type=file]").first.set_input_files(
        {"name": name, "mimeType": "text/yaml", "buffer": text.encode()}
    )


def test_the_health_endpoint_answers_without_a_session(site):
    with urllib.request.urlopen(f"{site}/health", timeout=60) as answer:
        said = json.load(answer)

    assert said["status"] == "ok"


def test_serving_beyond_this_machine_needs_a_password_and_an_origin():
    with pytest.raises(UsageError) as refused:
        Serving(address="0.0.0.0").check()

    assert "--basic-auth" in str(refused.value)
    assert "--allow-origin" in str(refused.value)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_drawn(visit, name):
    page = visit(f"?page={name}")

    assert page.locator("[role=tab][aria-selected=true]").count() == 1
    assert len(page.evaluate(KEYS)) <= 1


def test_a_lever_is_moved_run_and_every_chart_is_of_the_new_result(visit):
    page = visit()
    before = page.evaluate(KEYS)
    uploaded(page)
    page.get_by_text("The choices have changed").wait_for()
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator("h1.lead").filter(has_text="10 paired runs").wait_for()
    page.wait_for_function(f"() => !({KEYS})().includes('{before[0]}')")

    after = page.evaluate(KEYS)

    assert len(before) == len(after) == 1
    with page.expect_download() as download:
        page.get_by_role("button", name="Numbers (CSV)").click()
    assert after[0] in download.value.suggested_filename


def test_an_upload_with_a_script_in_a_name_is_shown_as_text(visit):
    page = visit()

    uploaded(page, "fairward: 1\nname: '<img src=x onerror=window.broken=1>'\nhorizon: -1\n")
    page.get_by_text("The upload was not taken").wait_for()

    assert page.evaluate("() => window.broken") is None
    assert len(page.evaluate(KEYS)) == 1


def test_a_link_restores_what_was_chosen(visit):
    page = visit("?v=1&scenario=surge&policy=c-mu&beds=10&runs=5")

    page.locator("h1.lead").filter(has_text="beds +10").wait_for()

    assert "scenario=surge" in page.url
    assert len(page.evaluate(KEYS)) == 1


def test_a_link_with_nonsense_is_survived_and_said(visit):
    page = visit("?v=1&scenario=../../etc/passwd&policy=acuity")

    page.get_by_text("is not a scenario of the library").wait_for()

    assert len(page.evaluate(KEYS)) == 1


def test_nothing_spills_on_a_phone(visit):
    phone = "Mozilla/5.0 (Linux; Android 14) Chrome/140.0 Mobile Safari/537.36"
    page = visit(viewport={"width": 390, "height": 844}, user_agent=phone)

    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
