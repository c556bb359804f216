"""All policies by name. A new one is a class and one line here; contract tests, `fairward list` and the
dashboard's picker find it by themselves.

A policy is built afresh for every replication from (scenario, network, stream, parameters); the stream
is its own, so that what it draws never touches the patients.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import numpy as np

from policies.combined import combined
from policies.dials import HeldDials
from policies.equity_weighted import EquityWeightedPolicy
from policies.heuristics import (
    AccumulatingPriorityPolicy,
    AcuityPolicy,
    CMuPolicy,
    CMuThetaPolicy,
    FirstComePolicy,
    LeastLoadedPolicy,
    LongestWaitPolicy,
    MaxWeightPolicy,
    NearestPolicy,
    Neutral,
)
from policies.learning.checkpoint import identity
from policies.learning.learned import LearnedPolicy, SampledPolicy
from policies.optimisation.rolling_horizon import RollingHorizon
from policies.parameters import PATH, Parameters, parse, suggestion
from policies.rollout import Rollout
from policies.staff_balancing import StaffBalancing
from policies.vaccine_supply import VaccineNeed, VaccinePopulation, VaccineRisk
from scenarios.errors import UsageError
from scenarios.scenario import Scenario
from sim.network import Network
from sim.protocol import Policy


class PolicyFactory(Protocol):
    """Makes a policy for one replication."""

    def __call__(
        self, scenario: Scenario, network: Network, stream: np.random.Generator, parameters: Parameters
    ) -> Policy:
        """Return the policy."""
        ...


POLICIES: dict[str, PolicyFactory] = {
    "neutral": Neutral,
    "first-come": FirstComePolicy,
    "acuity": AcuityPolicy,
    "longest-wait": LongestWaitPolicy,
    "c-mu": CMuPolicy,
    "c-mu-theta": CMuThetaPolicy,
    "max-weight": MaxWeightPolicy,
    "accumulating-priority": AccumulatingPriorityPolicy,
    "equity-weighted": EquityWeightedPolicy,
    "nearest": NearestPolicy,
    "least-loaded": LeastLoadedPolicy,
    "staff-balancing": StaffBalancing,
    "vaccine-population": VaccinePopulation,
    "vaccine-risk": VaccineRisk,
    "vaccine-need": VaccineNeed,
    "dials": HeldDials,
    "lp": RollingHorizon,
    "rollout": Rollout,
}

LEARNED: dict[str, PolicyFactory] = {"ckpt": LearnedPolicy, "ckpt-sampled": SampledPolicy}
"""Policies that are read from a folder: `ckpt:FOLDER`."""


def build_policy(written: str, scenario: Scenario, network: Network, stream: np.random.Generator) -> Policy:
    """Return the policy written as `name`, `name:key=value`, `ckpt:FOLDER` or `name+name`."""
    policies = [
        (POLICIES | LEARNED)[name](scenario, network, stream, parameters)
        for name, parameters in parse(known(written))
    ]
    return policies[0] if len(policies) == 1 else combined(policies)


def checkpoint_hash(written: str) -> str | None:
    """Return the SHA-256 of what was learned in a policy; None if it is made of rules only.

    A path is only where it lies: another training run may put another policy there.
    """
    found = [
        parameters[PATH] for name, parameters in parse(written) if name in LEARNED and PATH in parameters
    ]
    return identity(Path(found[0])) if found else None


def checkpoint_hashes(policies: Iterable[str]) -> dict[str, str]:
    """Return `checkpoint_hash` of those that have one, for a manifest."""
    return {policy: found for policy in policies if (found := checkpoint_hash(policy)) is not None}


def known(written: str) -> str:
    """Return `written`, or raise if it names a policy that does not exist."""
    for name, _ in parse(written):
        if name not in POLICIES and name not in LEARNED:
            raise UsageError(f'policy "{name}" is not known. {suggestion(name, [*POLICIES, *LEARNED])}')
    return written


def title(name: str) -> str:
    """Return what the policy does, in a line."""
    return (inspect.getdoc((POLICIES | LEARNED)[name]) or "").partition("\n")[0].rstrip(".")
