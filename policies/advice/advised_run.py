"""One run that a person steps through: the policy recommends, the person accepts or overrides and sees both futures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from policies.advice.ledger import Ledger, Verdict
from policies.advice.modes import in_mode
from policies.changes import Change
from policies.futures import Futures, begin, both_ways, fork
from scenarios.errors import UsageError
from scenarios.loader import scenario_hash
from scenarios.rules import OverflowRule, QueueRule
from scenarios.scenario import Scenario
from sim.protocol import Decision, Directive, Orders
from sim.result import Result


@dataclass(frozen=True)
class Order:
    """One part of a directive, as a line to be accepted or overridden."""

    hospital: str
    part: str
    """A field of `sim.protocol.Orders`."""
    text: str


class AdvisedRun:
    """A run under a policy whose every directive a person may change before it is carried out.

    After an override the policy goes on from what has become of the network. What was done is added to the ledger.
    """

    def __init__(
        self,
        scenario: Scenario,
        policy: str,
        seed: int = 1,
        replication: int = 1,
        mode: str = "normal",
        ledger: Ledger | None = None,
    ) -> None:
        """Run to the first decision. `mode`: see `policies.advice.modes`."""
        self.scenario = in_mode(scenario, mode)
        self.policy, self.seed, self.replication, self.mode = policy, seed, replication, mode
        self._ledger = ledger
        self._engine, self._decider = begin(self.scenario, policy, seed, replication)
        self.number = -1
        """Of the present decision, from 0."""
        self.decision: Decision | None = None
        """What is seen now; None: the run is over."""
        self.recommended = Directive()
        self._go_on()

    @property
    def name(self) -> str:
        """Which run this is, for the ledger."""
        return (
            f"{self.scenario.name} {scenario_hash(self.scenario)[:16]}, {self.policy}, seed {self.seed}, "
            f"replication {self.replication}"
        )

    def orders(self) -> list[Order]:
        """Return the recommended orders that are not neutral."""
        return list_orders(self.recommended)

    def changed(self, changes: Sequence[Change]) -> Directive:
        """Return the recommended directive with changes made, in order."""
        directive = self.recommended
        for change in changes:
            directive = change(directive)
        return directive

    def futures(self, changes: Sequence[Change]) -> Futures:
        """Return both futures of this run, the recommendation followed and with the changes; the run stays here.

        From then on the policy decides alone in both. Raises `UsageError` if the changes change nothing, and
        `DirectiveError` if the engine refuses what results.
        """
        decision = self._present()
        engine, decider = fork(self._engine, self._decider)
        changed = self.changed(changes)
        return both_ways(engine, decider, self.number, decision, self.recommended, lambda _: changed)

    def accept(self, who: str, rationale: str = "") -> None:
        """Have the recommendation carried out and go on to the next decision."""
        self._answer(self.recommended, who, "accepted", rationale, None)

    def override(
        self, changes: Sequence[Change], who: str, rationale: str, seen: Futures | None = None
    ) -> None:
        """Have something else carried out and go on to the next decision. `seen`: the futures that were shown.

        Nothing is carried out or written without a name and a reason, or if the engine refuses the orders.
        """
        directive = self.changed(changes)
        if directive == self.recommended:
            raise UsageError(
                f"decision {self.number}: the orders are as recommended. Accept them, or change one."
            )
        self._answer(directive, who, "overridden", rationale, seen)

    def follow(self, stop: Callable[[Decision], bool]) -> None:
        """Follow the policy, without entries in the ledger, to the next decision at which to stop, or the horizon."""
        while self.decision is not None and not stop(self.decision):
            self._engine.answer(self.recommended)
            self._go_on()

    def result(self) -> Result:
        """Return what happened. Raises `UsageError` before the horizon."""
        if self.decision is not None:
            raise UsageError(f"the run is at {self.decision.time:g} h: it has not reached its horizon.")
        return self._engine.result()

    def _answer(
        self, directive: Directive, who: str, verdict: str, rationale: str, seen: Futures | None
    ) -> None:
        decision = self._present()
        trial, _ = fork(self._engine, self._decider)
        trial.answer(directive)  # refused before anything is written
        if self._ledger is not None:
            said = Verdict(
                who=who,
                run=self.name,
                mode=self.mode,
                decision=self.number,
                hours=decision.time,
                verdict=verdict,
                recommended=_text(self.recommended),
                ordered=_text(directive),
                rationale=rationale,
                effect=effect_of(seen),
            )
            self._ledger.add(said)
        self._engine.answer(directive)
        self._go_on()

    def _go_on(self) -> None:
        self.decision = self._engine.next_decision()
        self.number += 1
        self.recommended = Directive() if self.decision is None else self._decider.decide(self.decision)

    def _present(self) -> Decision:
        if self.decision is None:
            raise UsageError("the run is over: there is nothing more to decide.")
        return self.decision


def list_orders(directive: Directive) -> list[Order]:
    """Return the parts of a directive that are not neutral, hospital by hospital."""
    neutral = Orders()
    return [
        Order(hospital, part.name, _said(getattr(orders, part.name)))
        for hospital, orders in directive.orders.items()
        for part in fields(Orders)
        if getattr(orders, part.name) != getattr(neutral, part.name)
    ]


def _said(value: Any) -> str:
    if isinstance(value, QueueRule | OverflowRule):
        return value.name
    if isinstance(value, Mapping):
        return ", ".join(
            f"{' '.join(key) if isinstance(key, tuple) else key}: {each}" for key, each in value.items()
        )
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "yes" if value is True else str(value)


def effect_of(futures: Futures | None) -> dict[str, float]:
    """Return what two futures differ in, as the ledger keeps it: exact for one run, no estimate; empty if unseen."""
    if futures is None:
        return {}
    patients = futures.patients
    change = patients["change"].dropna()
    return {
        "patients_affected": float(patients["differs"].sum()),
        "untreated_hours": float(change.sum()),
        "patients_who_wait_longer": float((change > 0).sum()),
        "patients_who_wait_less": float((change < 0).sum()),
    }


def _text(directive: Directive) -> str:
    return "\n".join(f"{order.hospital}: {order.part} {order.text}" for order in list_orders(directive))
