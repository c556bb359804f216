"""Carrying out a directive: what is illegal raises, what conflicts is resolved by hospital id and logged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any

from scenarios.errors import DirectiveError
from scenarios.rules import OverflowRule, QueueRule
from sim.eventlog import Row
from sim.legal import destinations, most_call_in, most_flex
from sim.order import Kind, on_grid, priority
from sim.protocol import Directive, Orders
from sim.result import Ordered
from sim.rules import QueueRanking
from sim.signals import Departure, Trigger

if TYPE_CHECKING:
    from sim.reference import ReferenceEngine

NEUTRAL = Orders()


def only_rules(order: Orders) -> bool:
    """Whether nothing is ordered but rules, which hold until others are: to order them again changes nothing."""
    acts = (order.reserve, order.moves, order.lend, order.call_in, order.flex, order.early_discharge)
    return order.vaccine is None and not any(acts)


class Standing:
    """The orders in force at every hospital."""

    def __init__(self, engine: ReferenceEngine, ranking: QueueRanking) -> None:
        network = engine.network
        self._engine = engine
        self._network = network
        n = len(network.hospitals)
        self._rankings = [ranking]
        self.overflow: list[OverflowRule] = [network.scenario.overflow_rule] * n
        self.diverting = [False] * n
        self.flex_open: list[dict[str, int]] = [{} for _ in range(n)]
        self._flex_coming: list[dict[str, list[list[int]]]] = [{} for _ in range(n)]
        """Per hospital and unit: [beds still to open] of each opening under way, the oldest first."""
        self.borrowed = [[0] * len(network.pools) for _ in range(n)]
        """H x pools: people borrowed and called in, less those lent."""
        self.ordered: list[Ordered] = []
        self._decision = 0
        self._trigger = Trigger.REGULAR

    def flex(self, h: int) -> dict[str, int]:
        """Return the flex beds open or opening at a hospital, by unit."""
        coming = self._flex_coming[h]
        units = {*self.flex_open[h], *coming}
        return {
            name: self.flex_open[h].get(name, 0) + sum(each[0] for each in coming.get(name, ()))
            for name in sorted(units)
        }

    def carry_out(self, directive: Directive, trigger: Trigger) -> None:
        """Put a directive into force."""
        problems = list(self._problems(directive))
        if problems:
            raise DirectiveError(problems)
        engine = self._engine
        self._decision, self._trigger = engine.decisions, trigger
        engine.log((engine.env.now, Row.DECIDED, -1, -1, int(trigger), float(engine.decisions)))
        orders = [directive.orders.get(name, NEUTRAL) for name in self._network.hospitals]
        for h, order in enumerate(orders):
            self._rules(h, order)
            self._reserve(h, order.reserve)
            self._flex(h, order.flex)
        self._assign_staff(orders)
        for h, order in enumerate(orders):
            self._vaccinate(h, order)
        for h, order in enumerate(orders):
            self._discharge(h, order.early_discharge)
            self._move(h, order.moves)

    def note_again(self, ordered: Sequence[Ordered], decision: int, time: float, trigger: Trigger) -> None:
        """Note orders that were given again and change nothing."""
        name = trigger.name.lower()
        self.ordered += [
            Ordered(decision, time, name, one.hospital, one.part, one.order, one.refused) for one in ordered
        ]

    # What is illegal by itself.

    def _problems(self, directive: Directive) -> list[str]:
        found: list[str] = []
        for name, order in directive.orders.items():
            if name not in self._network.hospitals:
                found.append(f'orders: "{name}" is not a hospital.{_mean(name, self._network.hospitals)}')
                continue
            if order is NEUTRAL:
                continue
            h = self._network.hospitals.index(name)
            for complaint in (
                *self._illegal_rule(order.queue_rule),
                *self._illegal_amounts(h, order),
                *self._illegal_moves(h, order.moves),
            ):
                found.append(f"orders[{name}].{complaint}")
        return found

    def _illegal_rule(self, rule: QueueRule | None) -> list[str]:
        scenario = self._network.scenario
        if rule is None:
            return []
        if rule.longest_wait is not None:
            missing = [name for name in scenario.acuities if not scenario.targets.get(name)]
            return [f"queue_rule: longest-wait needs a target for {', '.join(missing)}."] if missing else []
        if rule.equity_weighted is not None:
            name = rule.equity_weighted.attribute
            known = [key for key, attribute in scenario.attributes.items() if attribute.share is not None]
            if name not in known:
                return [
                    f'queue_rule: "{name}" is not a category of this scenario.{_mean(name, tuple(known))}'
                ]
            if scenario.group_blind and scenario.attributes[name].protected:
                return [
                    f"queue_rule: {name} is protected and the scenario is group_blind, so no order may use it."
                ]
        return []

    def _illegal_amounts(self, h: int, order: Orders) -> list[str]:
        network = self._network
        spec = network.scenario.hospitals[network.hospitals[h]]
        found: list[str] = []

        def check(
            part: str, key: str, amount: object, known: Mapping[str, Any], most: Callable[[Any], int]
        ) -> None:
            if key not in known:
                found.append(f'{part}: "{key}" is not here.{_mean(key, tuple(known))}')
            elif (
                isinstance(amount, bool) or not isinstance(amount, int) or not 0 <= amount <= most(known[key])
            ):
                found.append(
                    f"{part}[{key}]: expected a whole number from 0 to {most(known[key])}, got {amount!r}."
                )

        for (pool, acuity), amount in order.reserve.items():
            check("reserve", pool, amount, spec.beds, lambda beds: 2**31)
            if acuity not in network.acuities:
                found.append(f'reserve: "{acuity}" is not an acuity.{_mean(acuity, network.acuities)}')
        for role, amount in order.call_in.items():
            check("call_in", role, amount, most_call_in(network, h), int)
        for unit, amount in order.flex.items():
            check("flex", unit, amount, most_flex(network, h), int)
        for (role, to), amount in order.lend.items():
            check("lend", role, amount, spec.staff, lambda staff: 2**31)
            if to not in network.hospitals or to == network.hospitals[h]:
                found.append(f'lend: "{to}" is not another hospital.{_mean(to, network.hospitals)}')
            elif role not in network.scenario.hospitals[to].staff:
                found.append(f'lend: {to} has no "{role}".')
        vaccine = network.scenario.vaccine
        has_fridge = vaccine is not None and network.hospitals[h] in vaccine.fridges
        fridge = dict.fromkeys(network.products if has_fridge else ())
        for product, amount in (order.vaccine or {}).items():
            check("vaccine", product, amount, fridge, lambda _: 2**31)
        for tier in order.tiers:
            if tier not in network.tiers:
                found.append(f'tiers: "{tier}" is not a priority group.{_mean(tier, network.tiers)}')
        steps = {step.name: step for step in network.steps}
        for name, amount in order.early_discharge.items():
            check("early_discharge", name, amount, steps, lambda _: 2**31)
            if name in steps and steps[name].spec.clinical_margin is None:
                found.append(
                    f"early_discharge[{name}]: the step has no clinical_margin, so nobody may leave it early."
                )
        return found

    def _illegal_moves(self, h: int, moves: Mapping[int, str]) -> list[str]:
        network, found = self._network, []
        for number, to in moves.items():
            patient = self._engine.patients.get(number)
            if patient is None or patient.cell is None or patient.hospital != h:
                found.append(f"moves[{number}]: expected a patient who waits here, got one who does not.")
                continue
            if to not in network.hospitals:
                found.append(f'moves[{number}]: "{to}" is not a hospital.{_mean(to, network.hospitals)}')
                continue
            g = network.hospitals.index(to)
            if g not in destinations(network, h, patient.step):
                step = network.steps[patient.step].name
                found.append(f"moves[{number}]: {to} is no neighbour that can serve {step} and what follows.")
        return found

    # Carrying out.

    def _note(self, h: int, part: str, order: Any, refused: str = "") -> None:
        self.ordered.append(
            Ordered(
                self._decision,
                self._engine.env.now,
                self._trigger.name.lower(),
                self._network.hospitals[h],
                part,
                str(order),
                refused,
            )
        )

    def _rules(self, h: int, order: Orders) -> None:
        scenario = self._network.scenario
        ranking = self._ranking(order.queue_rule or scenario.queue_rule)
        tiers = {self._network.tiers.index(name): rank for rank, name in enumerate(order.tiers)}
        self._engine.desks[h].rank_by(ranking, tiers)
        self._engine.changed(h)
        self.overflow[h] = order.overflow_rule or scenario.overflow_rule
        self.diverting[h] = order.divert
        if order.queue_rule is not None:
            self._note(h, "queue_rule", order.queue_rule.name)
        if order.overflow_rule is not None:
            self._note(h, "overflow_rule", order.overflow_rule.name)
        if order.tiers:
            self._note(h, "tiers", ", ".join(order.tiers))
        if order.divert:
            self._note(h, "divert", "yes")

    def _ranking(self, rule: QueueRule) -> QueueRanking:
        for ranking in self._rankings:
            if rule is ranking.rule or rule == ranking.rule:
                return ranking
        self._rankings.append(QueueRanking(rule, self._network, self._engine.workload.codes))
        return self._rankings[-1]

    def _reserve(self, h: int, reserve: Mapping[tuple[str, str], int]) -> None:
        desk, network = self._engine.desks[h], self._network
        if not reserve:
            desk.kept = []
            return
        kept = [[0] * len(network.pools) for _ in network.acuities]
        for (name, acuity), beds in reserve.items():
            pool = network.pool(name)
            for other in range(network.acuities.index(acuity) + 1, len(network.acuities)):
                kept[other][pool] += beds * network.pools[pool].unit
            self._note(h, "reserve", f"{beds} {name} for {acuity}")
        desk.kept = kept

    def _flex(self, h: int, flex: Mapping[str, int]) -> None:
        network, engine = self._network, self._engine
        for name, spec in network.scenario.hospitals[network.hospitals[h]].beds.items():
            if spec.flex is None:
                continue
            wanted = flex.get(name, 0)
            if wanted:
                self._note(h, "flex", f"{wanted} {name}")
            coming = self._flex_coming[h].setdefault(name, [])
            surplus = self.flex(h)[name] - wanted
            for each in reversed(coming):
                cancelled = min(each[0], max(0, surplus))
                each[0] -= cancelled
                surplus -= cancelled
            if surplus > 0:
                self._open_flex(h, name, -surplus)
            elif surplus < 0:
                opening = [-surplus]
                coming.append(opening)
                rank = priority(Kind.SHIFT, h * len(network.pools) + network.pool(name))
                ready = on_grid(engine.env.now + spec.flex.delay)
                engine.at(ready, rank, partial(self._flex_ready, h, name, opening))

    def _flex_ready(self, h: int, name: str, opening: list[int]) -> None:
        self._flex_coming[h][name].remove(opening)
        self._open_flex(h, name, opening[0])

    def _open_flex(self, h: int, name: str, beds: int) -> None:
        self.flex_open[h][name] = self.flex_open[h].get(name, 0) + beds
        pool = self._network.pool(name)
        self._engine.change_capacity(h, pool, beds * self._network.pools[pool].unit)

    def _assign_staff(self, orders: list[Orders]) -> None:
        network, engine = self._network, self._engine
        people = [[0] * len(network.pools) for _ in orders]
        for h, order in enumerate(orders):
            for role, extra in order.call_in.items():
                if extra:
                    people[h][network.pool(role)] += extra
                    self._note(h, "call_in", f"{extra} {role}")
        for h, order in enumerate(orders):
            for (role, to), lent in order.lend.items():
                if not lent:
                    continue
                pool = network.pool(role)
                unit = network.pools[pool].unit
                on_duty = engine.desks[h].capacity[pool] // unit - self.borrowed[h][pool] + people[h][pool]
                going = max(0, min(lent, on_duty))
                people[h][pool] -= going
                people[network.hospitals.index(to)][pool] += going
                self._note(
                    h, "lend", f"{lent} {role} to {to}", "" if going == lent else f"only {going} on duty"
                )
        for h, row in enumerate(people):
            for pool, extra in enumerate(row):
                engine.change_capacity(h, pool, (extra - self.borrowed[h][pool]) * network.pools[pool].unit)
        self.borrowed = people

    def _vaccinate(self, h: int, order: Orders) -> None:
        supply = self._engine.supply
        if supply is None or (order.vaccine is None and self._trigger != Trigger.REGULAR):
            return
        for product, name in enumerate(self._network.products):
            vials = supply.order_up_to(h, product) if order.vaccine is None else order.vaccine.get(name, 0)
            if vials:
                sent = supply.order(h, product, vials)
                if order.vaccine is not None or sent < vials:
                    short = "" if sent == vials else f"the depot had {sent}"
                    self._note(h, "vaccine", f"{vials} vials of {name}", short)

    def _discharge(self, h: int, early: Mapping[str, int]) -> None:
        engine, network = self._engine, self._network
        for name, most in early.items():
            step = next(step for step in network.steps if step.name == name)
            margin = step.spec.clinical_margin or 0.0
            ready = engine.ready_to_leave(h, step.index, margin)
            for patient in ready[:most]:
                engine.journeys.discharge_early(patient)
            if most:
                self._note(
                    h,
                    "early_discharge",
                    f"{most} from {name}",
                    "" if len(ready) >= most else f"only {len(ready)} ready",
                )

    def _move(self, h: int, moves: Mapping[int, str]) -> None:
        engine = self._engine
        for number, to in sorted(moves.items()):
            patient = engine.patients.get(number)
            if patient is None or patient.cell is None or patient.hospital != h:
                self._note(h, "moves", f"{number} to {to}", "no longer waits here")
                continue
            sent = engine.journeys.transfers.move(
                patient, self._network.hospitals.index(to), Departure.ORDERED
            )
            self._note(h, "moves", f"{number} to {to}", "" if sent else "no ambulance")


def _mean(name: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(str(name), known, n=1)
    return f' Did you mean "{close[0]}"?' if close else ""
