"""Settings, actions and bands: no action breaks a rule, and a reward says what the issue says."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from policies.thresholds.moves import (
    ACTIONS,
    BAND,
    BANDS,
    INDEX,
    KEEP,
    MOVE,
    SETTINGS,
    STEPS,
    Setting,
    cell,
    is_legal,
    level,
    moved,
    verdict,
)  # fmt: skip


def test_there_are_seven_actions_and_each_does_something_of_its_own():
    middle = Setting(8, 12, 3)

    assert len(ACTIONS) == 7
    assert len({moved(middle, action) for action in range(7)}) == 7
    assert moved(middle, KEEP) == middle


@given(walk=st.lists(st.integers(0, 6), max_size=80), start=st.integers(0, len(SETTINGS) - 1))
def test_no_walk_leaves_the_bounds_or_lets_moderate_meet_high(walk, start):
    setting = SETTINGS[start]
    for action in walk:
        before, setting = setting, moved(setting, action)
        assert is_legal(setting)
        assert sum(abs(a - b) for a, b in zip(before, setting, strict=True)) <= 1
        assert MOVE[INDEX[before], action] == INDEX[setting]


def test_every_legal_setting_is_known_once():
    legal = [
        s
        for m in range(STEPS + 1)
        for h in range(STEPS + 1)
        for k in range(8)
        if is_legal(s := Setting(m, h, k))
    ]

    assert sorted(legal) == sorted(SETTINGS)
    assert len(INDEX) == len(SETTINGS) == 171 * 5


@given(risk=st.integers(0, 1000).map(lambda n: n / 1000), setting=st.integers(0, len(SETTINGS) - 1))
def test_a_band_is_what_the_thresholds_say(risk, setting):
    spec = SETTINGS[setting]
    expected = "high" if risk * 20 >= spec.high else "moderate" if risk * 20 >= spec.moderate else "low"

    assert BANDS[BAND[setting, cell(np.array([risk]))[0]]] == expected


def test_every_multiple_of_a_twentieth_is_above_its_own_threshold():
    assert cell(np.arange(20) / 20).tolist() == list(range(20))
    assert cell(np.cumsum(np.full(19, 0.05))).tolist() == list(range(1, 20))


def test_certainty_belongs_to_the_last_level():
    assert level(np.array([0.0, 0.0999, 0.1, 0.95, 1.0])).tolist() == [0, 0, 1, 9, 9]


def test_a_band_is_right_wrong_or_unresolved():
    bands = np.array([0, 0, 1, 1, 2, 2])
    present = np.array([False, True, False, True, False, True])

    assert verdict(bands, present).tolist() == [1, -1, 0, 0, -1, 1]
