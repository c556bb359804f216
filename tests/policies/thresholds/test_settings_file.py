"""`config.yml`: what is written is read, and all that is wrong is told at once, with its place."""

import pytest

from policies.thresholds.moves import INDEX, SETTINGS, Setting
from policies.thresholds.settings_file import SHIPPED, read_setting, write_setting
from scenarios.errors import ScenarioError


def refusal(tmp_path, text):
    (tmp_path / "config.yml").write_text(text)
    with pytest.raises(ScenarioError) as refused:
        read_setting(tmp_path / "config.yml")
    return refused.value


@pytest.mark.parametrize("setting", [SHIPPED, SETTINGS[0], SETTINGS[-1], Setting(7, 11, 2)])
def test_a_setting_that_is_written_is_read_as_it_was(setting, tmp_path):
    write_setting(setting, tmp_path / "config.yml", "a comment\nof two lines")

    assert SETTINGS[read_setting(tmp_path / "config.yml")] == setting


def test_all_problems_are_told_at_once(tmp_path):
    told = refusal(
        tmp_path, "thresholds:\n  moderate: 0.33\n  high: 1.2\n  low: 0.1\nexplanation: {top_k: 9}\n"
    )

    assert [(p.path, p.line) for p in told.problems] == [
        ("thresholds.moderate", 2),
        ("thresholds.high", 3),
        ("thresholds.low", 4),
        ("explanation.top_k", 5),
    ]
    assert "expected a multiple of 0.05 from 0.05 to 0.9, got 0.33" in str(told)
    assert "4 problems" in str(told)


@pytest.mark.parametrize("high", ["0.5", "0.3"])
def test_moderate_must_be_below_high(high, tmp_path):
    told = refusal(tmp_path, f"thresholds: {{moderate: 0.5, high: {high}}}\nexplanation: {{top_k: 3}}\n")

    assert [p.path for p in told.problems] == ["thresholds.high"]
    assert f"expected a threshold above moderate, got {high} where moderate is 0.5" in str(told)


@pytest.mark.parametrize("text", ["{}", "thresholds: 3\n", "thresholds: {moderate: true, high: '0.6'}\n"])
def test_what_lacks_or_is_no_number_is_told(text, tmp_path):
    assert len(refusal(tmp_path, text).problems) == 3


def test_bounds_are_inside(tmp_path):
    (tmp_path / "config.yml").write_text(
        "thresholds: {moderate: 0.05, high: 0.95}\nexplanation: {top_k: 5}\n"
    )

    assert read_setting(tmp_path / "config.yml") == INDEX[Setting(1, 19, 5)]


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ScenarioError, match="cannot read"):
        read_setting(tmp_path / "absent.yml")
