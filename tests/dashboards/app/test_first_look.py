"""A what-if: a first look that claims nothing, then exactly what `fairward compare` gives; and it can be stopped."""

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pytest.importorskip("param")

from dashboards.app.desk import Desk
from dashboards.app.first_look import PAIRS, first_look
from dashboards.app.page_decide import glance
from dashboards.app.question import Side, ask
from dashboards.app.service import RunService
from dashboards.app.simulated import Simulated
from fairward.answer_json import answer_json
from policies.experiment import experiment
from policies.replication import Replication
from scenarios.loader import dump_yaml, load_text
from sim.inference import interval
from tests.dashboards.answers import WINTER

POLICIES = ("first-come", "acuity")
SHORT = load_text(WINTER, ("horizon=2 days", "warm_up=6 h"))


class Threads:
    """Stands for the pool of processes, which takes seconds to start."""

    jobs = 2

    def __init__(self):
        self.pool = ThreadPoolExecutor(self.jobs)

    def submit(self, task, number):
        return self.pool.submit(task, number)

    def close(self, at_once=False):
        self.pool.shutdown(wait=True, cancel_futures=at_once)


@pytest.fixture
def desk(tmp_path):
    service = RunService(tmp_path)
    service.workers = Threads()
    made = Desk(service, reference=POLICIES[0], policy=POLICIES[1], runs=2 * PAIRS, seed=7)
    made.upload("winter.yaml", dump_yaml(SHORT).encode())
    yield made
    service.close()


def told(answer):
    """What an answer says, as bytes; not where it was made."""
    whole = answer_json(answer)
    return json.dumps({key: value for key, value in whole.items() if key != "provenance"}).encode()


def test_what_a_what_if_ends_with_is_what_compare_gives(desk):
    asyncio.run(desk.run())
    found = desk.result.answer

    compared = experiment(SHORT, POLICIES, 2 * PAIRS, seed=7)

    assert told(found) == told(compared)
    assert found.provenance["logs"] == compared.provenance["logs"]
    for policy in POLICIES:
        assert found.outcomes[policy].equals(compared.outcomes[policy])


def test_the_first_look_is_there_before_the_result_and_gone_with_it(desk):
    heard = []
    desk.param.watch(lambda event: heard.append((event.new, desk.result)), "look")

    asyncio.run(desk.run())

    (look, before), (gone, after) = heard
    assert (look.n, look.wanted, before) == (PAIRS, 2 * PAIRS, None)
    assert gone is None
    assert after.answer.replications == tuple(range(1, 2 * PAIRS + 1))


def test_few_runs_have_no_first_look(desk):
    desk.runs, heard = PAIRS, []
    desk.param.watch(lambda event: heard.append(event.new), "look")

    asyncio.run(desk.run())

    assert desk.result is not None
    assert heard == []


def test_the_first_look_is_the_interval_of_its_pairs_and_no_verdict():
    sides = tuple(Side(policy, SHORT, policy) for policy in POLICIES)
    question = ask("winter", *sides, (), "", 7, 10)
    task = Replication(SHORT, POLICIES, 7, "auto", None)
    parts = [task(number) for number in range(1, PAIRS + 1)]
    done = {p: [Simulated(n, part[p], None) for n, part in enumerate(parts, 1)] for p in POLICIES}

    look = first_look(question, done)
    page = glance(look)

    waits = [
        [part[p].outcomes.set_index(["metric", "attribute", "hospital"])["value"] for part in parts]
        for p in POLICIES
    ]
    first, second = (np.array([w["untreated_hours", "", ""].item() for w in side]) for side in waits)
    expected = interval(second - first)
    untreated = next(tile for tile in look.tiles if "ntreated" in tile.what)
    assert f"[{expected.low:+.2f}, {expected.high:+.2f}]".replace("-", "−") in untreated.change
    assert "First look: 4 runs, still computing. 4 of 10 paired runs of acuity." in page
    assert "Looking early is not a test" in page
    assert "previous result" in page
    assert "data-result" not in page
    assert not any(word in page for word in ("tag-better", "tag-worse", ">better<", ">worse<"))


@pytest.mark.parametrize("at", ["before the look", "after the look"])
def test_a_stop_is_heard_within_a_second_and_takes_the_look_away(desk, at):
    desk.runs = 50
    stopped = []

    async def run():
        running = asyncio.ensure_future(desk.run())
        while (desk.progress if at == "before the look" else desk.look) in (0, None):
            await asyncio.sleep(0.005)
        stopped.append(time.process_time())
        desk.cancel()
        await running
        stopped.append(time.process_time())

    asyncio.run(run())

    assert stopped[1] - stopped[0] < 1
    assert "Stopped" in desk.message
    assert (desk.look, desk.result, desk.running) == (None, None, False)
    assert desk.service.busy == 0
