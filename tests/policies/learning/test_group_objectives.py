"""What counts how much: weights of groups from their levels."""

import numpy as np
import pytest

from policies.learning.levels import GroupLevels
from policies.learning.scalarising import (
    GeneralisedGini,
    LevelCorrectedMax,
    PILagrangian,
    SoftDRO,
    Utilitarian,
    normalised,
    scalarise,
)
from scenarios.errors import UsageError

RHO = np.array([0.5, 0.3, 0.2])
J = np.array([1.0, 1.4, 0.7])

EVERY = {
    "mean": Utilitarian,
    "soft-dro": lambda rho: SoftDRO(rho, lam=0.7, tau=0.2),
    "max": lambda rho: LevelCorrectedMax(rho, lam=0.7),
    "gini": lambda rho: GeneralisedGini(rho, lam=0.7),
    "lagrangian": PILagrangian,
}
every = pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)


def test_lambda_zero_is_rho_to_the_last_bit():
    for objective in (SoftDRO(RHO, lam=0.0), LevelCorrectedMax(RHO, lam=0.0), GeneralisedGini(RHO, lam=0.0)):
        assert (objective.weights(J) == RHO).all()


@every
def test_permuting_the_groups_permutes_the_weights(make):
    order = np.array([2, 0, 1])

    straight, permuted = make(RHO).weights(J), make(RHO[order]).weights(J[order])

    np.testing.assert_allclose(straight[order], permuted, rtol=1e-14)


@every
def test_weights_add_up_to_one_and_the_worst_group_never_loses_weight(make):
    weights = make(RHO).weights(J)

    assert weights.sum() == pytest.approx(1)
    assert weights[1] >= RHO[1]


@pytest.mark.parametrize("name", ["mean", "soft-dro", "max", "gini"])
def test_weights_are_the_gradient_of_the_objective(name):
    objective, step = EVERY[name](RHO), 1e-6

    slopes = [(objective.value(J + step * e) - objective.value(J - step * e)) / (2 * step) for e in np.eye(3)]

    np.testing.assert_allclose(objective.weights(J), slopes, atol=1e-6)


def test_a_small_tau_sees_the_worst_group_only_and_a_large_one_everybody():
    assert SoftDRO(RHO, lam=1.0, tau=1e-3).weights(J).round(6).tolist() == [0, 1, 0]
    np.testing.assert_allclose(SoftDRO(RHO, lam=1.0, tau=1e6).weights(J), RHO, atol=1e-6)


def test_huge_levels_do_not_overflow():
    weights = SoftDRO(RHO, lam=1.0, tau=1e-3).weights(np.array([1e6, 2e6, 0.0]))

    assert weights.tolist() == [0, 1, 0]


def test_equal_groups_share_what_their_ranks_get():
    assert GeneralisedGini(np.array([0.9, 0.1]), (0.8, 0.2)).weights(np.array([1.0, 1.0])).tolist() == [
        0.5,
        0.5,
    ]
    assert LevelCorrectedMax(RHO, 1.0).weights(np.array([2.0, 2.0, 1.0])).tolist() == [0.5, 0.5, 0]


def test_the_multiplier_of_a_group_grows_while_its_constraint_is_broken_and_falls_after_it():
    objective = PILagrangian(RHO, slack=0.1, kp=0.0, ki=0.5)

    broken = [objective.weights(J)[1] for _ in range(5)]
    held = [objective.weights(np.ones(3))[1] for _ in range(40)]

    assert broken == sorted(broken)
    assert broken[0] > RHO[1]
    assert held[-1] == pytest.approx(RHO[1])


def test_a_controller_goes_on_where_it_was_saved():
    one, other = PILagrangian(RHO), PILagrangian(RHO)
    one.weights(J)
    other.load(one.state())

    assert (one.weights(J) == other.weights(J)).all()


def test_a_group_of_whom_nobody_comes_has_no_weight():
    rho = np.array([0.6, 0.4, 0.0])
    levels = np.array([1.0, 0.8, 0.0])

    for make in EVERY.values():
        assert make(rho).weights(levels)[2] == 0


def test_levels_are_costs_per_patient_in_units_of_the_baseline():
    levels = GroupLevels(np.array([3.0, 1.0]), baseline=2.0, smoothing=0.5)

    first = levels.update(np.array([60.0, 20.0]), hours=10.0)
    second = levels.update(np.array([0.0, 60.0]), hours=10.0)

    assert first.tolist() == [1.0, 1.0]
    assert second.tolist() == [0.5, 2.0]
    assert GroupLevels.of_state(levels.state()).level.tolist() == [0.5, 2.0]


def test_shares_times_scaled_costs_are_all_costs_in_one_unit():
    levels = GroupLevels(np.array([3.0, 1.0]), baseline=2.0)
    costs = np.array([[5.0, 7.0]])

    assert levels.rho @ levels.scaled(costs)[0] == pytest.approx(levels.scaled_rest(costs.sum()))


def test_a_nan_cost_is_an_error_at_once():
    levels = GroupLevels(np.array([3.0, 1.0]), baseline=2.0)

    with pytest.raises(UsageError, match="costs of groups: expected finite numbers, got 1 of 2"):
        levels.update(np.array([np.nan, 1.0]), 1.0)
    for make in EVERY.values():
        with pytest.raises(UsageError, match="levels of groups"):
            make(RHO).weights(np.array([1.0, np.nan, 1.0]))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: SoftDRO(RHO, lam=1.5), "lambda: expected a number from 0 to 1, got 1.5"),
        (lambda: SoftDRO(RHO, tau=0.0), "tau: expected a positive number"),
        (lambda: GeneralisedGini(RHO, (0.2, 0.8, 0.0)), "that do not rise"),
        (lambda: GeneralisedGini(RHO, (0.8, 0.2)), "expected 3 numbers"),
        (lambda: GroupLevels(np.zeros(2), 1.0), "not all 0"),
        (lambda: GroupLevels(np.ones(2), 0.0), "there is nothing to learn"),
        (lambda: PILagrangian(RHO, slack=-1.0), "slack: expected a number of at least 0, got -1.0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(make, said):
    with pytest.raises(UsageError, match=said):
        make()


def test_less_cost_is_a_positive_advantage_and_normalising_comes_last():
    costs = np.array([[1.0, 0.0, 0.5], [-1.0, 2.0, 0.0]])

    together = scalarise(costs, np.array([0.75, 0.25]))

    assert together.tolist() == [-1.25, 0.25]
    assert normalised(together).tolist() == [-1.0, 1.0]
    assert normalised(np.full(3, 7.0)).tolist() == [0, 0, 0]
