from datetime import datetime
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.people import Arrivals
from sim.arrivals import arrival_times, expected_arrivals
from sim.order import GRID
from sim.streams import uniforms

MONDAY = datetime(2025, 1, 6)
WEDNESDAY_HALF_PAST_TEN = datetime(2025, 1, 8, 10, 30)

NELSON = [2.367, 2.8, 8.833, 10.433, 14.8, 26.267, 31.4, 18.067, 16.467, 12.033]
NELSON += [11.6, 28.867, 18.033, 11.5, 5.3, 4.067, 2.2, 2.1]
NELSON_TABLE = {"table": {"rates": [f"{rate} per hour" for rate in NELSON], "period": "18 h"}}


@pytest.fixture
def seed(request):
    return crc32(request.node.name.encode())


def stream(**keys):
    return Arrivals.model_validate({"hospital": "north", "classes": "walk-in", **keys})


def arrive(spec, horizon, seed=1, replication=0, start=MONDAY):
    return arrival_times(spec, start, horizon, lambda purpose, n: uniforms(seed, replication, (purpose,), n))


def times(spec, horizon, **keys):
    return arrive(spec, horizon, **keys)[0].tolist()


rates = st.lists(st.one_of(st.just(0.0), st.floats(0.05, 20)), min_size=1, max_size=6)


@st.composite
def poisson_streams(draw):
    table_rates = draw(rates)
    shape = draw(st.sampled_from(["rate", "weights", "table", "breakpoints"]))
    if shape == "rate":
        poisson = {"rate": f"{draw(st.floats(0.05, 20))!r} per hour"}
    elif shape == "weights":
        weights = st.lists(st.floats(0, 5), min_size=24, max_size=24).filter(lambda w: sum(w) > 0.1)
        days = st.lists(st.floats(0, 5), min_size=7, max_size=7).filter(lambda w: sum(w) > 0.1)
        poisson = {"rate": "3 per hour", "hourly": draw(weights), "weekday": draw(days)}
    else:
        table = {"rates": [f"{rate!r} per hour" for rate in table_rates], "period": "7 h"}
        table["origin"] = f"{draw(st.floats(0, 20))!r} h"
        if shape == "breakpoints":
            more = draw(
                st.lists(
                    st.floats(0.1, 6.9),
                    min_size=len(table_rates) - 1,
                    max_size=len(table_rates) - 1,
                    unique=True,
                )
            )
            table["breakpoints"] = ["0", *(f"{point!r} h" for point in sorted(more))]
        poisson = {"table": table}
    begins = draw(st.floats(0, 10))
    keys = {"poisson": poisson, "begins": f"{begins!r} h", "scale": draw(st.floats(0.1, 3))}
    if draw(st.booleans()):
        keys["ends"] = f"{begins + draw(st.floats(1, 40))!r} h"
    return stream(**keys)


@given(spec=poisson_streams(), minute=st.integers(0, 10_079))
@settings(derandomize=True, deadline=None)
def test_between_two_arrivals_of_a_poisson_stream_lies_a_unit_exponential_of_expected_arrivals(spec, minute):
    start = datetime(2025, 1, 6 + minute // 1440, minute // 60 % 24, minute % 60)

    arrivals = times(spec, 30.0, start=start)

    gaps = -np.log1p(-uniforms(1, 0, ("gap",), len(arrivals) + 1))
    expected = [expected_arrivals(spec, start, 0, time) for time in arrivals]
    assert expected == pytest.approx(np.cumsum(gaps)[:-1], abs=1e-3)
    assert expected_arrivals(spec, start, 0, 30) < np.sum(gaps) + 1e-3


@pytest.mark.stats
def test_the_treatment_centre_receives_what_its_rates_say(seed):
    spec = stream(poisson=NELSON_TABLE)
    days = [np.array(times(spec, 19.0, seed=seed, replication=r)) for r in range(4000)]
    counts = np.array([np.histogram(day, bins=np.arange(20))[0] for day in days])

    expected = np.array([*NELSON, NELSON[0]])
    assert expected_arrivals(spec, MONDAY, 0, 19) == pytest.approx(229.501)
    assert abs(counts.sum(axis=1).mean() - 229.501) < 3 * np.sqrt(229.501 / 4000)
    assert (np.abs(counts.mean(axis=0) - expected) < 3 * np.sqrt(expected / 4000)).all()
    assert counts.sum(axis=1).var() == pytest.approx(229.501, rel=4 * np.sqrt(2 / 4000))


def test_between_eight_and_nine_the_treatment_centre_expects_8_83_arrivals():
    assert expected_arrivals(stream(poisson=NELSON_TABLE), MONDAY, 2, 3) == pytest.approx(8.833)


@pytest.mark.stats
def test_counts_by_hour_and_weekday_follow_the_weights(seed):
    hourly = [1, 1, 0, 0, 0, 1, 2, 3, 5, 8, 8, 7, 6, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1]
    weekday = [7, 6, 5, 5, 5, 3, 1]
    rate = {
        "rate": "20 per hour",
        "hourly": [float(w) for w in hourly],
        "weekday": [float(w) for w in weekday],
    }
    weeks = 400

    arrivals = times(stream(poisson=rate), 168.0 * weeks, seed=seed, start=WEDNESDAY_HALF_PAST_TEN)

    of_week = (np.array(arrivals) + 48 + 10.5) % 168
    by_hour = np.histogram(of_week % 24, bins=np.arange(25))[0] / (7 * weeks)
    by_day = np.histogram(of_week // 24, bins=np.arange(8))[0] / (24 * weeks)
    expected_by_hour = 20 * np.array(hourly) / np.mean(hourly)
    expected_by_day = 20 * np.array(weekday) / np.mean(weekday)
    assert (np.abs(by_hour - expected_by_hour) <= 3 * np.sqrt(expected_by_hour / (7 * weeks))).all()
    assert (np.abs(by_day - expected_by_day) <= 3 * np.sqrt(expected_by_day / (24 * weeks))).all()


def test_the_rate_is_the_mean_over_a_week_whatever_the_weights():
    weights = {"hourly": [float(h) for h in range(24)], "weekday": [9.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]}
    spec = stream(poisson={"rate": "5 per hour", **weights})

    assert expected_arrivals(spec, WEDNESDAY_HALF_PAST_TEN, 0, 168) == pytest.approx(5 * 168)
    assert expected_arrivals(spec, MONDAY, 23, 24) == pytest.approx(5 * 9 * 23 / (13 / 7 * 11.5))
    assert expected_arrivals(spec, MONDAY, 120, 168) == 0


def test_a_table_is_continued_backwards_before_its_origin():
    spec = stream(
        poisson={"table": {"rates": ["1 per hour", "3 per hour"], "period": "10 h", "origin": "7 h"}}
    )

    assert expected_arrivals(spec, MONDAY, 0, 2) == pytest.approx(2 * 1)
    assert expected_arrivals(spec, MONDAY, 2, 7) == pytest.approx(5 * 3)
    assert expected_arrivals(spec, MONDAY, 7, 12) == pytest.approx(5 * 1)


def test_a_surge_brings_the_same_patients_sooner(seed):
    calm, surge = (
        np.array(times(stream(poisson="3 per hour", scale=s), 50.0, seed=seed)) for s in (1.0, 2.0)
    )

    assert len(surge) > len(calm)
    assert surge[: len(calm)] == pytest.approx(calm / 2, abs=2 / GRID)


def test_without_a_rate_nobody_comes():
    assert times(stream(poisson="0"), 50.0) == []
    assert times(stream(poisson="3 per hour", scale=0.0), 50.0) == []
    assert times(stream(poisson="3 per hour", begins="60 h"), 50.0) == []


any_stream = st.one_of(
    poisson_streams(),
    st.builds(
        lambda mean, first, batch: stream(
            renewal={"gap": {"gamma": {"mean": f"{mean!r} h", "sd": "1 h"}}, "first": first}, batch=batch
        ),
        st.floats(0.2, 5),
        st.sampled_from(["interval", "start"]),
        st.sampled_from([None, {"uniform": {"low": 0.0, "high": 4.0}}]),
    ),
    st.builds(
        lambda at, every, each, no_show, batch: stream(
            schedule={
                "at": [f"{time!r} h" for time in at],
                "every": every,
                "each": each,
                "no_show": no_show,
                "lateness": {"exponential": "3 h"},
            },
            batch=batch,
            ends="40 h",
        ),
        st.lists(st.floats(0, 30), min_size=1, max_size=4),
        st.sampled_from([None, "7 h", "24 h"]),
        st.integers(1, 3),
        st.sampled_from([0.0, 0.3]),
        st.sampled_from([None, {"uniform": {"low": 0.0, "high": 4.0}}]),
    ),
)


@given(spec=any_stream, horizon=st.floats(0, 60), longer=st.floats(0, 60))
@settings(derandomize=True, deadline=None)
def test_a_longer_horizon_only_adds_arrivals(spec, horizon, longer):
    short, long = arrive(spec, horizon), arrive(spec, horizon + longer)

    within = long[0] <= horizon
    assert short[0].tolist() == long[0][within].tolist()
    assert short[1].tolist() == long[1][within].tolist()


@given(spec=any_stream)
@settings(derandomize=True, deadline=None)
def test_arrivals_lie_on_the_grid_and_have_numbers_of_their_own(spec):
    time, ordinal = arrive(spec, 50.0)

    assert (time * GRID == np.floor(time * GRID)).all()
    assert ((time >= 0) & (time <= 50)).all()
    assert len(set(ordinal.tolist())) == len(ordinal)


def test_renewal_arrivals_come_after_a_first_gap_or_at_the_start():
    gap = {"gap": "30 min"}

    assert times(stream(renewal=gap), 2.0) == [0.5, 1.0, 1.5, 2.0]
    assert times(stream(renewal={**gap, "first": "start"}), 1.0) == [0.0, 0.5, 1.0]
    assert times(stream(renewal=gap, begins="1 h", ends="2 h"), 9.0) == [1.5]
    assert times(stream(renewal=gap, begins="9 h"), 2.0) == []


def test_regular_arrivals_do_not_drift_off_the_clock():
    assert times(stream(renewal={"gap": "5 min"}), 8760.0)[-1] == 8760.0


@pytest.mark.stats
def test_renewal_gaps_have_the_distribution_that_is_written(seed):
    arrivals = times(stream(renewal={"gap": {"erlang": {"mean": "2 h", "k": 4}}}), 80_000.0, seed=seed)
    gaps = np.diff(arrivals)

    assert abs(gaps.mean() - 2) < 4 * gaps.std() / np.sqrt(len(gaps))
    assert gaps.std() == pytest.approx(1, rel=0.03)


def test_appointments_repeat_on_the_days_that_are_written():
    clinic = {"at": ["9 h", "8 h"], "every": "1 day", "weekdays": ["thu", "mon"], "each": 2}

    appointments = times(stream(schedule=clinic), 24.0 * 8, start=datetime(2025, 1, 8))

    assert appointments == [33.0, 33.0, 32.0, 32.0, 129.0, 129.0, 128.0, 128.0]


def test_a_slot_at_midnight_belongs_to_the_day_that_begins():
    clinic = {"at": ["940 min"], "weekdays": ["thu"]}

    assert times(stream(schedule=clinic), 48.0, start=datetime(2025, 1, 8, 8, 20)) == [on_grid_of(940 / 60)]
    assert (
        times(stream(schedule={**clinic, "weekdays": ["wed"]}), 48.0, start=datetime(2025, 1, 8, 8, 20)) == []
    )


def on_grid_of(hours):
    return round(hours * GRID) / GRID


def test_people_present_at_the_start_and_at_the_horizon_are_inside():
    assert times(stream(schedule={"at": ["0", "5 h"]}), 5.0) == [0.0, 5.0]


def test_a_schedule_keeps_to_the_bounds_of_its_stream_by_the_written_time():
    spec = stream(schedule={"at": ["0"], "every": "1 h", "lateness": "90 min"}, begins="2 h", ends="4 h")

    assert times(spec, 24.0) == [3.5, 4.5]


@pytest.mark.stats
def test_those_who_do_not_show_up_leave_the_others_as_they_are(seed):
    slots = {"at": ["0"], "every": "1 h", "lateness": {"exponential": "10 min"}}

    everybody = dict(zip(*arrive(stream(schedule=slots), 10_000.0, seed=seed)[::-1], strict=True))
    some = dict(
        zip(*arrive(stream(schedule={**slots, "no_show": 0.3}), 10_000.0, seed=seed)[::-1], strict=True)
    )

    assert some.items() <= everybody.items()
    assert abs(len(some) / len(everybody) - 0.7) < 4 * np.sqrt(0.3 * 0.7 / 10_000)


def test_a_batch_is_rounded_to_whole_people_and_may_be_empty(seed):
    def size_of(batch):
        return times(stream(schedule={"at": ["1 h", "2 h"]}, batch=batch), 5.0, seed=seed)

    assert size_of(2.5) == [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]
    assert size_of(1.4) == [1.0, 2.0]
    assert size_of(0.4) == []


@pytest.mark.stats
def test_batches_have_the_distribution_that_is_written(seed):
    batch = {"empirical": {"values": [1.0, 4.0], "weights": [3.0, 1.0]}}
    arrivals = times(stream(poisson="2 per hour", batch=batch), 20_000.0, seed=seed)
    sizes = np.unique(arrivals, return_counts=True)[1]

    assert set(sizes) == {1, 4}
    assert abs(np.mean(sizes == 4) - 0.25) < 4 * np.sqrt(0.25 * 0.75 / len(sizes))


def test_a_million_arrivals_take_less_than_seconds(seed):
    rate = {"rate": "1000 per hour", "hourly": [1.0] * 12 + [3.0] * 12}

    assert len(times(stream(poisson=rate), 1000.0, seed=seed)) == pytest.approx(1_000_000, rel=0.01)
