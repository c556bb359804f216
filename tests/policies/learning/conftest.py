"""Networks for the tests of learners."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture
def scene():
    """From overrides to the compiled network of three hospitals of `tests/policies/scenes.py`."""
    path = Path(__file__).parents[1] / "scenes.py"
    spec = importlib.util.spec_from_file_location("scenes", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.network_of
