"""Who lives around the hospitals."""

import numpy as np
import pytest

from agents.population.people import exact_shares
from scenarios.people import ShareCase
from sim.arrival_source import Outcomes
from sim.catchments import people_by_group
from sim.conditions import Facts
from sim.network import attribute_values
from sim.streams import uniforms
from tests.agents.population.towns import people_of_town, town


def counts(catchment, attribute):
    values = attribute_values(catchment.network.scenario, attribute)
    found = np.bincount(catchment.people.codes[attribute], minlength=len(values))
    return dict(zip(values, found.tolist(), strict=True))


def test_a_catchment_has_the_margins_that_are_written_exactly():
    north, south = people_of_town().catchments

    assert counts(north, "age") == {"child": 400, "adult": 1200, "elderly": 400}
    assert counts(south, "age") == {"child": 100, "adult": 500, "elderly": 400}
    assert counts(north, "deprivation") == {"poor": 600, "rich": 1400}


def test_who_has_what_is_drawn_anew_in_each_replication_and_the_margins_stay():
    one, other = (people_of_town(replication=r).catchments[0] for r in (1, 2))

    assert one.people.codes["age"].tolist() != other.people.codes["age"].tolist()
    assert counts(one, "age") == counts(other, "age")


def test_another_hospital_leaves_the_people_of_this_one_as_they_are():
    alone = people_of_town("population.catchments={north: {}}", "epidemic=null")
    both = people_of_town("epidemic=null")

    assert alone.catchments[0].people.fingerprint() == both.catchments[0].people.fingerprint()
    assert alone.fingerprint() != both.fingerprint()


def test_the_sizes_of_groups_are_known_without_a_run():
    scenario = town()
    sizes = people_by_group(scenario, "deprivation")

    for catchment, hospital in zip(people_of_town().catchments, ("north", "south"), strict=True):
        drawn = counts(catchment, "deprivation")
        assert sizes[hospital] == pytest.approx(drawn, abs=2)
    assert sum(sizes["north"].values()) == pytest.approx(2000)
    with pytest.raises(ValueError, match="expected one of age, deprivation, flu, got 'band'"):
        people_by_group(scenario, "band")


def test_nobody_can_live_there():
    empty = people_of_town("hospitals.south.population=0", "epidemic.seir.infected=0")

    patients = [empty.next_day(day, Outcomes()) for day in range(5)]

    assert len(empty.catchments[1].people) == 0
    assert all((batch.hospital == 0).all() for batch in patients)


def test_exact_shares_give_rounded_counts_to_people_at_random(seed):
    u = uniforms(seed, 0, ("exact",), 1000)
    case = ShareCase(share={"a": 0.333, "b": 0.667})

    chosen = exact_shares([case], ("a", "b"), Facts(1000, {}, {}), u)

    assert np.bincount(chosen).tolist() == [333, 667]
    assert u[chosen == 0].max() < u[chosen == 1].min()
