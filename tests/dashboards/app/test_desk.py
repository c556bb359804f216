"""The view models of the dashboard without a browser: levers, runs, cancels, errors, uploads, one key everywhere."""

import asyncio
import copy
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("param")

from dashboards.app import service as services
from dashboards.app.desk import Desk
from dashboards.app.first import first_result, unchanged
from dashboards.app.levers import changes, levers_of
from dashboards.app.page_decide import Model, lead
from dashboards.app.service import RunService
from dashboards.app.session import Session
from scenarios.errors import RunError
from scenarios.loader import dump_yaml, load, load_text, varied
from tests.dashboards.answers import ONE_BED, VACCINE, WINTER

pytestmark = pytest.mark.slow

SMALL = load_text(WINTER, ("horizon=5 days", "warm_up=1 day"))


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Two processes, started once."""
    made = RunService(tmp_path_factory.mktemp("cache"), jobs=2)
    made.warm()
    yield made
    made.close()


@pytest.fixture
def service(shared, monkeypatch):
    """The shared service with nothing remembered and its own limits."""
    monkeypatch.setattr(shared, "time_limit", 120)
    shared.forget()
    return shared


def desk_of(service, **choices):
    desk = Desk(service, first_result())
    desk.upload("winter.yaml", dump_yaml(SMALL).encode())
    desk.param.update(runs=3, **choices)
    return desk


def test_a_result_made_anew_is_another_though_its_key_is_the_same():
    first = first_result()

    again = copy.deepcopy(first)

    assert again.key == first.key
    assert (again, 1) != (first, 1)


def test_view_models_do_not_import_panel():
    pages = "pages, page_decide, page_about, page_override, page_flow"
    names = f"desk, levers, question, result, service, session, {pages}, uploads, tiles"
    script = f"import sys; from dashboards.app import {names}; print({{'panel', 'bokeh'}} & set(sys.modules))"

    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout == b"set()\n"
    )


def test_a_lever_moves_what_its_label_says_and_nothing_else():
    surge = load("surge")

    demand = varied(surge, changes(surge, {"demand": 150, "beds": 0}))
    beds = varied(surge, changes(surge, {"beds": 20}, where="east"))

    scaled = {
        n for n, a in demand.arrivals.items() if a.scale == pytest.approx(1.5 * surge.arrivals[n].scale)
    }
    assert scaled == {n for n in surge.arrivals if "wave" not in n}
    assert beds.hospitals["central"] == surge.hospitals["central"]
    for unit, was in surge.hospitals["east"].beds.items():
        assert beds.hospitals["east"].beds[unit].count == max(round(was.count * 1.2), 1)


def test_levers_are_offered_only_where_they_do_something():
    names = {lever.name for lever in levers_of(load_text(ONE_BED), "first-come")}

    assert names == {"demand", "beds"}
    assert "vaccine" in {lever.name for lever in levers_of(load_text(VACCINE), "neutral")}
    assert "weight" in {lever.name for lever in levers_of(SMALL, "equity-weighted")}


def test_what_is_shipped_is_what_this_program_makes():
    assert unchanged()


def test_the_first_page_shows_the_shipped_result_without_a_run(service):
    desk = Desk(service, first_result())
    model = Model(Session(desk, service, None))

    assert desk.result.short in lead(model, desk.result)
    assert model.headline(desk.result).startswith("Acuity")
    assert not desk.stale


def test_a_run_shows_its_result_on_every_page_and_the_cache_serves_it_again(service):
    desk = desk_of(service)
    before, heard = desk.result, []
    desk.param.watch(lambda event: heard.append(event.new), "progress")

    asyncio.run(desk.run())
    first = desk.result
    desk.beds = 20
    was_stale = desk.stale
    asyncio.run(desk.run())
    second = desk.result
    desk.beds = 0

    assert (was_stale, desk.stale, heard[-1]) == (True, False, 100)
    assert len({before.key, first.key, second.key}) == 3
    assert desk.result is first
    assert "beds +20 %" in second.answer.policies[1]


def test_two_who_ask_the_same_share_one_flight_and_one_may_leave(service):
    one, other = desk_of(service), desk_of(service)

    async def both():
        runs = [asyncio.ensure_future(desk.run()) for desk in (one, other)]
        while not service.busy:  # a run takes a tenth of a second: who waits longer finds it done
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.02)
        assert service.busy == 1
        one.cancel()
        await asyncio.gather(*runs)

    asyncio.run(both())

    assert "Stopped" in one.message
    assert one.result.shipped
    assert not other.result.shipped
    assert not one.running
    assert not other.running


def test_what_cannot_be_run_is_said_and_the_last_good_result_stays(service):
    desk = desk_of(service, policy="first-come")
    asyncio.run(desk.run())
    same = desk.message
    desk.param.update(policy="no-such-policy")
    asyncio.run(desk.run())

    assert "Both sides are the same" in same
    assert "no-such-policy" in desk.message
    assert desk.result.shipped
    assert not desk.running


def test_a_stop_with_nothing_running_is_answered_and_the_next_run_goes_through(service):
    desk = desk_of(service, demand=150)

    desk.cancel()
    said = desk.message
    asyncio.run(desk.run())

    assert said == "Nothing is running."
    assert desk.message == ""
    assert not desk.result.shipped


def test_a_killed_worker_costs_a_retry_and_no_result(service):
    desk = desk_of(service, beds=5)

    async def ask():
        running = asyncio.ensure_future(desk.run())
        await asyncio.sleep(0.2)
        os.kill(min(service.workers._pool._processes), signal.SIGKILL)
        await running

    asyncio.run(ask())

    assert desk.message == ""
    assert "beds +5 %" in desk.result.answer.policies[1]


def test_a_full_disk_and_a_run_without_end_are_said(service):
    with pytest.raises(RunError, match="is full"):
        asyncio.run(service.compute("disk", Path("/dev/full").write_text, "kept"))
    service.time_limit = 0.5
    with pytest.raises(RunError, match="took longer than"):
        asyncio.run(service.compute("long", time.sleep, 1))


def test_a_run_that_nobody_waits_for_does_not_hold_a_process(service, monkeypatch):
    monkeypatch.setattr(services, "GRACE", 0.2)
    service.time_limit = 0.5

    async def ask():
        with pytest.raises(RunError):
            await service.compute("longer", time.sleep, 600)
        await asyncio.sleep(1)
        service.time_limit = 60
        return await service.compute("after", abs, -3)

    assert asyncio.run(ask()) == 3


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("huge.yaml", b"a" * 600_000, "at most 500 kB"),
        ("text.yaml", b"\xff\xfe", "UTF-8"),
        ("bad.yaml", b"fairward: 1\nname: x\nhorizon: -3\n", "horizon"),
        ("tag.yaml", b"!!python/object/apply:os.system ['true']", "tag"),
        ("read.yaml", b"extends: ../../etc/secret.yaml\n", "library only"),
        ("<img src=x onerror=alert(1)>.yaml", b"name: [", "_img src_x onerror_alert_1__.yaml"),
    ],
)
def test_an_upload_that_cannot_be_used_is_refused_with_its_reason(service, name, content, says):
    desk = Desk(service, first_result())

    desk.upload(name, content)

    assert says in desk.message
    assert desk.scenario == "region"
    assert desk.uploads == {}
