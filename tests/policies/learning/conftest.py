"""Networks for the tests of learners."""

import importlib.util
from pathlib import Path

import pytest

from policies.learning.training import train


@pytest.fixture
def scene():
    """From overrides to the compiled network of three hospitals of `tests/policies/scenes.py`."""
    path = Path(__file__).parents[1] / "scenes.py"
    spec = importlib.util.spec_from_file_location("scenes", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.network_of


@pytest.fixture
def resumed_and_whole(tmp_path):
    """What became of a training that was stopped after so many iterations and resumed, and of one never stopped."""

    def trained(scenario, settings, stop):
        def interrupt(done, wanted, row):
            if done == stop:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            train(scenario, settings, tmp_path / "stopped", interrupt)
        resumed = train(scenario, settings, tmp_path / "stopped", resume=True)
        whole = train(scenario, settings, tmp_path / "whole")
        for file in ("weights.npz", "resume.npz", "policy.json"):
            assert (resumed.folder / file).read_bytes() == (whole.folder / file).read_bytes(), file
        return resumed, whole

    return trained
