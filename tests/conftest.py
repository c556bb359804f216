"""One way to be random for all tests: Hypothesis repeats itself, and a seed is the hash of a test's name."""

import hashlib

import pytest
from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "fairward",
    derandomize=True,
    deadline=None,
    max_examples=40,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    # Shrinking a whole hospital network takes minutes, longer than a test may: `--hypothesis-profile=shrink` does.
    phases=[Phase.explicit, Phase.generate],
)
settings.register_profile("shrink", settings.get_profile("fairward"), phases=list(Phase))
settings.load_profile("fairward")


def seed_of(name: str) -> int:
    """Return the seed of the test with this name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The seed of the present test, its parameters left out."""
    return seed_of(request.node.originalname)
