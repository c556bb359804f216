"""Where results come from: versions of libraries and of our own source, and the hash that they share."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = ("simpy", "mesa", "numpy", "pandas", "pyarrow", "pydantic", "scipy", "statsmodels", "numba")
"""Libraries whose version may change a result; those not installed are left out."""

ROOMS = ("scenarios", "sim", "agents", "policies")
"""Rooms whose source may change a result."""


@cache
def versions() -> dict[str, str]:
    """Return the versions of Python, of Fairward and of the libraries that results depend on."""
    found = {"python": platform.python_version()}
    for name in ("fairward", *LIBRARIES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@cache
def source_hash() -> str:
    """Return a SHA-256 of every Python file of the rooms that make results."""
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(root).as_posix()}:{len(content)}:".encode() + content)
    return digest.hexdigest()


def results_hash(scenario_hash: str, seed: int, engine: str) -> str:
    """Return the name of everything that decides a replication but its policy and its number."""
    parts = {
        "scenario": scenario_hash,
        "seed": seed,
        "engine": engine,
        "versions": versions(),
        "source": source_hash(),
        "platform": [sys.platform, platform.machine()],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
