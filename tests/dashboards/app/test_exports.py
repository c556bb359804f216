"""What a visitor takes along is of the result on the screen, and a past run is found by name only."""

import shutil

import pandas as pd
import pytest

pytest.importorskip("param")

from dashboards.app import exports
from dashboards.app.desk import Desk
from dashboards.app.first import first_result
from dashboards.app.levers import LEVERS
from dashboards.app.page_about import Model as About
from dashboards.app.page_about import content
from dashboards.app.page_runs import Model, run_table
from dashboards.app.service import RunService
from dashboards.app.session import Session
from dashboards.app.tiles import tiles
from fairward.shelf import RunShelf


@pytest.fixture(scope="module")
def shipped():
    """The result that is shipped."""
    return first_result()


@pytest.fixture
def session(shipped, tmp_path):
    """A visitor of a folder without runs."""
    service = RunService(tmp_path / "cache")
    yield Session(Desk(service, shipped), service, RunShelf(tmp_path))
    service.close()


def test_the_numbers_carry_the_key_of_their_result_and_no_small_group(shipped):
    csv = pd.read_csv(exports.as_csv(shipped), keep_default_na=False)
    parquet = pd.read_parquet(exports.as_parquet(shipped))

    assert set(csv["result"]) == {shipped.key}
    assert len(csv) == len(parquet)
    assert (parquet.loc[parquet["attribute"] != "", "n_mean"] >= 10).all()
    assert set(csv["kind"]) == {"level", "difference"}


def test_the_report_opens_offline_and_names_its_result(shipped):
    page = exports.as_html(shipped).getvalue().decode()

    assert shipped.key in page
    assert "How full are the beds, day by day?" in page
    assert "http://" not in page.replace("http://www.w3.org", "")


@pytest.mark.ui
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
def test_the_report_is_printed_as_pdf(shipped):
    assert exports.as_pdf(shipped).getvalue().startswith(b"%PDF")


def test_tiles_say_what_it_was_and_how_sure_the_change_is(shipped):
    found = tiles(shipped.story)

    assert [tile.reading for tile in found][:2] == ["worse", "no clear change"]
    assert all("[" in tile.change for tile in found)


def test_a_folder_without_runs_is_said_and_a_path_is_no_name(session):
    model = Model(session)

    assert "no runs" in run_table(model.take())
    model.param["run"].objects = ["../../etc"]
    model.run = "../../etc"
    model.open()

    assert "no runs" in model.message
    assert session.desk.result.shipped


def test_names_from_files_are_shown_as_text():
    past = [("x", {"scenario": "<script>alert(1)</script>", "policies": ["<b>"], "replications": [1]})]

    assert "<script>" not in run_table(past)
    assert "<b>" not in run_table(past)


def test_about_gives_the_command_that_makes_the_same_runs(session, shipped):
    page = content(About(session), shipped)

    assert "fairward compare region --policies first-come,acuity --reps 10 --seed 1" in page
    assert "synthetic" in page


def test_every_lever_has_help_and_a_unit():
    assert all(lever.help and lever.unit for lever in LEVERS)


def test_a_policy_that_is_a_file_is_refused(session):
    session.desk.policy = "ckpt:/tmp/anything"

    with pytest.raises(Exception, match="file of this machine"):
        session.desk.question()
