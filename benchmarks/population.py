"""Person-days per second: the columnar population, beside the same people as plain Mesa agents.

    .venv/bin/python benchmarks/population.py [--people 100000] [--days 365] [--plain-people 2000] [--plain-days 365]

Both live the same life: every day each person's risk drifts by the equation of `agents/drift.py` with noise, an
episode that is over gives way to the next, and who is unlucky presents and is out of care the next midnight. The plain
model is written as in Mesa's tutorials: one agent a person, `agents.do("step")`, random numbers from the model. It is
given fewer people, since its cost is in proportion; person-days per second are what is compared. No hospital
is simulated here: `benchmarks/engines.py` measures that.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import mesa

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from agents.population.source import People  # noqa: E402
from scenarios.loader import load_text  # noqa: E402
from sim.arrival_source import Outcomes  # noqa: E402
from sim.network import compile_network  # noqa: E402

SCENARIO = """
fairward: 1
name: benchmark
horizon: {days} days
attributes:
  age: {{share: {{child: 0.2, adult: 0.6, elderly: 0.2}}}}
classes: {{patient: {{pathway: visit}}}}
pathways: {{visit: {{steps: {{see: {{duration: 1 h}}}}}}}}
hospitals: {{north: {{population: {people}}}}}
population:
  catchments: {{north: {{}}}}
  risk:
    start: [{{when: {{age: elderly}}, uniform: {{low: 0.1, high: 0.5}}}}, {{uniform: {{low: 0.01, high: 0.1}}}}]
    trends: {{improving: 0.2, stable: 0.6, worsening: 0.2}}
    improving: 0.02
    worsening: 0.6
    episode: 180 days
    noise: 0.05
  presenting: {{at_no_risk: 0.1 per 365 days, at_full_risk: 2 per 365 days, classes: patient}}
"""


def columnar(people: int, days: int) -> tuple[float, int]:
    """Return seconds and how many presented."""
    network = compile_network(load_text(SCENARIO.format(people=people, days=days)))
    source = People(network, seed=1, replication=1, first_number=0)
    discharged = network.outcomes.index("discharged")
    n, here = 0, range(0)
    start = time.perf_counter()
    for day in range(days):
        departed = tuple((24.0 * day, number, discharged) for number in here)
        patients = source.next_day(day, Outcomes(departed, (), ()))
        here = range(n, n + len(patients))
        n += len(patients)
    return time.perf_counter() - start, n


class PlainPerson(mesa.Agent):
    """The same person, the usual way."""

    def __init__(self, model: mesa.Model, age: str) -> None:
        super().__init__(model)
        random = model.random
        self.start = random.uniform(0.1, 0.5) if age == "elderly" else random.uniform(0.01, 0.1)
        self.begun = -random.randrange(180)
        self.end = self.anchor(self.start)
        self.in_care = False

    def anchor(self, now: float) -> float:
        u = self.model.random.random()
        return min(now, 0.02) if u < 0.2 else now if u < 0.8 else max(now, 0.6)

    def step(self) -> None:
        day = self.model.steps - 1
        if day - self.begun >= 180:
            self.start, self.begun = self.end, day
            self.end = self.anchor(self.start)
        a = (day - self.begun) / 180
        risk = (1 - a) * self.start + a * self.end
        risk += min(0.05, risk, 1 - risk) * (2 * self.model.random.random() - 1)
        self.in_care = self.model.random.random() < (0.1 + 1.9 * risk) / 365
        self.model.presented += self.in_care


class PlainTown(mesa.Model):
    """A model of plain agents."""

    def __init__(self, people: int) -> None:
        super().__init__(seed=1)
        self.presented = 0
        for i in range(people):
            PlainPerson(self, "child" if i % 5 == 0 else "elderly" if i % 5 == 1 else "adult")

    def step(self) -> None:
        self.agents.do("step")


def plain(people: int, days: int) -> tuple[float, int]:
    """Return seconds and how many presented."""
    town = PlainTown(people)
    start = time.perf_counter()
    for _ in range(days):
        town.step()
    return time.perf_counter() - start, town.presented


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--plain-people", type=int, default=2000)
    parser.add_argument("--plain-days", type=int, default=365)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    columnar(100, 2)  # what is imported when first used is not the model's cost
    rows = []
    for name, live, people, days in (
        ("columnar", columnar, arguments.people, arguments.days),
        ("plain Mesa agents", plain, arguments.plain_people, arguments.plain_days),
    ):
        seconds, presented = live(people, days)
        rate = people * days / seconds
        rows.append({
            "model": name, "people": people, "days": days, "seconds": seconds, "person_days_per_second": rate,
            "presented_per_1000_person_years": 1000 * 365 * presented / (people * days),
        })  # fmt: skip
    if arguments.json:
        print(json.dumps(rows, indent=1))
        return
    print("| model | people | days | seconds | person-days per second | presented per 1000 person-years |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['model']} | {row['people']} | {row['days']} | {row['seconds']:.2f} "
            f"| {row['person_days_per_second']:,.0f} | {row['presented_per_1000_person_years']:.0f} |"
        )
    print(
        f"\ncolumnar is {rows[0]['person_days_per_second'] / rows[1]['person_days_per_second']:.0f} times as fast"
    )


if __name__ == "__main__":
    main()
