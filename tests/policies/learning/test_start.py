"""Training may begin at a rule that is known to be good, on a menu that says what may be touched."""

import numpy as np
import pytest

from policies.learning.leaning import HELD, leaning_of
from policies.learning.offer import Offer, offer_named
from policies.learning.settings import TrainSettings
from policies.learning.start import start_at
from scenarios.errors import UsageError
from scenarios.loader import load
from sim.network import compile_network


@pytest.fixture(scope="module")
def rural():
    scenario = load("rural", ["horizon=8 days", "warm_up=0 h"])
    return scenario, compile_network(scenario)


def begun(rural, written, menu="inside"):
    scenario, network = rural
    offer, options = start_at(written, scenario, network, offer_named(menu, network))
    return offer, {
        dial.name: dial.options[option]
        for dial, option in zip(offer.menu(network).dials, options, strict=True)
        if option
    }


def test_rules_and_dials_become_the_options_to_lean_to(rural):
    offer, options = begun(rural, "max-weight+nearest+dials:call in ed-nurse=1")

    assert options == {"queue rule": "max-weight", "overflow rule": "nearest", "call in ed-nurse": "1"}
    assert offer.queue_rules is None  # it was on the menu


def test_a_rule_that_is_not_on_the_menu_is_put_there(rural):
    _scenario, network = rural

    offer, options = begun(rural, "max-weight:critical=16+least-loaded")

    assert options["queue rule"] == "max-weight"
    assert len(offer.queue_rules) == len(offer_named("all", network).menu(network).dials[0].rules) + 1
    assert offer.queue_rules[-1].max_weight.cost["critical"] == 16
    assert Offer.of_plain(offer.plain()) == offer


def test_a_start_at_the_scenarios_own_rules_is_neutral(rural):
    assert begun(rural, "neutral")[1] == {}
    assert begun(rural, "acuity")[1] == {}


@pytest.mark.parametrize(
    ("written", "menu", "said"),
    [
        ("staff-balancing", "all", "expected rules for queue and overflow that are held"),
        ("max-weight+nearest", "class-weights", "its overflow rule is not on the menu"),
        ("dials:divert=yes", "inside", "divert is not a dial here"),
    ],
)
def test_a_start_that_cannot_be_said_with_the_menu_is_refused(rural, written, menu, said):
    with pytest.raises(UsageError, match=said):
        begun(rural, written, menu)


def test_the_menus_inside_the_network_send_nobody_out_of_it(rural):
    _, network = rural
    for name in ("inside", "rules"):
        menu = offer_named(name, network).menu(network)

        assert all("outside" not in dial.options for dial in menu.dials)
        assert "divert" not in [dial.name for dial in menu.dials]
    assert len(offer_named("rules", network).menu(network).dials) == 2


def test_the_untrained_policy_takes_the_start_with_the_probability_asked_for(rural):
    torch = pytest.importorskip("torch")
    from policies.learning.network import ActorCritic

    net = ActorCritic(4, 0, (3, 1, 5), 1, keep=0.9, seed=1, start=(2, 0, 4))

    probabilities = net.forward(torch.zeros(1, 4), torch.ones(1, 9)).exp().detach().numpy()[0]

    assert probabilities[2] / probabilities[:3].sum() == pytest.approx(0.9)
    assert probabilities[8] / probabilities[4:].sum() == pytest.approx(0.9)
    assert np.allclose(probabilities[:2], probabilities[0])


def test_dials_that_are_not_explored_stay_at_the_start(rural):
    """The policy strays from the start on the dials named, and on no other: not even once in a thousand decisions."""
    torch = pytest.importorskip("torch")
    from policies.learning.network import ActorCritic

    _scenario, network = rural
    menu = offer_named("inside", network).menu(network)
    settings = TrainSettings(menu="inside", keep=0.8, explore=("queue rule", "call in ed-nurse"))
    leaning = leaning_of(settings, menu)
    net = ActorCritic(4, 0, menu.sizes.tolist(), 1, keep=leaning, seed=1)
    logits = net.forward(torch.zeros(1000, 4), torch.ones(1000, int(menu.sizes.sum()))).detach().numpy()
    taken, _ = net.dials.draw(logits, np.random.default_rng(5).random((1000, len(menu.dials))))
    strayed = {dial.name for dial, options in zip(menu.dials, taken.T, strict=True) if options.any()}

    assert set(leaning) == {0.8, HELD}
    assert strayed == {"queue rule", "call in ed-nurse"}


def test_a_dial_to_explore_that_there_is_not_is_refused_with_what_there_is(rural):
    _scenario, network = rural
    menu = offer_named("rules", network).menu(network)

    with pytest.raises(UsageError, match=r"explore: queue rul is not a dial here.*queue rule"):
        leaning_of(TrainSettings(explore=("queue rul",)), menu)
