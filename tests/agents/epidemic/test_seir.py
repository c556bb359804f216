"""The stochastic epidemic over the people."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.build import build_engine
from agents.epidemic.chime import sir_step
from agents.epidemic.seir import transmission
from scenarios.epidemic import Seir
from scenarios.errors import RunError, ScenarioError
from sim.protocol import Directive
from tests.agents.population.towns import Life, people_of_town, town

ALONE = (
    "population.presenting.at_no_risk=0",
    "population.presenting.at_full_risk=0",
    "population.invitations=[]",
)
HOMOGENEOUS = (*ALONE, "epidemic.seir.groups=null", "epidemic.seir.contacts={}", "epidemic.seir.latent=0")


def seir(**more):
    return Seir.model_validate(
        {"infectious": "4 days", "r0": 2, "infected": 1, "admitted": {"probability": 0.1}, **more}
    )


@pytest.mark.stats
def test_without_latency_and_groups_the_mean_is_the_deterministic_sir(seed):
    changes = (
        *HOMOGENEOUS, "hospitals.north.population=30000", "hospitals.south.population=10000",
        "epidemic.seir.infected=2000", "epidemic.seir.immune=0.1", "epidemic.seir.admitted={probability: 0}",
    )  # fmt: skip
    runs = []
    for replication in range(16):
        people = people_of_town(*changes, seed=seed, replication=replication)
        seen = [people.spread.stages()[[0, 2, 3]]]
        for day in range(30):
            people.spread.step(day)
            seen.append(people.spread.stages()[[0, 2, 3]])
        runs.append(seen)
    runs = np.array(runs, dtype=np.float64)

    expected = [tuple(runs[:, 0].mean(axis=0))]
    for _ in range(30):
        expected.append(sir_step(*expected[-1], beta=0.5 / 40000, gamma=0.25))
    error = runs.std(axis=0, ddof=1)[1:] / np.sqrt(len(runs))
    z = (runs.mean(axis=0)[1:] - np.array(expected)[1:]) / error
    # The nonlinearity shifts the mean by the order of one person; the bound is for thirty correlated days.
    assert abs(z).max() < 4.5
    assert (error[:, 1] < 0.02 * np.array(expected)[1:, 1]).all()


@given(
    r0=st.floats(0, 3), latent=st.sampled_from(["0", "1 day", "3 days"]), infected=st.integers(0, 300),
    immune=st.floats(0, 1), imports=st.floats(0, 20), infectious=st.sampled_from(["4 days", "9 days"]),
)  # fmt: skip
def test_nobody_is_lost_or_made(r0, latent, infected, immune, imports, infectious):
    settings = (
        f"epidemic.seir.r0={r0}", f"epidemic.seir.latent={latent}", f"epidemic.seir.infected={infected}",
        f"epidemic.seir.immune={immune}", f"epidemic.seir.imports={imports}", f"epidemic.seir.infectious={infectious}",
        "hospitals.north.population=200", "hospitals.south.population=100",
        "epidemic.seir.contacts.child={child: 4, adult: 3, elderly: 2}",
    )  # fmt: skip
    people = people_of_town(*settings)
    life = Life(people, outcome="died")

    assert people.spread.stages()[2] == infected
    before = people.spread.stages()
    for day in range(12):
        life.day(day)
        after = people.spread.stages()
        assert after.sum() == 300
        assert after[0] <= before[0]
        assert after[4] >= before[4]
        before = after


def test_where_nobody_is_infected_nobody_ever_is():
    life = Life(people_of_town("epidemic.seir.infected=0")).live(20)

    assert life.people.spread.stages().tolist() == [3000, 0, 0, 0, 0]


def test_everybody_can_be_infected_at_once():
    people = people_of_town("epidemic.seir.infected=3000")

    assert people.spread.stages().tolist() == [0, 0, 3000, 0, 0]


@pytest.mark.parametrize("key", ["infected", "imports"])
def test_more_infections_than_people_are_refused(key):
    with pytest.raises(ScenarioError, match=f"seir.{key}: expected at most the 3000 people .*, got 3001"):
        people_of_town(f"epidemic.seir.{key}=3001")


def test_a_perfect_vaccine_for_everybody_lets_nobody_be_infected():
    covered = "epidemic.seir.coverage=[{product: vax, share: 1}]"
    life = Life(people_of_town(covered, "epidemic.seir.protection.vax.infection=1")).live(20)
    stages = life.people.spread.stages()

    assert stages[0] == 2980
    assert stages[1] == 0


def test_a_vaccine_against_severe_illness_only_lets_people_be_infected_and_not_admitted():
    covered = "epidemic.seir.coverage=[{product: vax, share: 1}]"
    effects = "epidemic.seir.protection.vax={infection: 0, severe: 1}"
    life = Life(people_of_town(*ALONE, covered, effects)).live(30)

    assert life.people.spread.stages()[0] < 2500
    assert life.n == 0


@pytest.mark.stats
def test_vaccinating_a_group_lowers_its_admissions():
    more = ("epidemic.seir.r0=1.8", "hospitals.north.population=8000", *ALONE)
    covered = "epidemic.seir.coverage=[{when: {age: elderly}, product: vax, share: 0.8}]"
    differences = []
    for replication in range(10):
        admitted = []
        for changes in (more, (*more, covered)):
            life = Life(people_of_town(*changes, seed=11, replication=replication)).live(60)
            age = np.concatenate([batch.codes["age"] for batch in life.days])
            admitted.append(np.count_nonzero(age == 2))
        differences.append(admitted[1] - admitted[0])

    error = np.std(differences, ddof=1) / np.sqrt(len(differences))
    assert np.mean(differences) < -4 * error


def test_a_dose_protects_from_its_onset_on_and_luck_stays_the_same():
    never, always = (people_of_town(*ALONE, "epidemic.seir.protection.vax.infection=1") for _ in range(2))
    for person in range(2000):
        always.catchments[0].was_dosed(person, 0.0, 0)
    for day in range(15):
        for people in (never, always):
            people.spread.step(day)
        if day == 6:
            assert never.spread.stages().tolist() == always.spread.stages().tolist()

    assert always.spread.stages()[0] > never.spread.stages()[0]


def test_the_next_generation_matrix_has_r0_as_its_greatest_eigenvalue():
    sizes = np.array([400.0, 1200.0, 400.0])
    contacts = np.array([[8.0, 6, 1], [2, 9, 1], [1, 3, 3]])

    matrix = transmission(seir(), contacts, sizes)

    total = matrix * sizes[:, None]
    assert total == pytest.approx(total.T)
    next_generation = matrix * sizes[:, None] / sizes[None, :] * 4
    assert max(abs(np.linalg.eigvals(next_generation))) == pytest.approx(2)
    proportionate = transmission(seir(), np.ones((3, 3)) * sizes[None, :], sizes)
    assert proportionate.sum(axis=1) == pytest.approx(transmission(seir(), None, np.array([2000.0]))[0, 0])


def test_an_epidemic_too_fast_for_a_daily_step_is_refused():
    contacts = np.array([[100.0, 0], [0, 1]])

    with pytest.raises(RunError, match="a chance of infection of at most 1 a day, got 5"):
        transmission(seir(r0=20), contacts, np.array([100.0, 100.0]))


def test_doses_of_before_the_start_protect_without_any_supply():
    nothing = ("vaccine=null", "pathways.jab.steps.dose.dose=null", *ALONE)
    covered = "epidemic.seir.coverage=[{when: {age: elderly}, product: vax, share: 1}]"
    people = people_of_town(*nothing, covered, "epidemic.seir.protection.vax.infection=1")
    life = Life(people).live(30)

    stage, age = people.catchments[0].people.stage, people.catchments[0].people.codes["age"]
    assert np.isin(stage[age == 2], (0, 2, 3)).all()
    assert np.count_nonzero(stage[age == 2]) < 20
    assert np.count_nonzero(stage[age != 2]) > 200
    assert life.n > 0


def test_without_a_dose_in_the_fridges_the_epidemic_is_the_one_without_vaccine():
    empty = ("vaccine.fridges={north: {vials: 9}, south: {vials: 9}}", "horizon=20 days")
    stages = []
    for changes in (empty, (*empty, "epidemic.seir.protection.vax={infection: 1, severe: 1}")):
        engine = build_engine(town(*changes), 1, 1, "simpy")
        while engine.next_decision() is not None:
            engine.answer(Directive())
        stages.append((engine._source.spread.stages().tolist(), engine.result().log.fingerprint()))

    assert stages[0] == stages[1]
