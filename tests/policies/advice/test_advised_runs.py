"""A person steps through a run: advice followed is the run itself, an override is what both futures said."""

import pytest

from policies.advice.advised_run import AdvisedRun
from policies.advice.ledger import Ledger
from policies.advice.modes import MODES, in_mode
from policies.changes import Given
from policies.replication import simulate
from scenarios.errors import DirectiveError, UsageError
from scenarios.loader import load
from sim.protocol import Orders
from tests.policies.scenes import scenario as three_hospitals

CLOSED = Given("north", {"divert": True})


def busy():
    return three_hospitals("arrivals.north.ambulance=0.5")


def test_advice_that_is_always_followed_gives_the_run_of_the_policy(tmp_path):
    run = AdvisedRun(busy(), "staff-balancing+least-loaded", 3, 2, ledger=Ledger(tmp_path / "ledger.sqlite"))
    while run.decision is not None:
        run.accept("ward manager")

    alone = simulate(busy(), "staff-balancing+least-loaded", 3, 2)

    assert run.result().log.fingerprint() == alone.log.fingerprint()
    assert len(Ledger(tmp_path / "ledger.sqlite").entries()) == run.number


def test_what_an_override_brings_is_what_was_shown_before_it():
    run = AdvisedRun(busy(), "acuity", 3, 2)
    run.follow(lambda decision: decision.time >= 16.0)

    shown = run.futures([CLOSED])
    run.override([CLOSED], "duty manager", "north's CT is down", shown)
    run.follow(lambda _: False)

    assert run.result().log.fingerprint() == shown.if_changed.result.log.fingerprint()
    assert run.result().log.fingerprint() != shown.as_it_was.result.log.fingerprint()


def test_the_ledger_holds_advice_order_reason_and_shown_effect(tmp_path):
    ledger = Ledger(tmp_path / "ledger.sqlite")
    run = AdvisedRun(busy(), "acuity", 3, 2, ledger=ledger)
    run.follow(lambda decision: decision.time >= 16.0)
    shown = run.futures([CLOSED])

    run.override([CLOSED], "duty manager", "north's CT is down", shown)

    (entry,) = ledger.entries()
    said = entry.verdict
    assert (said.who, said.verdict, said.hours, said.mode) == ("duty manager", "overridden", 16.0, "normal")
    assert said.rationale == "north's CT is down"
    assert "north: divert yes" in said.ordered
    assert "divert" not in said.recommended
    assert said.effect["patients_affected"] == shown.patients["differs"].sum() > 0
    assert said.effect["untreated_hours"] == pytest.approx(shown.patients["change"].sum())


def test_nothing_happens_without_a_reason_or_a_name_or_with_orders_that_are_refused(tmp_path):
    ledger = Ledger(tmp_path / "ledger.sqlite")
    run = AdvisedRun(busy(), "acuity", 3, 2, ledger=ledger)
    before = run.decision

    with pytest.raises(UsageError, match="rationale"):
        run.override([CLOSED], "duty manager", "  ")
    with pytest.raises(UsageError, match="who"):
        run.accept("")
    with pytest.raises(UsageError, match="as recommended"):
        run.override([Given("north", {"divert": False})], "duty manager", "no reason at all")
    with pytest.raises(DirectiveError):
        run.override(
            [Given("north", {"moves": {10**6: "south"}})], "duty manager", "a patient who is not here"
        )

    assert run.decision is before
    assert ledger.entries() == []


@pytest.mark.parametrize("mode", sorted(MODES))
def test_a_mode_changes_the_supply_and_not_who_comes(mode):
    plain = load("vaccine-campaign", ("horizon=10 days",))

    changed = in_mode(plain, mode)

    assert (changed == plain) == (mode == "normal")
    assert changed.arrivals == plain.arrivals
    hashes = [simulate(each, "neutral", 1, 1).patients.time.tolist() for each in (plain, changed)]
    assert hashes[0] == hashes[1]


def test_an_emergency_takes_beds_and_staff_and_a_shortage_takes_vaccine():
    region, campaign = load("region"), load("vaccine-campaign")

    emergency, shortage = in_mode(region, "emergency"), in_mode(campaign, "shortage")

    for name, hospital in region.hospitals.items():
        left = emergency.hospitals[name]
        for unit, beds in hospital.beds.items():
            if isinstance(beds.count, int) and beds.count > 1:
                assert left.beds[unit].count == max(1, int(beds.count * 0.9))
        for role, staff in hospital.staff.items():
            assert left.staff[role].sickness == pytest.approx(min(1.0, staff.sickness + 0.15))
    before, after = campaign.vaccine.shipments, shortage.vaccine.shipments
    assert [2 * s.vials >= b.vials > s.vials for b, s in zip(before, after, strict=True)] == [True] * len(
        before
    )
    with pytest.raises(UsageError, match="which has none"):
        in_mode(region, "shortage")
    with pytest.raises(UsageError, match="Did you mean"):
        in_mode(region, "emergancy")


def test_neutral_orders_are_not_listed():
    run = AdvisedRun(busy(), "neutral", 3, 2)

    assert run.orders() == []
    assert Orders() == run.recommended.orders.get("north", Orders())
