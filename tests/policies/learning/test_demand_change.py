"""Training goes on while demand changes: the same course up to the change, other patients in the same unit after it."""

import numpy as np
import pytest

from policies.learning.controller import GapController
from policies.learning.settings import TrainSettings
from scenarios.loader import load

pytest.importorskip("torch")

from policies.learning.demand_change import train_through_change, untrained

SETTINGS = TrainSettings(iterations=4, copies=2, steps=6, hidden=(8,), target_gap=0.05)
CHANGES = ("horizon=3 days", "warm_up=0 h")
THREE_TIMES = tuple(f"arrivals.{hospital}.scale*=3" for hospital in ("valley", "hill", "lake"))


def test_the_course_is_the_same_until_demand_changes():
    calm, busy = load("rural", CHANGES), load("rural", (*CHANGES, *THREE_TIMES))

    stays, changes = (train_through_change(calm, after, SETTINGS, 2) for after in (calm, busy))

    assert changes["changed"].tolist() == [False, False, True, True]
    assert changes["iteration"].tolist() == [1, 2, 3, 4]
    np.testing.assert_array_equal(stays["gap"][:2], changes["gap"][:2])
    assert (stays["mean"][2:] < changes["mean"][2:]).all()
    controller, one = GapController(0.05), np.ones(2)  # it goes on across the change
    assert changes["lambda"].tolist() == pytest.approx(
        [controller.update(np.array([gap, 0.0]), one) for gap in changes["gap"]]
    )


def test_after_the_change_costs_are_per_patient_that_is_expected_then_in_the_unit_of_before():
    trainer, later = (untrained(load("rural", (*CHANGES, *more)), SETTINGS) for more in ((), THREE_TIMES))
    unit, calm = trainer.levels.baseline, trainer.levels.per_hour.sum()

    trainer.go_on_in(later)

    assert trainer.levels.baseline == unit
    assert trainer.levels.per_hour.sum() == pytest.approx(3 * calm, rel=0.2)
