"""Imagined futures: blind to the true one, exact in law given what has elapsed, and without a trace in the run."""

import numpy as np
import pytest
from hypothesis import assume, given, reject, settings
from scipy import stats

from agents.build import build_engine
from scenarios.errors import DeadlockError, UnsupportedFeature
from scenarios.loader import load, load_text
from sim.distributions import share_below
from sim.eventlog import Row
from sim.fast.engine import FastEngine
from sim.fast.outlook import Outlook, check_outlook
from sim.network import compile_network
from sim.protocol import Directive
from sim.workload import Workload
from tests.policies.scenes import scenario as three_hospitals
from tests.strategies import Impulsive, seeds, small_scenarios


def advanced(scenario, n, seed=1):
    """An engine at its (n + 1)th decision under neutral orders."""
    engine = build_engine(scenario, seed, 1, "fast")
    for _ in range(n):
        engine.next_decision()
        engine.answer(Directive())
    engine.next_decision()
    return engine


def finished(engine):
    engine.answer(Directive())
    while engine.next_decision() is not None:
        engine.answer(Directive())
    return engine


def log_of(engine):
    return finished(engine)._rows.log().fingerprint()


def surge():
    return load("surge", ("horizon=12 days",))


@pytest.mark.parametrize(
    "make", [surge, three_hospitals, lambda: load("region", ("horizon=6 days", "warm_up=0"))]
)
def test_the_same_past_with_another_future_imagines_the_same(make):
    engine = advanced(make(), 14)
    now, horizon = engine.env.now, engine.network.horizon
    other = Outlook(engine).future(("another world",), horizon, log=True)

    mine = [Outlook(engine).future(("a", str(i)), now + 24) for i in range(2)]
    others = [Outlook(other).future(("a", str(i)), now + 24) for i in range(2)]

    assert [log_of(one) for one in mine] == [log_of(one) for one in others]
    assert log_of(mine[0].copy()) != log_of(mine[1].copy())
    assert log_of(engine) != log_of(other)


@settings(max_examples=20)
@given(scenario=small_scenarios(), seed=seeds())
def test_no_network_lets_its_future_show(scenario, seed):
    network = compile_network(scenario)
    engine = FastEngine(network, Workload(network, seed, 0))
    policy = Impulsive(network, seed, 0.4)
    try:
        check_outlook(network)
        for _ in range(1 + seed % 5):
            assume((decision := engine.next_decision()) is not None)
            engine.answer(policy.decide(decision))
        assume(engine.next_decision() is not None)
    except (DeadlockError, UnsupportedFeature):
        reject()
    before = engine.copy()

    other = Outlook(engine).future(("another world",), network.horizon, log=True)
    futures = [Outlook(one).future(("a",), network.horizon) for one in (engine, other)]

    def told(one):
        try:
            return log_of(one)
        except DeadlockError as error:
            return error.time, error.stuck

    assert told(futures[0]) == told(futures[1])
    assert told(engine) == told(before)


@pytest.mark.parametrize("make", [surge, three_hospitals])
def test_imagining_leaves_no_trace_in_the_run(make):
    alone, watched = advanced(make(), 10), advanced(make(), 10)

    for i in range(6):
        outlook = Outlook(watched)
        finished(outlook.future(("b", str(i)), watched.env.now + 12))
        watched.answer(Directive())
        watched.next_decision()

    while alone.env.now < watched.env.now:
        alone.answer(Directive())
        alone.next_decision()
    assert log_of(watched) == log_of(alone)


# The law of what remains.

WARD = """
fairward: 1
name: one ward
horizon: 400 h
decide_every: 100 h
classes: {ill: {pathway: care}}
pathways: {care: {steps: {ward: {needs: bed, duration: LAW, PATIENCE}}}}
hospitals: {north: {beds: {bed: BEDS}}}
arrivals: {north: {hospital: north, classes: ill, ARRIVALS}}
"""


def ward(law="{exponential: 10 h}", beds="unlimited", patience="", arrivals="poisson: 3 per hour"):
    text = WARD.replace("LAW", law).replace("BEDS", beds).replace("PATIENCE", patience or "treatment: true")
    return load_text(text.replace("ARRIVALS", arrivals))


LAWS = [
    "{exponential: 10 h}",
    "{lognormal: {mean: 12 h, sd: 15 h}}",
    "{erlang: {mean: 12 h, k: 4}}",
    "{gamma: {mean: 12 h, sd: 20 h}}",
    "{weibull: {scale: 10 h, shape: 0.7}}",
    "{normal: {mean: 12 h, sd: 6 h}}",
    "{uniform: {low: 5 h, high: 20 h}}",
    "{triangular: {low: 2 h, mode: 6 h, high: 20 h}}",
]


def in_care(engine):
    p = engine.memory["patients"]
    places = np.flatnonzero((p["number"] >= 0) & (p["cell"] < 0))
    return places, p["since"][places], p["finish"][places]


@pytest.mark.parametrize("law", LAWS)
def test_what_remains_of_a_stay_has_the_law_given_what_has_elapsed(law, seed):
    scenario = ward(law)
    engine = advanced(scenario, 1, seed)
    outlook, now = Outlook(engine), engine.env.now
    duration = scenario.pathways["care"].steps["ward"].duration[0]

    ranks = []
    for i in range(30):
        _, since, finish = in_care(outlook.future((law, str(i)), scenario.horizon))
        low = share_below(duration, now - since)
        ranks.append((share_below(duration, finish - since) - low) / (1 - low))

    ranks = np.concatenate(ranks)
    assert len(ranks) > 500
    assert stats.kstest(ranks, "uniform").pvalue > 1e-3
    # Not only over all: those who have been here long, and those who have just come.
    old = np.tile(now - since > np.median(now - since), 30)
    assert stats.kstest(ranks[old], "uniform").pvalue > 1e-3


def test_a_stay_of_fixed_length_ends_when_it_must():
    engine = advanced(ward("13 h"), 1)
    _, _, true = in_care(engine)

    _, _, imagined = in_care(Outlook(engine).future(("x",), 400.0))

    assert len(true) > 20
    assert np.array_equal(true, imagined)


def test_of_observed_values_only_the_longer_ones_remain(seed):
    engine = advanced(ward("{empirical: {values: [4 h, 10 h, 40 h], weights: [5, 3, 2]}}"), 1, seed)
    outlook, now = Outlook(engine), engine.env.now

    stays = []
    for i in range(200):
        _, since, finish = in_care(outlook.future((str(i),), 400.0))
        stays.append(np.round(finish - since, 2))

    stays, elapsed = np.array(stays), now - since
    assert set(stays[:, elapsed > 10.01].ravel()) == {40.0}
    middle = stays[:, (elapsed > 4.01) & (elapsed < 9.99)]
    short = np.mean(middle == 10.0)
    assert set(middle.ravel()) == {10.0, 40.0}
    assert abs(short - 0.6) < 4 * np.sqrt(0.24 / middle.size)


@pytest.mark.parametrize("scope", ["step", "journey"])
def test_what_remains_of_patience_has_the_law_given_the_wait(scope, seed):
    patience = f"patience: {{time: {{uniform: {{low: 2 h, high: 60 h}}}}, scope: {scope}}}"
    scenario = ward(beds="5", patience=patience)
    engine = advanced(scenario, 1, seed)
    outlook, now = Outlook(engine), engine.env.now
    law = scenario.pathways["care"].steps["ward"].patience.time[0]

    ranks = []
    for i in range(30):
        p = outlook.future((scope, str(i)), scenario.horizon).memory["patients"]
        waits = (p["number"] >= 0) & (p["cell"] >= 0)
        low = share_below(law, now - p["queued"][waits])
        ranks.append((share_below(law, p["patience"][waits] - p["queued"][waits]) - low) / (1 - low))

    ranks = np.concatenate(ranks)
    assert len(ranks) > 500
    assert stats.kstest(ranks, "uniform").pvalue > 1e-3


def test_whoever_waits_for_one_server_waits_as_long_as_queueing_theory_says(seed):
    """M/M/1, first come first served: with k before them and one in service, k + 1 mean services."""
    scenario = ward("{exponential: 30 min}", beds="1", arrivals="poisson: 2.2 per hour")
    engine = advanced(scenario, 2, seed)
    outlook, now = Outlook(engine), engine.env.now
    p = engine.memory["patients"]
    waiting = np.sort(p["number"][(p["number"] >= 0) & (p["cell"] >= 0)])
    expected = 0.5 * len(waiting) * (len(waiting) + 1) / 2

    totals = []
    for i in range(300):
        log = finished(outlook.future((str(i),), scenario.horizon))._rows.log()
        started = (log.kind == Row.STARTED) & np.isin(log.patient, waiting)
        totals.append((log.time[started] - now).sum())

    assert len(waiting) >= 3
    assert abs(np.mean(totals) - expected) < 4 * np.std(totals, ddof=1) / np.sqrt(300)


def test_an_endless_ward_fills_as_the_formula_says(seed):
    """M/M/infinity from n: n exp(-mu t) + (lambda / mu) (1 - exp(-mu t))."""
    scenario = ward()
    engine = advanced(scenario, 1, seed)
    outlook = Outlook(engine)
    n, left = len(in_care(engine)[0]), np.exp(-8 / 10)

    counts = [len(in_care(finished(outlook.future((str(i),), engine.env.now + 8)))[0]) for i in range(200)]

    expected = n * left + 30 * (1 - left)
    variance = n * left * (1 - left) + 30 * (1 - left)
    assert abs(np.mean(counts) - expected) < 4 * np.sqrt(variance / 200)


def test_the_next_gap_is_longer_than_the_time_since_the_last_arrival(seed):
    scenario = ward(arrivals="renewal: {gap: {uniform: {low: 2 h, high: 50 h}}}")
    engine = advanced(scenario, 1, seed)
    now = engine.env.now
    outlook, gap = Outlook(engine), scenario.arrivals["north"].renewal.gap
    last = engine.workload.patients.time[engine.workload.patients.time <= now].max()

    ranks = []
    for i in range(300):
        time = outlook.future((str(i),), scenario.horizon).workload.patients.time
        low = share_below(gap, np.array([now - last]))
        ranks.append((share_below(gap, np.array([time[time > now].min() - last])) - low)[0] / (1 - low[0]))

    assert stats.kstest(ranks, "uniform").pvalue > 1e-3


def test_slots_stay_and_the_late_may_still_come():
    on_time = ward(arrivals="schedule: {at: [0 h, 3 h], every: 7 h}")
    engine = advanced(on_time, 1)
    true = engine.workload.patients.time

    imagined = Outlook(engine).future(("x",), 400.0).workload.patients.time

    assert np.array_equal(true, imagined)
    late = ward(
        arrivals="schedule: {at: [98 h], each: 200, no_show: 0.4, lateness: {uniform: {low: 0 h, high: 4 h}}}"
    )
    engine = advanced(late, 1)
    come = np.count_nonzero(engine.workload.patients.time <= 100)
    outlook = Outlook(engine)
    more = [len(outlook.future((str(i),), 400.0).workload.patients.time) - come for i in range(100)]
    # Of those who have not come: absent .4, later than 2 h .6 x .5.
    share = 0.3 / 0.7
    n = 200 - come
    assert abs(np.mean(more) - n * share) < 4 * np.sqrt(n * share * (1 - share) / 100)


def test_the_sick_of_shifts_that_have_begun_stay_sick():
    engine = advanced(surge(), 20)
    now = engine.env.now
    outlook = Outlook(engine)

    capacity = engine.memory["pools"]["capacity"].copy()
    futures = [outlook.future((str(i),), now + 30) for i in range(6)]

    assert all(np.array_equal(one.memory["pools"]["capacity"], capacity) for one in futures)
    later = [tuple(finished(one).memory["pools"]["capacity"]) for one in futures]
    assert len(set(later)) > 1


@pytest.mark.parametrize(("name", "path"), [("flu-season", "population"), ("surge-epidemic", "epidemic")])
def test_what_cannot_be_drawn_anew_is_refused_by_name(name, path):
    with pytest.raises(UnsupportedFeature, match=path):
        check_outlook(compile_network(load(name)))
