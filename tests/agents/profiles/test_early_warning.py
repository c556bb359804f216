import pytest

from agents.profiles.early_warning import MOST_NEWS2, MOST_PEWS, early_warning, news2, pews
from agents.profiles.record import Vitals
from tests.agents.profiles.making import patient

# Royal College of Physicians (2017), National Early Warning Score 2, the chart: first and last value of every band.
CHART = [
    *[("resp_rate", v, p) for v, p in [(4, 3), (8, 3), (9, 1), (11, 1), (12, 0), (20, 0), (21, 2),
                                       (24, 2), (25, 3), (60, 3)]],
    *[("spo2", v, p) for v, p in [(60, 3), (91, 3), (92, 2), (93, 2), (94, 1), (95, 1), (96, 0), (100, 0)]],
    *[("on_oxygen", v, p) for v, p in [(False, 0), (True, 2)]],
    *[("systolic", v, p) for v, p in [(50, 3), (90, 3), (91, 2), (100, 2), (101, 1), (110, 1), (111, 0),
                                      (219, 0), (220, 3)]],
    *[("pulse", v, p) for v, p in [(30, 3), (40, 3), (41, 1), (50, 1), (51, 0), (90, 0), (91, 1), (110, 1), (111, 2),
                                   (130, 2), (131, 3)]],
    *[("consciousness", v, p) for v, p in [("A", 0), ("C", 3), ("V", 3), ("P", 3), ("U", 3)]],
    *[("temperature", v, p) for v, p in [(33.0, 3), (35.0, 3), (35.1, 1), (36.0, 1), (36.1, 0), (38.0, 0), (38.1, 1),
                                         (39.0, 1), (39.1, 2), (41.0, 2)]],
]  # fmt: skip

# SpO2 scale 2: (saturation, on oxygen, points).
SCALE_2 = [
    (80, False, 3), (83, False, 3), (84, False, 2), (85, False, 2), (86, False, 1), (87, False, 1), (88, False, 0),
    (92, False, 0), (93, False, 0), (100, False, 0), (83, True, 3), (85, True, 2), (87, True, 1), (88, True, 0),
    (92, True, 0), (93, True, 1), (94, True, 1), (95, True, 2), (96, True, 2), (97, True, 3), (100, True, 3),
]  # fmt: skip

WELL = {
    "resp_rate": 16,
    "spo2": 98,
    "on_oxygen": False,
    "systolic": 120,
    "pulse": 70,
    "temperature": 37.0,
    "consciousness": "A",
}


@pytest.mark.parametrize(("sign", "value", "points"), CHART)
def test_every_band_of_the_chart_begins_and_ends_where_it_should(sign, value, points):
    score = news2(Vitals(**{**WELL, sign: value}))

    assert score.total == score.points[sign] == points
    assert score.red == (points == 3)


@pytest.mark.parametrize(("spo2", "on_oxygen", "points"), SCALE_2)
def test_scale_2_has_bands_of_its_own(spo2, on_oxygen, points):
    score = news2(Vitals(**{**WELL, "spo2": spo2, "on_oxygen": on_oxygen}), scale_2=True)

    assert score.points["spo2"] == points
    assert score.total == points + 2 * on_oxygen


@pytest.mark.parametrize(
    ("signs", "total"),
    [
        # Worked by hand from the chart.
        ({}, 0),
        ({"resp_rate": 22, "spo2": 94, "on_oxygen": True, "systolic": 105, "pulse": 112, "temperature": 38.5}, 9),
        ({"resp_rate": 26, "spo2": 90, "on_oxygen": True, "systolic": 88, "pulse": 135, "consciousness": "C",
          "temperature": 34.9}, 20),
        ({"pulse": 95, "temperature": 38.2}, 2),
    ],
)  # fmt: skip
def test_worked_scores(signs, total):
    assert news2(Vitals(**{**WELL, **signs})).total == total


def test_the_largest_scores_are_what_the_scales_say():
    worst = Vitals(
        resp_rate=40, spo2=60, on_oxygen=True, systolic=50, pulse=200, temperature=34.0, consciousness="U"
    )

    assert news2(worst).total == MOST_NEWS2
    assert (
        pews(
            Vitals(resp_rate=90, spo2=60, on_oxygen=True, systolic=40, pulse=230, consciousness="U"), 5
        ).total
        == MOST_PEWS
    )


def test_the_scale_follows_age_and_the_saturation_scale_the_diagnosis():
    signs = {"spo2": 90, "on_oxygen": False}
    copd = {**signs, "diagnoses": ("COPD",)}
    hypercapnic = {**signs, "diagnoses": ("COPD", "hypercapnic respiratory failure")}

    assert early_warning(patient(16, "male", signs)).scale == "NEWS2"
    assert early_warning(patient(15, "male", signs)).scale == "PEWS-5"
    assert early_warning(patient(60, "male", copd)).points["spo2"] == 3
    assert early_warning(patient(60, "male", hypercapnic)).points["spo2"] == 0


# Parshuram et al. (2009), table 1: (years, sign, value, points) on both sides of the edges.
PEWS_TABLE = [
    *[(0, "pulse", v, p) for v, p in [(70, 4), (71, 2), (80, 2), (81, 1), (100, 1), (101, 0),
                                      (149, 0), (150, 1), (170, 2), (180, 4)]],
    *[(2, "pulse", v, p) for v, p in [(60, 4), (70, 2), (90, 1), (91, 0), (119, 0), (120, 1), (150, 2), (170, 4)]],
    *[(8, "pulse", v, p) for v, p in [(50, 4), (60, 2), (70, 1), (71, 0), (109, 0), (110, 1), (130, 2), (151, 4)]],
    *[(14, "pulse", v, p) for v, p in [(40, 4), (60, 1), (61, 0), (99, 0), (100, 1), (120, 2), (140, 4)]],
    *[(0, "systolic", v, p) for v, p in [(60, 4), (70, 2), (80, 1), (81, 0), (99, 0), (100, 1), (120, 2), (150, 4)]],
    *[(3, "systolic", v, p) for v, p in [(65, 4), (75, 2), (90, 1), (91, 0), (109, 0), (110, 1), (125, 2), (160, 4)]],
    *[(11, "systolic", v, p) for v, p in [(70, 4), (80, 2), (90, 1), (119, 0), (120, 1), (140, 2), (170, 4)]],
    *[(12, "systolic", v, p) for v, p in [(75, 4), (85, 2), (100, 1), (129, 0), (130, 1), (150, 2), (190, 4)]],
    *[(0, "resp_rate", v, p) for v, p in [(15, 4), (19, 2), (24, 1), (25, 0), (50, 0), (51, 1), (71, 2), (81, 4)]],
    *[(1, "resp_rate", v, p) for v, p in [(12, 4), (15, 2), (19, 1), (20, 0), (40, 0), (41, 1), (61, 2), (71, 4)]],
    *[(4, "resp_rate", v, p) for v, p in [(10, 4), (14, 2), (19, 1), (20, 0), (30, 0), (31, 1), (41, 2), (51, 4)]],
    *[(15, "resp_rate", v, p) for v, p in [(9, 4), (10, 2), (11, 1), (12, 0), (16, 0), (17, 1), (23, 2), (30, 4)]],
    *[(5, "spo2", v, p) for v, p in [(90, 2), (91, 1), (94, 1), (95, 0)]],
]  # fmt: skip


@pytest.mark.parametrize(("age", "sign", "value", "points"), PEWS_TABLE)
def test_every_band_for_children_is_that_of_the_paper(age, sign, value, points):
    assert pews(Vitals(**{sign: value}), age).points == {sign: points}


def test_signs_that_were_not_measured_count_0_and_are_named():
    score = news2(Vitals(pulse=135))

    assert (score.total, score.points) == (3, {"pulse": 3})
    assert score.missing == ("resp_rate", "spo2", "on_oxygen", "systolic", "consciousness", "temperature")
    assert "temperature" not in pews(Vitals(), 4).missing
