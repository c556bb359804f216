from zlib import crc32

import numpy as np
import pytest

from scenarios.loader import load_text
from sim.network import attribute_values, compile_network
from sim.workload import draw_patients

ONE_CLINIC = """
fairward: 1
name: one-clinic
horizon: 1000 h
acuities: [critical, urgent, standard]
attributes:
  language: {share: {native: 0.8, foreign: 0.2}}
  age:
    share:
      - {when: {class: child}, share: {young: 1}}
      - {when: {language: foreign}, share: {young: 0.7, middle: 0.2, old: 0.1}}
      - {share: {young: 0.2, middle: 0.5, old: 0.3}}
  frailty: {number: {gamma: {mean: 2, sd: 1}}}
equity: {groups: [language, age]}
classes:
  child: {pathway: visit, acuity: {urgent: 1}}
  adult:
    pathway: visit
    acuity:
      - {when: {age: old}, share: {critical: 0.5, urgent: 0.3, standard: 0.2}}
      - {share: {urgent: 0.1, standard: 0.9}}
pathways: {visit: {steps: {see: {needs: room, duration: 1 h}}}}
hospitals: {clinic: {beds: {room: 1}}, other: {beds: {room: 1}}}
arrivals:
  door: {hospital: clinic, classes: {child: 0.3, adult: 0.7}, poisson: 50 per hour, ambulance: 0.25}
  bus:
    hospital: other
    classes: adult
    poisson: 1 per hour
    attributes: {age: {old: 1}}
    acuity: {standard: 1}
"""


@pytest.fixture
def seed(request):
    return crc32(request.node.name.encode())


def draw(seed, *overrides):
    network = compile_network(load_text(ONE_CLINIC, overrides))
    return network, draw_patients(network, seed, 0)


def is_(network, patients, attribute, value):
    return patients.codes[attribute] == attribute_values(network.scenario, attribute).index(value)


def assert_share(mask, of, share):
    n = np.count_nonzero(of)
    assert abs(np.count_nonzero(mask & of) / n - share) < 4 * np.sqrt(share * (1 - share) / n)


@pytest.mark.stats
def test_shares_follow_class_and_earlier_attributes(seed):
    network, patients = draw(seed)
    door, child = patients.source == 0, patients.cls == 0
    foreign, adult = is_(network, patients, "language", "foreign"), ~child & door

    assert_share(child, door, 0.3)
    assert_share(foreign, child, 0.2)
    assert_share(foreign, adult, 0.2)
    assert is_(network, patients, "age", "young")[child].all()
    for value, share in {"young": 0.7, "middle": 0.2, "old": 0.1}.items():
        assert_share(is_(network, patients, "age", value), adult & foreign, share)
    for value, share in {"young": 0.2, "middle": 0.5, "old": 0.3}.items():
        assert_share(is_(network, patients, "age", value), adult & ~foreign, share)


@pytest.mark.stats
def test_acuity_follows_class_and_attributes(seed):
    network, patients = draw(seed)
    old, adult = is_(network, patients, "age", "old"), (patients.cls == 1) & (patients.source == 0)

    assert set(patients.acuity[patients.cls == 0]) == {1}
    for level, share in enumerate([0.5, 0.3, 0.2]):
        assert_share(patients.acuity == level, adult & old, share)
    assert_share(patients.acuity == 1, adult & ~old, 0.1)
    assert (patients.acuity == patients.triage).all()


def test_a_stream_may_have_shares_of_its_own(seed):
    network, patients = draw(seed)
    bus = patients.source == 1

    assert is_(network, patients, "age", "old")[bus].all()
    assert (patients.acuity[bus] == 2).all()
    assert (patients.hospital[bus] == 1).all()


@pytest.mark.stats
def test_numbers_and_ambulances_follow_their_laws(seed):
    _, patients = draw(seed)
    frailty, door = patients.numbers["frailty"], patients.source == 0

    assert abs(frailty.mean() - 2) < 4 / np.sqrt(len(patients))
    assert frailty.std() == pytest.approx(1, rel=0.03)
    assert_share(patients.ambulance, door, 0.25)
    assert not patients.ambulance[~door].any()


def test_the_group_is_the_first_attribute_of_equity(seed):
    network, patients = draw(seed)
    _, ungrouped = draw(seed, "equity={groups: []}")

    assert network.groups == ("native", "foreign")
    assert (patients.group == patients.codes["language"]).all()
    assert set(ungrouped.group) == {0}


def test_a_share_of_0_and_a_share_of_1_are_certain(seed):
    network, patients = draw(seed, "attributes.language.share={native: 0, foreign: 1, none: 0}")

    assert is_(network, patients, "language", "foreign").all()


UNDER_TRIAGE = """disparities.under_triage=[
    {when: {language: foreign}, probability: 0.4, source: assumed},
    {when: {age: young}, probability: 0.25, source: assumed}]"""


@pytest.mark.stats
def test_under_triage_is_one_level_for_the_share_that_is_written(seed):
    network, patients = draw(seed, UNDER_TRIAGE)
    foreign, young = is_(network, patients, "language", "foreign"), is_(network, patients, "age", "young")
    could, missed = patients.acuity < 2, patients.triage == patients.acuity + 1

    assert (missed | (patients.triage == patients.acuity)).all()
    assert_share(missed, could & foreign & ~young, 0.4)
    assert_share(missed, could & ~foreign & young, 0.25)
    assert_share(missed, could & foreign & young, 1 - 0.6 * 0.75)
    assert not missed[~foreign & ~young].any()


def test_without_one_disparity_the_other_strikes_the_same_patients(seed):
    network, both = draw(seed, UNDER_TRIAGE)
    _, one = draw(seed, "disparities.under_triage=[{when: {age: young}, probability: 0.25, source: assumed}]")
    foreign = is_(network, both, "language", "foreign")

    assert (one.triage <= both.triage).all()
    assert (one.triage == both.triage)[~foreign].all()
    assert (one.triage < both.triage)[foreign].any()


def test_two_disparities_of_the_same_people_strike_independently(seed):
    row = "{when: {language: foreign}, probability: 0.5, source: assumed}"
    network, once = draw(seed, f"disparities.under_triage=[{row}]")
    _, twice = draw(seed, f"disparities.under_triage=[{row}, {row}]")
    could = (once.acuity < 2) & is_(network, once, "language", "foreign")

    assert (once.triage <= twice.triage).all()
    assert_share(twice.triage > twice.acuity, could, 0.75)


LATE = """disparities.late_presentation=[
    {when: {language: foreign}, delay: {exponential: 6 h}, worse: 0.3, source: assumed}]"""


@pytest.mark.stats
def test_those_who_come_late_come_later_and_are_sometimes_worse(seed):
    network, here = draw(seed)
    _, late = draw(seed, LATE, "horizon=1100 h")
    before = dict(zip(zip(here.source, here.ordinal, strict=True), range(len(here)), strict=True))
    pairs = [
        (before[who], i) for i, who in enumerate(zip(late.source, late.ordinal, strict=True)) if who in before
    ]
    old, new = np.array(pairs).T
    delay, foreign = late.time[new] - here.time[old], is_(network, late, "language", "foreign")[new]
    worse, could = late.acuity[new] == here.acuity[old] - 1, here.acuity[old] > 0

    assert len(pairs) == len(here)
    assert (delay[~foreign] == 0).all()
    assert abs(delay[foreign].mean() - 6) < 4 * 6 / np.sqrt(foreign.sum())
    assert_share(worse, foreign & could, 0.3)
    assert (late.acuity[new] == here.acuity[old])[~worse].all()
    assert not worse[~foreign].any()
    assert (np.diff(late.time) >= 0).all()


def test_whoever_would_present_after_the_horizon_is_not_there(seed):
    network, late = draw(seed, LATE)
    _, never = draw(
        seed, "disparities.late_presentation=[{when: {language: foreign}, delay: 1001 h, source: assumed}]"
    )

    assert late.time[-1] <= 1000
    assert not is_(network, never, "language", "foreign").any()


@pytest.mark.stats
def test_only_a_share_of_those_invited_comes(seed):
    network, patients = draw(
        seed,
        "disparities.uptake=[{when: {language: foreign, class: adult}, classes: [child, adult], "
        "probability: 0.6, source: assumed}]",
    )
    invited = is_(network, patients, "language", "foreign") & (patients.cls == 1)

    assert_share(patients.declined, invited, 0.4)
    assert not patients.declined[~invited].any()


def test_uptake_concerns_the_classes_that_are_invited(seed):
    network, patients = draw(
        seed,
        "disparities.uptake=[{when: {language: foreign}, classes: [child], probability: 0, source: assumed}]",
    )

    invited = is_(network, patients, "language", "foreign") & (patients.cls == 0)
    assert (patients.declined == invited).all()


def test_longer_travel_multiplies(seed):
    network, patients = draw(
        seed,
        "disparities.longer_travel=[{when: {language: foreign}, factor: 1.5, source: assumed}, "
        "{when: {age: old}, factor: 2, source: assumed}]",
    )
    foreign, old = is_(network, patients, "language", "foreign"), is_(network, patients, "age", "old")

    assert (patients.travel_factor == np.where(foreign, 1.5, 1.0) * np.where(old, 2.0, 1.0)).all()


def test_the_tier_is_the_first_that_holds(seed):
    vaccine = "vaccine={products: {mrna: {}}, fridges: {clinic: {vials: 1}, other: {vials: 1}}, tiers: %s}"
    dose = "pathways.visit.steps.see.dose=mrna"
    network, patients = draw(
        seed, dose, vaccine % "{a: {when: {age: old}}, b: {when: {language: foreign}}, c: {}}"
    )
    _, nobody_else = draw(seed, dose, vaccine % "{a: {when: {age: old}}}")
    old, foreign = is_(network, patients, "age", "old"), is_(network, patients, "language", "foreign")

    assert (patients.tier == np.where(old, 0, np.where(foreign, 1, 2))).all()
    assert (nobody_else.tier == np.where(old, 0, -1)).all()
    assert set(draw(seed)[1].tier) == {-1}


def test_a_new_attribute_leaves_the_others_unchanged(seed):
    _, here = draw(seed)
    _, there = draw(seed, "attributes.insured={share: {covered: 0.5, uncovered: 0.5}}")

    mine, theirs = here.columns(), there.columns()
    assert all((column == theirs[name]).all() for name, column in mine.items())


def test_who_comes_by_a_stream_does_not_depend_on_what_another_says_of_its_people(seed):
    as_at_the_door = "arrivals.bus.classes={adult: 0.7, child: 0.3}"  # but in another order
    alike, unlike = (
        draw(seed, as_at_the_door)[1],
        draw(seed, as_at_the_door, "arrivals.door.classes=adult")[1],
    )

    alike, unlike = alike.take(alike.source == 1), unlike.take(unlike.source == 1)

    assert len(alike) > 900
    assert 0.6 < (alike.cls == 1).mean() < 0.8
    for name, column in alike.columns().items():
        assert np.array_equal(column, unlike.columns()[name]), name
