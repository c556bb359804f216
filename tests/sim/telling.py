"""Small scenarios told as stories: run a YAML text under planned orders and read what happened in minutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scenarios.loader import load_text
from sim.eventlog import Row
from sim.network import compile_network
from sim.protocol import Decision, Directive, Orders
from sim.reference import ReferenceEngine
from sim.result import Result
from sim.workload import Workload
from tests.replay import replay

Plan = Mapping[float, Mapping[str, Orders]]
"""Minute of a regular decision -> hospital -> orders; what is not named is neutral."""


@dataclass
class Told:
    """A finished story."""

    result: Result
    decisions: list[Decision] = field(default_factory=list)

    def when(self, kind: Row, name: str = "", hospital: str = "") -> list[tuple[int, int]]:
        """Return (minute, patient) of the rows of a kind, of one step (or pool, or outcome) and hospital."""
        return [(minute, patient) for minute, patient, _ in self.rows(kind, name, hospital)]

    def rows(self, kind: Row, name: str = "", hospital: str = "") -> list[tuple[int, int, float]]:
        """Return (minute, patient, value) of such rows."""
        log, network = self.result.log, self.result.network
        found = []
        for i in range(len(log)):
            item, place = int(log.item[i]), int(log.hospital[i])
            if log.kind[i] != kind or (hospital and (place < 0 or network.hospitals[place] != hospital)):
                continue
            if not name or name == self._name(kind, item):
                minute = float(log.time[i]) * 60
                assert abs(minute - round(minute)) < 0.01, "the stories are told in whole minutes"
                found.append((round(minute), int(log.patient[i]), float(log.value[i])))
        return found

    def _name(self, kind: Row, item: int) -> str:
        network = self.result.network
        if kind in (Row.QUEUED, Row.STARTED, Row.ENDED, Row.QUIT, Row.TREATED):
            return network.steps[item].name.split(".")[1]
        if kind == Row.LEFT_NETWORK:
            return network.outcomes[item]
        return network.pools[item].name if kind == Row.CAPACITY else str(item)

    def refusals(self) -> list[tuple[str, str, str]]:
        """Return (hospital, order, why) of what was not carried out."""
        return [(o.hospital, f"{o.part} {o.order}", o.refused) for o in self.result.orders if o.refused]


def engine_of(text: str, seed: int = 1, *overrides: str) -> tuple[ReferenceEngine, Workload]:
    """Return an engine at time zero."""
    head = "fairward: 1\nname: story\n" + ("" if "decide_every" in text else "decide_every: 0\n")
    network = compile_network(load_text(head + text, overrides))
    workload = Workload(network, seed, 0)
    return ReferenceEngine(network, workload), workload


def tell(text: str, plan: Plan | None = None, seed: int = 1, overrides: tuple[str, ...] = ()) -> Told:
    """Run a story to its end, and read its log again."""
    engine, workload = engine_of(text, seed, *overrides)
    decisions: list[Decision] = []
    directives: list[Directive] = []
    while (decision := engine.next_decision()) is not None:
        orders: Mapping[str, Any] = (plan or {}).get(round(decision.time * 60), {})
        decisions.append(decision)
        directives.append(Directive(dict(orders)))
        engine.answer(directives[-1])
    result = engine.result()
    replay(result, workload, directives, decisions)
    return Told(result, decisions)
