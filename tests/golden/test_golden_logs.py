"""What the library scenarios do has not changed unnoticed."""

import importlib
import json
from pathlib import Path

import pytest

from scenarios.loader import library_names

LOGS = Path(__file__).parent / "logs.json"


@pytest.fixture
def golden_logs(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return importlib.import_module("golden_logs")


@pytest.fixture(scope="module")
def known():
    return json.loads(LOGS.read_text(encoding="utf-8"))


def test_every_library_scenario_has_a_known_log(known):
    assert list(known) == list(library_names())


@pytest.mark.parametrize("engine", ["simpy", "fast"])
@pytest.mark.parametrize("name", library_names())
def test_a_library_scenario_does_what_it_did(name, engine, known, golden_logs):
    assert golden_logs.fingerprint(name, engine) == known[name], (
        f"{name} gives another log. If that is meant: python tests/golden/golden_logs.py, "
        "and say in CHANGELOG under Results what moved and why."
    )
