"""Skip a test whose extra is not installed; fail it under CI, where all must be."""

import os
from importlib.util import find_spec

import pytest


def require(*modules: str) -> None:
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        reason = f"not installed: {', '.join(missing)} (make llm says why)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
