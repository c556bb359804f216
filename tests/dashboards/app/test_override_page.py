"""The page Override without a browser: advice, both futures, an override with its reason, the record."""

import asyncio
from types import SimpleNamespace

import pytest

pytest.importorskip("param")

from dashboards.app.advised import by_group, census, ledger_table, most_changed, waiting_course
from dashboards.app.page_override import AS_ADVISED, NOBODY, Model, lead, ledger_text
from dashboards.app.question import Side
from policies.advice.advised_run import effect_of
from policies.replication import simulate
from tests.policies.scenes import scenario as three_hospitals

SCENARIO = three_hospitals("arrivals.north.ambulance=0.5")
POLICY = "staff-balancing+least-loaded"


@pytest.fixture
def model(tmp_path):
    """The page of one visitor whose sidebar asks for three hospitals."""
    option = Side("option", SCENARIO, POLICY)
    desk = SimpleNamespace(seed=3, question=lambda: SimpleNamespace(option=option))
    return Model(SimpleNamespace(desk=desk, shelf=SimpleNamespace(place=tmp_path)))


def do(*steps):
    async def each():
        for step in steps:
            await step()

    asyncio.run(each())


def test_nothing_can_be_decided_before_a_run_is_begun(model):
    do(model.accept)

    assert model.message == "There is no run yet: press Start."
    assert "Step through" in lead(model)
    assert "Nothing has been decided" in ledger_text(model)


def test_following_all_advice_is_the_run_of_the_policy(model):
    do(model.start)
    while model.run.decision is not None:
        do(model.a_day_on)

    alone = simulate(SCENARIO, POLICY, 3, 1)

    assert model.run.result().log.fingerprint() == alone.log.fingerprint()
    assert "over" in lead(model)


def test_an_override_is_seen_in_both_futures_before_it_is_given_and_stands_in_the_record(model):
    do(model.start, model.until_somebody_waits)
    before = model.run.number
    model.divert = ["north"]

    do(model.look)
    seen = model.seen
    model.who, model.rationale = "Ada", "CT is down"
    do(model.override)

    assert model.message == ""
    assert model.run.number == before + 1
    (entry,) = model.ledger.entries()
    assert entry.verdict.effect == effect_of(seen)
    assert "north: divert yes" in entry.verdict.ordered
    assert "Every entry is as it was written" in ledger_text(model)
    assert len(ledger_table([entry]).rows) == 1


def test_the_name_and_the_reason_are_asked_for_and_nothing_is_lost(model):
    do(model.start, model.until_somebody_waits)
    before = model.run.number
    model.divert = ["north"]

    do(model.override)
    first = model.message
    model.who = "Ada"
    do(model.override)

    assert first.startswith("who:")
    assert model.message.startswith("rationale:")
    assert model.run.number == before
    assert model.divert == ["north"]


def test_another_choice_makes_the_futures_looked_at_void(model):
    do(model.start, model.until_somebody_waits)
    model.divert = ["north"]
    do(model.look)

    model.divert = ["south"]

    assert model.seen is None


def test_a_waiting_patient_can_be_moved_only_where_that_is_legal(model):
    do(model.start, model.until_somebody_waits)
    offered = [one for one in model.param["patient"].objects if one != NOBODY]

    model.patient = offered[0]
    do(model.look)

    assert model.message == ""
    assert model.to in model.param["to"].objects
    assert model.seen.if_changed.directive != model.seen.as_it_was.directive


def test_choosing_nothing_is_said(model):
    do(model.start)
    model.rule = AS_ADVISED

    do(model.look)

    assert model.message.startswith("No change is chosen")


def test_the_tables_count_what_the_run_holds(model):
    do(model.start, model.until_somebody_waits)
    model.divert = ["north"]
    do(model.look)
    decision, seen = model.run.decision, model.seen

    shown = census(model.run, decision)
    course = waiting_course(seen, model.run.scenario.horizon)
    groups = by_group(seen, model.run)

    assert sum(int(row[1].text) for row in shown.rows) == len(decision.waiting)
    assert (
        course.as_it_was[0]
        == course.if_changed[0]
        >= len(decision.waiting) - sum(waiting.boarding for waiting in decision.waiting)
    )
    assert groups is None or all(int(row[2].text) <= int(row[1].text) for row in groups.rows)
    assert len(most_changed(seen).rows) == min(12, int(seen.patients["differs"].sum()))
