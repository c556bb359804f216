"""The front door: the command line and a small façade.

import fairward

rural = fairward.load("rural", ["horizon=14 days"])
answer = fairward.compare(rural, ["first-come", "c-mu"], replications=20, seed=1)
print(answer.sentence)
print(answer.differences["c-mu"].query("metric == 'untreated_hours' and hospital == ''"))
for name in fairward.POLICIES:
    print(name)
alone = fairward.run("surge", "acuity", replications=5)
print(alone.summaries["acuity"])
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairward.facade import compare, run, sweep
    from policies.answer import Answer
    from policies.registry import POLICIES
    from scenarios.errors import FairwardError
    from scenarios.loader import library_names, load
    from sim.outcomes import METRICS

__all__ = [
    "METRICS",
    "POLICIES",
    "Answer",
    "FairwardError",
    "compare",
    "library_names",
    "load",
    "run",
    "sweep",
]

_HOMES = {
    "load": "scenarios.loader",
    "library_names": "scenarios.loader",
    "FairwardError": "scenarios.errors",
    "METRICS": "sim.outcomes",
    "POLICIES": "policies.registry",
    "Answer": "policies.answer",
    "run": "fairward.facade",
    "compare": "fairward.facade",
    "sweep": "fairward.facade",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'fairward' has no attribute {name!r}. It has {', '.join(__all__)}.")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
