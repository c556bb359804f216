"""The library scenarios have the figures that they are to have, and do what they are for."""

import numpy as np
import pytest
from validation_measures import hours_at_level, replication

from scenarios.loader import library_names, load

SCENARIOS = [name for name in library_names() if not name.startswith("validation/")]
REFERENCE = {  # hospital, (beds, nurses a day, machines), child/adult/elderly, standard/urgent/critical, load
    "urban": ("central", (120, 80, 50), (0.15, 0.55, 0.30), (0.65, 0.25, 0.10), 1.2),
    "rural": ("valley", (40, 25, 18), (0.20, 0.40, 0.40), (0.70, 0.20, 0.10), 0.8),
    "pediatric": ("children", (60, 45, 35), (0.80, 0.15, 0.05), (0.75, 0.20, 0.05), 0.9),
    "surge": ("central", (80, 50, 30), (0.20, 0.50, 0.30), (0.50, 0.35, 0.15), 1.5),
}
GROUPS = {"care-group", "sex", "ethnicity", "deprivation", "rurality", "insurance", "language"}
NURSES = {"triage-nurse", "ed-nurse", "ward-nurse", "step-down-nurse", "icu-nurse"}


def test_the_library_is_complete():
    assert SCENARIOS == [
        "flu-season", "heart-clinic", "pediatric", "region", "rural", "surge", "surge-epidemic", "urban",
        "vaccine-campaign",
    ]  # fmt: skip


@pytest.mark.parametrize("name", REFERENCE)
def test_the_reference_hospital_has_its_beds_nurses_and_machines(name):
    hospital, (beds, nurses, machines), *_ = REFERENCE[name]
    spec = load(name).hospitals[hospital]

    assert sum(unit.count for unit in spec.beds.values()) == beds
    on_duty = {role: sum(shift.count for shift in staff.roster) for role, staff in spec.staff.items()}
    assert sum(count for role, count in on_duty.items() if role in NURSES) == nurses
    assert sum(machine.count for machine in spec.equipment.values()) == machines


@pytest.mark.parametrize("name", REFERENCE)
def test_the_reference_hospital_is_the_largest_of_three(name):
    hospital, *_ = REFERENCE[name]
    beds = {key: sum(unit.count for unit in h.beds.values()) for key, h in load(name).hospitals.items()}

    assert len(beds) == 3
    assert all(beds[other] < beds[hospital] for other in beds if other != hospital)


@pytest.mark.parametrize("name", REFERENCE)
def test_patients_have_the_mix_of_ages_and_urgency(name):
    hospital, _, ages, acuities, _ = REFERENCE[name]
    _, table = replication(load(name, ("horizon=5 days", "warm_up=0")), 3, 0)
    visits = table.visits[table.visits["hospital"] == hospital]
    n = len(visits)

    for column, values, shares in (
        ("age", ("child", "adult", "elderly"), ages),
        ("acuity", ("standard", "urgent", "critical"), acuities),
    ):
        for value, share in zip(values, shares, strict=True):
            # Late presentation makes up to 2 % one level more urgent.
            slack = 0.02 if column == "acuity" else 0
            assert (
                abs((visits[column] == value).mean() - share) < 4 * np.sqrt(share * (1 - share) / n) + slack
            )


@pytest.mark.parametrize(
    "name", [n for n in SCENARIOS if n not in ("flu-season", "heart-clinic", "vaccine-campaign")]
)
def test_the_groups_are_named_and_everybody_belongs_to_one_of_each(name):
    scenario = load(name)
    _, table = replication(load(name, ("horizon=1 day", "warm_up=0")), 3, 0)

    assert set(scenario.equity.groups) >= GROUPS
    assert table.visits[list(scenario.equity.groups)].notna().all(axis=None)
    care_groups = table.visits["care-group"].cat.categories
    assert list(care_groups) == ["pediatric", "adult", "elderly", "critical care"]


@pytest.mark.parametrize("name", [n for n in SCENARIOS if n != "heart-clinic"])  # which models no disparity
def test_every_attribute_and_disparity_says_where_it_comes_from(name):
    scenario = load(name)

    assert [key for key, spec in scenario.attributes.items() if not spec.source] == []
    disparities = scenario.disparities
    rows = [row for part in type(disparities).model_fields for row in getattr(disparities, part)]
    assert rows
    assert all(row.source for row in rows)
    hazards = (*scenario.hazards.leave, *scenario.hazards.deteriorate, *scenario.hazards.die)
    assert all(row.source for row in hazards)


def beds_asked_for(name, hospital, *overrides):
    """Bed-hours taken at a hospital, cleaning included, when beds, staff and machines are without limit, so that
    nobody waits, boards, leaves or is moved; by run."""
    hospitals = load(name).hospitals
    changes = list(overrides)
    for key, spec in hospitals.items():
        changes += [f"hospitals.{key}.beds.{unit}.count=unlimited" for unit in spec.beds]
        changes += [f"hospitals.{key}.staff.{role}={{count: unlimited}}" for role in spec.staff]
        changes += [f"hospitals.{key}.equipment.{machine}.count=unlimited" for machine in spec.equipment]
    scenario = load(name, changes)
    for number in range(6):
        pools = replication(scenario, 3, number)[1].pools
        mine = pools[(pools["hospital"] == hospital) & pools["pool"].isin(list(hospitals[hospital].beds))]
        yield mine["in_use_hours"].sum() + mine["cleaning_hours"].sum()


@pytest.mark.parametrize("name", ["urban", "rural", "pediatric"])
def test_arrivals_ask_for_the_load_that_the_file_says(name):
    hospital, (beds, *_), _, _, load_factor = REFERENCE[name]
    scenario = load(name)
    available = beds * (scenario.horizon - scenario.warm_up)

    asked = [hours / available for hours in beds_asked_for(name, hospital)]

    assert abs(np.mean(asked) / (0.85 * load_factor) - 1) < 0.08


def test_the_surge_asks_for_the_load_that_the_file_says():
    """Ordinary patients ask for .51 of the 80 beds over 35 days. The wave asks for 1.275 - .51 of them on average over
    the last 28 days, in which fall 38.5 of the 39.5 units of its table. The last are followed to their discharge."""
    streams = load("surge").arrivals
    followed = ("horizon=100 days", "warm_up=0", *(f"arrivals.{stream}.ends=35 days" for stream in streams))
    expected = 80 * 24 * (0.51 * 35 + (1.275 - 0.51) * 28 * 39.5 / 38.5)

    asked = list(beds_asked_for("surge", "central", *followed))

    assert abs(np.mean(asked) / expected - 1) < 0.08


@pytest.mark.slow
def test_the_surge_has_more_than_two_hundred_patients_at_once():
    scenario = load("surge")
    for number in range(3):
        _, table = replication(scenario, 3, number)
        left = table.visits["left_network"].fillna(np.inf).to_numpy()
        hours = hours_at_level(table.visits["presented"].to_numpy(), left, 0.0, scenario.horizon)

        assert hours[201:].sum() > 24


def test_the_campaign_wastes_about_what_the_who_says_of_vials_of_ten():
    wasted = []
    for number in range(4):
        _, table = replication(load("vaccine-campaign"), 3, number)
        doses = table.doses.groupby("event", observed=True)["doses"].sum()
        wasted.append(doses["wasted"] / (doses["wasted"] + doses["given"]))

    assert 0.10 < np.mean(wasted) < 0.30
