from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.duration.survfunc import CumIncidenceRight

from sim.incidence import event_masses

SETTINGS = settings(derandomize=True, deadline=None)


def masses_of(time, status, group=None, n_groups=1):
    """Status 0 is censored, as in statsmodels."""
    group = np.zeros(len(time), dtype=np.int64) if group is None else np.asarray(group)
    return event_masses(np.asarray(time, dtype=np.float64), np.asarray(status) == 0, group, n_groups)


def incidence(time, status, cause, limit):
    masses = masses_of(time, status)
    return masses[(np.asarray(status) == cause) & (np.asarray(time) <= limit)].sum()


def test_without_censoring_everybody_weighs_the_same():
    assert masses_of([3, 1, 2], [1, 2, 1]).tolist() == [1 / 3] * 3


def test_a_censored_patients_weight_goes_to_those_followed_longer():
    # At 1 four are followed, at 2 one of three is lost: the last two share what is left.
    assert masses_of([1, 2, 3, 4], [1, 0, 1, 2]) == pytest.approx([1 / 4, 0, 3 / 8, 3 / 8])


def test_what_lies_beyond_a_last_censored_patient_is_given_to_nobody():
    assert masses_of([1, 2], [1, 0]).sum() == pytest.approx(0.5)


def test_at_one_instant_events_come_before_censoring():
    assert masses_of([1, 1, 2], [0, 1, 1]) == pytest.approx([0, 1 / 3, 2 / 3])


def test_groups_are_estimated_apart_and_an_empty_one_does_no_harm():
    time, status, group = [5, 1, 2, 3, 1], [1, 0, 1, 1, 1], [2, 0, 0, 2, 2]

    together = masses_of(time, status, group, 4)

    assert together == pytest.approx([1 / 3, 0, 1, 1 / 3, 1 / 3])


@SETTINGS
@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(0, 2)), min_size=2, max_size=30).filter(
        lambda rows: {1, 2} <= {status for _, status in rows}
    )
)
def test_incidences_agree_with_statsmodels_ties_and_all(rows):
    time, status = np.array(rows).T
    # With weights it leaves out the standard errors, which divide by zero when nobody is left.
    theirs = CumIncidenceRight(time.astype(np.float64), status, freq_weights=np.ones(len(time)))

    for cause in (1, 2):
        ours = [incidence(time, status, cause, limit) for limit in theirs.times]
        assert ours == pytest.approx(theirs.cinc[cause - 1], abs=1e-12)


def test_incidences_agree_with_lifelines(request):
    lifelines = pytest.importorskip("lifelines")
    rng = np.random.default_rng(seed_of(request.node.name))
    event, lost = rng.exponential(2, 200), rng.exponential(3, 200)
    time = np.minimum(event, lost)
    status = np.where(lost < event, 0, rng.integers(1, 3, 200))

    theirs = lifelines.AalenJohansenFitter(calculate_variance=False).fit(time, status, event_of_interest=1)

    curve = theirs.cumulative_density_.iloc[:, 0]
    ours = [incidence(time, status, 1, limit) for limit in curve.index]
    assert ours == pytest.approx(curve.tolist(), abs=1e-12)


@SETTINGS
@given(st.lists(st.tuples(st.floats(0, 10), st.integers(0, 2), st.integers(0, 3)), min_size=1, max_size=40))
def test_masses_are_probabilities_and_sum_to_one_unless_the_last_is_censored(rows):
    time, status, group = (np.array(column) for column in zip(*rows, strict=True))

    masses = masses_of(time, status, group, 4)

    assert (masses >= 0).all()
    for one in np.unique(group):
        here = group == one
        last_is_lost = (status[here][time[here] == time[here].max()] == 0).any()
        total = masses[here].sum()
        assert total < 1 + 1e-12
        assert last_is_lost or total == pytest.approx(1, abs=1e-12)


def seed_of(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
