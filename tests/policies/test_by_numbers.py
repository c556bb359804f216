"""What is answered by numbers is the run that decisions and orders make, to the bit."""

import numpy as np
import pandas as pd
import pytest

from agents.build import build_engine
from policies.by_numbers import played
from policies.environments.encoding import Encoding
from policies.learning.checkpoint import Ground, write_checkpoint
from policies.learning.normalising import Normaliser
from policies.learning.offer import Offer
from policies.replication import policy_stream, simulate
from policies.variants import Variant, run_variants
from scenarios.errors import UsageError
from scenarios.loader import load
from sim.network import compile_network
from sim.outcomes import METRICS, outcomes
from sim.tables import Tables
from tests.policies.scenes import drawn_weights

SHORT = ["horizon=8 days", "warm_up=0 h"]
LEVERS = "call in ed-nurse=1:early discharge emergency.ward=all:flex ward=2/2:reserve icu=1:move to=valley"

HELD = [
    ("rural", f"dials:{LEVERS}"),
    ("rural", f"max-weight:critical=6+nearest+dials:{LEVERS}"),
    ("rural", f"equity-weighted:attribute=care-group:critical care=2+least-loaded+dials:{LEVERS}"),
    ("rural", "dials:queue rule=c-mu:overflow rule=nearest:lend=ed-nurse to valley"),
    ("surge", "accumulating-priority+dials:flex ward=4/4:flex icu=2/4:call in icu-nurse=2:move to=west"),
    ("flu-season", "longest-wait+dials:reserve ward=2:vaccine=2 x"),
    ("flu-season", "dials:vaccine=0 x:first for a dose=elderly:divert=yes:overflow rule=outside"),
]
"""Every kind of dial, and rules beside them."""

SEEN = [
    "max-weight+nearest",  # held rules need see nothing at all
    "lp",
    "dials:move to=valley+dials:flex ward=2/2",  # which patients the second still finds depends on the first
    "acuity+dials:queue rule=max-weight",  # the later wins
    "staff-balancing+dials:flex ward=2/2",
]


def run_both(name, written, number=1):
    scenario = load(name, SHORT)
    return [simulate(scenario, written, 3, number, noted=noted) for noted in (True, False)]


def answers(name, written):
    """Whether a policy is played by numbers."""
    scenario = load(name, SHORT)
    engine = build_engine(scenario, 3, 1, "fast")
    return played(engine, written, scenario, compile_network(scenario), policy_stream(written, 3, 1))


def checkpoint(scenario, folder, seed=5):
    network = compile_network(scenario)
    return write_checkpoint(
        folder / "iteration-000001",
        Ground.of(scenario, Offer()),
        drawn_weights(network, np.random.default_rng(seed), 6),
        Normaliser(len(Encoding(network).labels)),
        {},
    )


@pytest.mark.parametrize(("name", "written"), HELD)
def test_held_dials_make_the_same_run(name, written):
    noted, silent = run_both(name, written)

    assert answers(name, written)
    assert silent.log.fingerprint() == noted.log.fingerprint()
    assert silent.workload_hash == noted.workload_hash
    assert noted.orders
    assert silent.orders is None


@pytest.mark.parametrize("kind", ["ckpt", "ckpt-sampled"])
@pytest.mark.parametrize("name", ["rural", "surge", "flu-season"])
def test_a_learned_policy_makes_the_same_run(name, kind, tmp_path):
    written = f"{kind}:{checkpoint(load(name, SHORT), tmp_path)}"

    noted, silent = run_both(name, written)

    assert answers(name, written)
    assert silent.log.fingerprint() == noted.log.fingerprint()
    assert noted.orders


@pytest.mark.parametrize("written", SEEN)
def test_who_must_see_decisions_sees_them(written):
    noted, silent = run_both("rural", written)

    assert not answers("rural", written)
    assert silent.log.fingerprint() == noted.log.fingerprint()
    assert silent.orders == noted.orders


def test_a_rule_that_a_hospital_has_no_use_for_is_not_said_by_dials():
    # Without neighbours `nearest` means to stay; as a dial it would be masked out, and the scenario's rule hold.
    alone = ["transfers.travel={}", "overflow_rule={outside: {}}"]
    scenario = load("surge", [*SHORT, *alone])
    written = "nearest+dials:flex ward=4/4"
    network = compile_network(scenario)
    engine = build_engine(scenario, 3, 1, "fast")

    assert not any(network.neighbours)
    assert not played(engine, written, scenario, network, policy_stream(written, 3, 1))


@pytest.mark.parametrize("name", ["surge", "flu-season"])
def test_what_is_not_of_orders_is_the_same_without_them_and_what_is_fails_loudly(name):
    scenario = load(name, SHORT)
    noted, silent = (
        simulate(scenario, "dials:reserve ward=2:divert=yes", 3, 1, noted=noted) for noted in (True, False)
    )
    plain = [metric.name for metric in METRICS.values() if not metric.of_orders]

    pd.testing.assert_frame_equal(
        outcomes(Tables(noted), noted.network, (), plain), outcomes(Tables(silent), silent.network, (), plain)
    )
    with pytest.raises(ValueError, match="expected noted orders"):
        _ = Tables(silent).decisions


def test_a_strange_option_is_refused_as_ever():
    with pytest.raises(UsageError, match="farthest is not an option"):
        simulate(load("rural", SHORT), "acuity+dials:overflow rule=farthest", 3, 1, noted=False)


def test_variants_keep_what_was_asked_and_orders_are_noted_where_they_cost(tmp_path):
    scenario = load(
        "rural",
        [*SHORT, "costs={currency: GBP of 2023, call_in: {ed-nurse: {amount: 300, source: assumed}}}"],
    )
    dials = f"dials:{LEVERS}"

    def asked(*metrics):
        (found,) = run_variants(
            scenario, [Variant((), (1, 2))], [dials], metrics, (), 3, folder=tmp_path
        )  # fmt: skip
        return found[dials]

    waits, both = asked("untreated_hours"), asked("untreated_hours", "cost_per_day")
    again = asked("untreated_hours")
    everybody = both[(both["metric"] == "cost_per_day") & (both["attribute"] == "")]

    assert set(waits["metric"]) == {"untreated_hours"}
    assert set(waits["hospital"]) == {""}
    assert (everybody["value"] > 0).all()
    pd.testing.assert_frame_equal(waits, again)
    pd.testing.assert_frame_equal(
        waits.reset_index(drop=True), both[both["metric"] == "untreated_hours"].reset_index(drop=True)
    )
