"""What a severity is made of: the parts sum to it, and what plays no part gets nothing."""

import numpy as np
import pytest

from agents.profiles.record import Profile
from agents.profiles.severity import severity_of
from policies.explain.severity import INPUTS, explain_severity


def patient(age=50, **vitals):
    return Profile.of_row({"profile_id": "p", "age": age, "sex": "female", **vitals})


WELL = patient(resp_rate=16, spo2=98, pulse=70, systolic=120, temperature=37.0, consciousness="A")
OTHERS = [WELL, patient(age=75, pulse=95, resp_rate=22), patient(age=30, spo2=92)]


def test_parts_and_mean_sum_to_the_severity():
    ill = patient(age=82, resp_rate=26, spo2=90, pulse=118, consciousness="C")

    told = explain_severity(ill, OTHERS)

    assert told.found.base[0] == pytest.approx(np.mean([severity_of(one) for one in OTHERS]))
    assert told.found.base[0] + told.found.values.sum() == pytest.approx(severity_of(ill), abs=1e-12)
    assert told.found.values[0][INPUTS.index("temperature")] == 0.0
    assert told.found.values[0][INPUTS.index("resp_rate")] > 0


def test_one_bad_sign_alone_gets_all_of_the_difference():
    ill = patient(resp_rate=16, spo2=98, pulse=135, systolic=120, temperature=37.0, consciousness="A")

    told = explain_severity(ill, [WELL])

    others = [value for name, value in zip(INPUTS, told.found.values[0], strict=True) if name != "pulse"]
    assert not np.any(others)
    assert told.found.values[0][INPUTS.index("pulse")] == pytest.approx(severity_of(ill) - severity_of(WELL))


def test_a_child_is_compared_with_children():
    told = explain_severity(patient(age=6, pulse=140), [*OTHERS, patient(age=9, pulse=90)])

    assert told.scale == "PEWS-5"
    assert told.n_compared == 1
