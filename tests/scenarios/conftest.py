from collections.abc import Callable
from pathlib import Path

import pytest

from scenarios.errors import ScenarioError
from scenarios.loader import load_text

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def complete() -> str:
    return (HERE / "complete.yaml").read_text(encoding="utf-8")


@pytest.fixture
def problems() -> Callable[..., list[str]]:
    """The lines of a scenario's problems, without the last line that counts them."""

    def lines(text: str, *overrides: str, file: str = "winter.yaml") -> list[str]:
        try:
            load_text(text, overrides, file)
        except ScenarioError as error:
            return str(error).splitlines()[:-1]
        return []

    return lines
