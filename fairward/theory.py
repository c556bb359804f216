"""`fairward theory`: the exact queueing formulas of `sim.analytic`, at the prompt."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, NoReturn

import typer

from scenarios.units import format_duration, parse_duration, parse_rate
from sim.analytic import (
    beds_needed,
    erlang_a,
    erlang_b,
    erlang_c,
    erlang_c_wait,
    mg1_wait,
    mm_c,
    priority_waits,
)

SCHEMA = "fairward.theory/1"
VALIDITY = "exact, steady state"
WRONG_USE = 2
DIGITS_SHOWN = 5

POISSON = "Poisson arrivals at a constant rate"
EXPONENTIAL = "exponential service times"
ANY_SERVICE = "service times of any distribution (only the mean matters)"
PATIENT = "nobody leaves the queue"
FCFS = "first come, first served"

app = typer.Typer(
    help="Exact queueing formulas: waits, blocking, abandonment and beds, without a simulation.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Arrivals = Annotated[str, typer.Option("--arrivals", help='Arrival rate: "12 per hour", "1 per 1.2 days".')]
Service = Annotated[str, typer.Option("--service", help='Mean service time or stay: "20 min", "3.2 days".')]
Servers = Annotated[int, typer.Option("--servers", min=1, help="Number of servers or beds.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object; times are in hours.")]

Value = float | int | str | list[float]


class Measure(StrEnum):
    """What `beds` keeps small: the chance of being turned away, or of having to wait."""

    BLOCKING = "blocking"
    DELAY = "delay"


@dataclass(frozen=True)
class Answer:
    """What a command prints; a key that ends in `_hours` or `_per_hour` says its unit."""

    formula: str
    model: str
    inputs: Mapping[str, Value]
    results: Mapping[str, Value]
    assumptions: Sequence[str]
    source: str


@app.command("erlang-b")
def erlang_b_command(
    arrivals: Arrivals,
    service: Service,
    servers: Annotated[int, typer.Option("--servers", min=0, help="Number of servers or beds.")],
    as_json: AsJson = False,
) -> None:
    """How often is a patient turned away from a full ward?"""
    rate, service_hours = _read(("--arrivals", parse_rate, arrivals), ("--service", _above_zero, service))
    load = rate * service_hours
    with _formula_errors("erlang-b"):
        blocked = erlang_b(load, servers)
    carried = load * (1 - blocked)
    answer = Answer(
        formula="erlang-b",
        model="M/G/c/c: who finds every server busy is turned away",
        inputs={"arrivals_per_hour": rate, "service_hours": service_hours, "servers": servers},
        results={
            "blocking_probability": blocked,
            "turned_away_per_hour": rate * blocked,
            "mean_busy_servers": carried,
            **({"utilisation": carried / servers} if servers else {}),
        },
        assumptions=(POISSON, ANY_SERVICE, "who is turned away does not come back"),
        source="Erlang (1917), loss formula",
    )
    _print(answer, as_json)


@app.command("erlang-c")
def erlang_c_command(arrivals: Arrivals, service: Service, servers: Servers, as_json: AsJson = False) -> None:
    """How long do patients wait if nobody leaves the queue?"""
    rate, service_hours = _read(("--arrivals", parse_rate, arrivals), ("--service", _above_zero, service))
    with _formula_errors("erlang-c"):
        queue = mm_c(rate, 1 / service_hours, servers)
    answer = Answer(
        formula="erlang-c",
        model="M/M/c: everybody waits until served",
        inputs={"arrivals_per_hour": rate, "service_hours": service_hours, "servers": servers},
        results={
            "wait_probability": queue.wait_probability,
            "mean_wait_hours": queue.mean_wait,
            "mean_time_in_system_hours": queue.mean_time_in_system,
            "mean_queue": queue.mean_queue,
            "mean_in_system": queue.mean_in_system,
            "utilisation": queue.utilisation,
        },
        assumptions=(POISSON, EXPONENTIAL, PATIENT, FCFS),
        source="Erlang (1917), delay formula",
    )
    _print(answer, as_json)


@app.command("erlang-a")
def erlang_a_command(
    arrivals: Arrivals,
    service: Service,
    servers: Servers,
    patience: Annotated[str, typer.Option("--patience", help='Mean patience: "2 h".')],
    as_json: AsJson = False,
) -> None:
    """How many patients leave before they are served?"""
    rate, service_hours, patience_hours = _read(
        ("--arrivals", _rate_above_zero, arrivals),
        ("--service", _above_zero, service),
        ("--patience", _above_zero, patience),
    )
    with _formula_errors("erlang-a"):
        queue = erlang_a(rate, 1 / service_hours, servers, 1 / patience_hours)
    answer = Answer(
        formula="erlang-a",
        model="M/M/c+M: who runs out of patience leaves the queue",
        inputs={
            "arrivals_per_hour": rate,
            "service_hours": service_hours,
            "servers": servers,
            "patience_hours": patience_hours,
        },
        results={
            "abandon_probability": queue.abandon_probability,
            "wait_probability": queue.wait_probability,
            "mean_wait_of_all_arrivals_hours": queue.mean_wait,
            "mean_queue": queue.mean_queue,
            "utilisation": queue.utilisation,
        },
        assumptions=(POISSON, EXPONENTIAL, "exponential patience, which ends when service begins"),
        source="Palm (1957); Garnett, Mandelbaum & Reiman (2002)",
    )
    _print(answer, as_json)


@app.command("mg1")
def mg1_command(
    arrivals: Arrivals,
    service: Service,
    service_sd: Annotated[
        str, typer.Option("--service-sd", help='Standard deviation of the service time: "6 min".')
    ],
    as_json: AsJson = False,
) -> None:
    """How long do patients wait for one server whose times vary in any way?"""
    rate, service_hours, sd_hours = _read(
        ("--arrivals", parse_rate, arrivals),
        ("--service", _above_zero, service),
        ("--service-sd", parse_duration, service_sd),
    )
    with _formula_errors("mg1"):
        wait = mg1_wait(rate, service_hours, sd_hours)
    answer = Answer(
        formula="mg1",
        model="M/G/1: one server",
        inputs={"arrivals_per_hour": rate, "service_hours": service_hours, "service_sd_hours": sd_hours},
        results={"mean_wait_hours": wait, "mean_queue": rate * wait, "utilisation": rate * service_hours},
        assumptions=(POISSON, "service times of any distribution with this mean and sd", PATIENT),
        source="Pollaczek (1930), Khinchine (1932)",
    )
    _print(answer, as_json)


@app.command("priority")
def priority_command(
    arrivals: Annotated[
        list[str],
        typer.Option("--arrivals", help="Arrival rate of a class; repeat it, the most urgent first."),
    ],
    service: Service,
    servers: Servers,
    as_json: AsJson = False,
) -> None:
    """How long does each priority class wait?"""
    *rates, service_hours = _read(
        *(("--arrivals", parse_rate, text) for text in arrivals), ("--service", _above_zero, service)
    )
    with _formula_errors("priority"):
        waits = priority_waits(rates, 1 / service_hours, servers)
        wait_without_priority = erlang_c_wait(math.fsum(rates), 1 / service_hours, servers)
    answer = Answer(
        formula="priority",
        model="M/M/c with non-preemptive priority: class 1 is served first, nobody is interrupted",
        inputs={"arrivals_per_hour": rates, "service_hours": service_hours, "servers": servers},
        results={
            "mean_wait_hours": list(waits),
            "mean_wait_without_priority_hours": wait_without_priority,
            "utilisation": math.fsum(rates) * service_hours / servers,
        },
        assumptions=(POISSON, f"{EXPONENTIAL}, the same for every class", PATIENT, f"{FCFS} within a class"),
        source="Kella & Yechiali (1985)",
    )
    _print(answer, as_json)


@app.command("beds")
def beds_command(
    arrivals: Arrivals,
    stay: Annotated[str, typer.Option("--stay", help='Mean length of stay: "7.4 days".')],
    target: Annotated[float, typer.Option("--target", help="Highest probability accepted: 0.05 for 5 %.")],
    measure: Annotated[
        Measure, typer.Option("--measure", help="Being turned away, or having to wait.")
    ] = Measure.BLOCKING,
    as_json: AsJson = False,
) -> None:
    """How many beds keep the chance of being turned away, or of waiting, at a target?"""
    rate, stay_hours = _read(("--arrivals", parse_rate, arrivals), ("--stay", _above_zero, stay))
    load = rate * stay_hours
    loses = measure is Measure.BLOCKING
    with _formula_errors("beds"):
        n_beds = beds_needed(load, target, measure.value)
        reached = erlang_b(load, n_beds) if loses else erlang_c(load, n_beds)
    answer = Answer(
        formula="beds",
        model="M/G/c/c: who finds the ward full is turned away"
        if loses
        else "M/M/c: everybody waits for a bed",
        inputs={
            "arrivals_per_hour": rate,
            "stay_hours": stay_hours,
            "target_probability": target,
            "measure": measure.value,
        },
        results={
            "beds": n_beds,
            f"{measure.value}_probability": reached,
            **({"utilisation": load * (1 - reached if loses else 1) / n_beds} if n_beds else {}),
        },
        assumptions=(
            (
                POISSON,
                "stays of any distribution (only the mean matters)",
                "who is turned away does not come back",
            )
            if loses
            else (POISSON, "exponential stays", PATIENT)
        ),
        source=f"Erlang (1917), {'loss' if loses else 'delay'} formula",
    )
    _print(answer, as_json)


def _read(*options: tuple[str, Callable[[str], float], str]) -> list[float]:
    values, problems = [], []
    for name, parse, text in options:
        try:
            values.append(parse(text))
        except ValueError as error:
            problems.append(f"{name}: {error}")
    if problems:
        _refuse(problems)
    return values


def _above_zero(text: str) -> float:
    if (hours := parse_duration(text)) == 0:
        raise ValueError(f'expected a duration longer than 0, got "{text}". Say for example "20 min".')
    return hours


def _rate_above_zero(text: str) -> float:
    if (rate := parse_rate(text)) == 0:
        raise ValueError(f'expected a rate above 0, got "{text}". Say for example "12 per hour".')
    return rate


@contextmanager
def _formula_errors(formula: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        _refuse([f"theory {formula}: {error}"])
    except OverflowError:
        _refuse(
            [f"theory {formula}: expected times of human length, got a number too large. Check the units."]
        )


def _refuse(problems: Sequence[str]) -> NoReturn:
    for problem in problems:
        typer.echo(problem, err=True)
    raise typer.Exit(WRONG_USE)


def _print(answer: Answer, as_json: bool) -> None:
    typer.echo(_as_json(answer) if as_json else _as_table(answer))


def _as_json(answer: Answer) -> str:
    return json.dumps(
        {
            "schema": SCHEMA,
            "formula": answer.formula,
            "model": answer.model,
            "validity": VALIDITY,
            "inputs": dict(answer.inputs),
            "results": dict(answer.results),
            "assumptions": list(answer.assumptions),
            "source": answer.source,
        },
        allow_nan=False,
    )


def _as_table(answer: Answer) -> str:
    inputs, results = list(_rows(answer.inputs)), list(_rows(answer.results))
    width = max(len(label) for label, _ in inputs + results)
    return "\n".join(
        [
            f"{answer.model} ({VALIDITY})",
            "",
            *(f"  {label:<{width}}  {shown}" for label, shown in inputs),
            "",
            *(f"  {label:<{width}}  {shown}" for label, shown in results),
            "",
            f"Assumes: {'; '.join(answer.assumptions)}.",
            f"Source: {answer.source}.",
        ]
    )


def _rows(values: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        label = key.removesuffix("_per_hour").removesuffix("_hours").replace("_", " ")
        if isinstance(value, list):
            yield from (
                (f"{label}, class {place}", _shown(key, part)) for place, part in enumerate(value, start=1)
            )
        else:
            yield label, _shown(key, value)


def _shown(key: str, value: float | int | str) -> str:
    if isinstance(value, str):
        return value
    if key.endswith("_per_hour"):
        return f"{value:.{DIGITS_SHOWN}g} per hour"
    if key.endswith("_hours"):
        return format_duration(value, digits=DIGITS_SHOWN)
    return str(value) if isinstance(value, int) else f"{value:.{DIGITS_SHOWN}g}"
