"""Which policies can be run in a scenario: each is built and plays one run, which is kept, before anything is begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from policies.evaluation.evaluating import outcomes_of
from policies.evaluation.measures import attribute_of
from policies.experiment import check_policies
from policies.study.protocol import Protocol
from scenarios.errors import FairwardError, MissingExtra
from sim.replications import Workers, replicate


@dataclass(frozen=True)
class Rehearsal:
    """A picklable task: called with the number of a policy, it says why it cannot be run; nothing where it can."""

    protocol: Protocol
    name: str
    """Of the scenario."""
    case: str
    policies: tuple[str, ...]
    seed: int
    """Of the simulation that is to come: the run is its first."""
    folder: Path
    """Where replications are kept."""

    def __call__(self, number: int) -> str:
        """Build the policy and play one run."""
        scenario, policy = self.protocol.scenario(self.name, self.case), self.policies[number]
        try:
            check_policies(scenario, [policy], 0)
            by = attribute_of(scenario, None)
            outcomes_of(scenario, [policy], by, 1, self.seed, workers=Workers(1), folder=self.folder)
        except MissingExtra:
            raise
        except FairwardError as error:
            return str(error)
        return ""


def refused(
    protocol: Protocol,
    name: str,
    case: str,
    policies: Sequence[str],
    seed: int,
    folder: Path,
    workers: Workers,
) -> dict[str, str]:
    """Return why some policies cannot be run in a case of a scenario."""
    task = Rehearsal(protocol, name, case, tuple(dict.fromkeys(policies)), seed, folder)
    said = replicate(task, range(len(task.policies)), workers=workers)
    return {task.policies[number]: why for number, why in said.items() if why}
