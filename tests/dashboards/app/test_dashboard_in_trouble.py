"""What goes wrong on a server is said on the page, which keeps the last good result."""

import multiprocessing
import os
from pathlib import Path

import pytest

pytest.importorskip("panel_material_ui")
pytest.importorskip("playwright")

from dashboards.app import service as services

pytestmark = [pytest.mark.ui, pytest.mark.timeout(240)]


def a_full_disk(side, seed, parts):
    """A run whose worker writes to a device without room."""
    return services._Call(Path("/dev/full").write_text, ("kept",))


def a_worker_that_dies(side, seed, parts):
    """A run in which the worker process is killed."""
    return services._Call(os._exit, (9,))


@pytest.mark.parametrize(
    ("run", "says"),
    [
        (a_full_disk, "is full, so runs cannot be kept there"),
        (a_worker_that_dies, "A worker process ended suddenly"),
    ],
)
def test_a_run_that_fails_is_said_and_the_result_stays(visit, monkeypatch, run, says):
    visitor = visit()
    before = visitor.keys()
    visitor.brings(run.__name__)
    monkeypatch.setattr(services, "_simulation", run)

    visitor.press("Run")
    visitor.told(says)

    assert visitor.keys() == before
    assert set(visitor.charts()) == set(before)
    monkeypatch.undo()
    visitor.press("Run")
    visitor.until_only_one_key_but(before)


def test_a_worker_that_is_killed_once_costs_the_visitor_nothing(visit):
    visitor = visit()
    before = visitor.keys()
    visitor.brings("a worker killed once")
    visitor.slider("Paired runs").press("End")
    visitor.press("Run")
    visitor.page.get_by_role("progressbar", name="Running").wait_for()
    for child in multiprocessing.active_children():
        child.kill()
    visitor.until_only_one_key_but(before)

    assert visitor.page.get_by_text("ended suddenly").count() == 0


def test_a_folder_that_cannot_be_written_is_said(visit, site, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    visitor = visit()
    before = visitor.keys()
    visitor.brings("a folder that cannot be written")
    monkeypatch.setattr(site.service, "folder", tmp_path / "file")

    visitor.press("Run")
    visitor.told("cannot be used")

    assert visitor.keys() == before


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("fairward: 1\nname: '<img src=x onerror=window.broken=1>'\nhorizon: -1\n", "horizon"),
        (b"a" * 600_000, "at most 500 kB"),
        (b"a" * 3_000_000, "at most 500 kB"),
        ("!!python/object/apply:os.system ['true']", "is not understood"),
    ],
)
def test_an_upload_that_cannot_be_used_is_said_and_nothing_of_it_is_run(visit, content, says):
    visitor = visit()
    before = visitor.keys()

    visitor.upload(content, "<img src=x onerror=window.broken=1>.yaml")
    visitor.told("The upload was not taken")
    visitor.told(says)

    assert visitor.page.evaluate("() => window.broken") is None
    assert visitor.keys() == before
