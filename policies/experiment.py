"""Runs a scenario under one or more policies on the same patients, and says what came out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isnan

import pandas as pd

from agents.build import prepare
from policies.answer import Answer
from policies.origin import results_hash, source_hash, versions
from policies.parts import Part, Parts, policy_folder
from policies.registry import build_policy, checkpoint_hashes
from policies.replication import Replication, policy_stream
from policies.sentence import FEWEST, by_group, comparison, everybody, headline_metric
from policies.stopping import AT_MOST, BATCH, Until, check_until, runs_needed
from scenarios.errors import UsageError
from scenarios.loader import scenario_hash
from scenarios.scenario import Scenario
from sim.inference import FEWEST_RUNS, enough, mser5, paired, summarise
from sim.network import compile_network
from sim.outcomes import METRICS
from sim.replications import Workers, replicate

OnDone = Callable[[int, int, dict[str, Part]], None]
"""(replications done, replications wanted, the newest one by policy)."""

Done = dict[int, dict[str, Part]]


def experiment(
    scenario: Scenario,
    policies: Sequence[str],
    replications: int | None = None,
    seed: int = 1,
    engine: str = "auto",
    workers: Workers | None = None,
    parts: Parts | None = None,
    until: Until | None = None,
    on_done: OnDone | None = None,
    on_estimate: Callable[[int], None] | None = None,
) -> Answer:
    """Return the answer of `replications` runs (the scenario's own number when None) of each policy.

    With `until`, more are run in batches of 10 until every policy's interval is narrow enough;
    `on_estimate` is called once with about how many that will be.
    Finished replications are kept in `parts` and not run again. Raises `sim.replications.Interrupted`.
    """
    policies = tuple(policies)
    check_policies(scenario, policies, seed)
    if until is not None:
        check_until(until, compile_network(scenario))
    wanted = scenario.replications if replications is None else replications
    if wanted < 1:
        raise UsageError(f"expected at least 1 replication, got {wanted}.")
    prepare(engine)
    task = Replication(scenario, policies, seed, engine, parts)
    pool = workers if workers is not None else Workers(1)
    done: Done = {}

    def report(number: int, newest: dict[str, Part]) -> None:
        report.n += 1  # type: ignore[attr-defined]
        if on_done is not None:
            on_done(report.n, wanted, newest)  # type: ignore[attr-defined]

    report.n = 0  # type: ignore[attr-defined]
    estimated = False
    try:
        done |= replicate(task, range(1, wanted + 1), on_done=report, workers=pool)
        while until is not None and not _settled(done, policies, until) and len(done) < AT_MOST:
            if not estimated and on_estimate is not None and len(done) >= FEWEST_RUNS:
                on_estimate(_about(done, policies, until))
                estimated = True
            following = range(len(done) + 1, min(len(done) + BATCH, AT_MOST) + 1)
            wanted = following[-1]
            done |= replicate(task, following, on_done=report, workers=pool)
    finally:
        if workers is None:
            pool.close(at_once=True)
    return answer(scenario, policies, seed, done, engine, until)


def check_policies(scenario: Scenario, policies: Sequence[str], seed: int) -> None:
    """Raise if a policy cannot be built for the scenario, or is named twice; before anything is run."""
    if not policies:
        raise UsageError("expected at least one policy, got none. See `fairward list`.")
    twice = sorted({policy for policy in policies if list(policies).count(policy) > 1})
    if twice:
        raise UsageError(f"policy {twice[0]} is named twice. Keep one of them.")
    network = compile_network(scenario)
    for policy in policies:
        build_policy(policy, scenario, network, policy_stream(policy, seed, 0))


def answer(
    scenario: Scenario,
    policies: Sequence[str],
    seed: int,
    done: Done,
    engine: str,
    until: Until | None = None,
) -> Answer:
    """Return the answer of replications that are done."""
    collected = {policy: outcomes_of(done, policy) for policy in policies}
    summaries = {policy: summarise(frame) for policy, frame in collected.items()}
    first = policies[0]
    differences = {policy: paired(collected[first], collected[policy]) for policy in policies[1:]}
    identity = scenario_hash(scenario)
    return Answer(
        scenario=scenario,
        policies=tuple(policies),
        seed=seed,
        replications=tuple(done),
        outcomes=collected,
        summaries=summaries,
        differences=differences,
        sentence=comparison(scenario, policies, summaries, differences, len(done), seed),
        notes=tuple(_notes(scenario, policies, summaries, done, until)),
        provenance={
            "scenario_hash": identity,
            "results_hash": results_hash(identity, seed, engine),
            "source_hash": source_hash(),
            "engine": engine,
            "versions": versions(),
            "checkpoints": checkpoint_hashes(policies),
            "workloads": [next(iter(parts.values())).workload for parts in done.values()],
            "logs": {policy: [parts[policy].fingerprint for parts in done.values()] for policy in policies},
            "patients": sum(parts[policies[0]].n_patients for parts in done.values()),
            "events": sum(part.events for parts in done.values() for part in parts.values()),
            "reused": sum(part.reused for parts in done.values() for part in parts.values()),
        },
        folders={policy: policy_folder(policy) for policy in policies},
    )


def outcomes_of(done: Done, policy: str) -> pd.DataFrame:
    """Return the outcomes of all replications of a policy with their number in the first column."""
    frames = [
        parts[policy].outcomes.assign(replication=number)[["replication", *parts[policy].outcomes.columns]]
        for number, parts in done.items()
    ]
    return pd.concat(frames, ignore_index=True)


def _narrow(done: Done, policies: Sequence[str], until: Until) -> bool:
    return all(enough(outcomes_of(done, policy), until.metric, until.half_width) for policy in policies)


def _settled(done: Done, policies: Sequence[str], until: Until) -> bool:
    """Whether more runs would not help: the intervals are narrow, or not one run has a value."""
    return _narrow(done, policies, until) or (len(done) >= FEWEST_RUNS and _valueless(done, policies, until))


def _valueless(done: Done, policies: Sequence[str], until: Until) -> bool:
    estimates = [everybody(summarise(outcomes_of(done, policy)), until.metric) for policy in policies]
    return any(isnan(estimate.value) for estimate in estimates)


def _about(done: Done, policies: Sequence[str], until: Until) -> int:
    """About how many runs the policy with the widest interval needs."""
    overall = [everybody(summarise(outcomes_of(done, policy)), until.metric) for policy in policies]
    halves = [(e.high - e.low) / 2 for e in overall if e.bounded]
    return runs_needed(len(done), max(halves), until.half_width) if halves else AT_MOST


def _notes(
    scenario: Scenario,
    policies: Sequence[str],
    summaries: dict[str, pd.DataFrame],
    done: Done,
    until: Until | None,
) -> list[str]:
    notes = ["The patients are synthetic: nothing here is a finding about real people."]
    if len(done) == 1:
        notes.append("One run has no interval. Use --reps 20 or more.")
    else:
        notes.append(
            f"Intervals are 95 % over {len(done)} independent runs, each by itself. The sentence names a group or "
            "a price only if it stands after Holm's correction for all that were looked at."
        )
    notes.append(f"Groups with fewer than {FEWEST} patients a run are not shown.")
    shares = [everybody(summaries[policy], "in_system_share").value for policy in policies]
    if shares and all(share == share for share in shares):
        said = ", ".join(
            f"{100 * share:.1f} % ({policy})" for share, policy in zip(shares, policies, strict=True)
        )
        notes.append(f"Still in the system at the horizon, counted as censored: {said}.")
    notes += _untreated_notes(scenario, policies, summaries) + _interval_notes(scenario, policies, summaries)
    if scenario.warm_up:
        notes.append(f"The first {scenario.warm_up:g} h are warm-up and left out.")
    notes += warm_up_notes(scenario, policies, done)
    if until is not None and _narrow(done, policies, until):
        notes.append(f"The number of runs, {len(done)}, was chosen by --until '{until.written}'.")
    elif until is not None and _valueless(done, policies, until):
        notes.append(f"Stopped at {len(done)} runs: not one of them has a value of {until.metric}.")
    elif until is not None:
        notes.append(f"Stopped at {len(done)} runs though {until.written} was not reached.")
    return notes


def _untreated_notes(
    scenario: Scenario, policies: Sequence[str], summaries: dict[str, pd.DataFrame]
) -> list[str]:
    """What the headline counts for those who never were treated, where there are any."""
    if headline_metric(scenario, summaries[policies[0]]) != "untreated_hours":
        return []
    ends = ("left_share", "died_share", "cancelled_share", "diverted_share")
    if not any(everybody(summaries[policy], end).value > 0 for policy in policies for end in ends):
        return []
    tau = min(scenario.tau, scenario.horizon - scenario.warm_up)
    return [
        f"Who died, left, was cancelled or turned away counts as untreated to tau = {tau:g} h, not as treated early."
    ]


def _interval_notes(
    scenario: Scenario, policies: Sequence[str], summaries: dict[str, pd.DataFrame]
) -> list[str]:
    """What it means that an interval reaches where no value can be."""
    headline = headline_metric(scenario, summaries[policies[0]])
    shown = [
        (METRICS[metric].unit, estimate)
        for policy in policies
        for metric in METRICS
        for estimate in (
            everybody(summaries[policy], metric),
            *(by_group(scenario, summaries[policy], metric) if metric == headline else ()),
        )
    ]
    if any(e.low < 0 <= e.value or (unit == "share" and e.value <= 1 < e.high) for unit, e in shown):
        return [
            "An interval that reaches below 0 or above 100 % is a t interval over few or unlike runs: it is not cut "
            "where values end. More runs narrow it."
        ]
    return []


def warm_up_notes(scenario: Scenario, policies: Sequence[str], done: Done) -> list[str]:
    """Return which networks had not filled up when the warm-up ended, or never settled (MSER-5)."""
    unsettled, filling = [], {}
    for policy in policies:
        series = [parts[policy].in_system["patients"].to_numpy() for parts in done.values()]
        cut = mser5(sum(series) / len(series)) if len(series[0]) else None
        if cut is None:
            unsettled.append(policy)
        elif cut > scenario.warm_up:
            filling[policy] = cut
    notes = []
    if unsettled:
        notes.append(
            f"Warm-up check (MSER-5): no steady state under {', '.join(unsettled)}; results hold for these "
            f"{scenario.horizon / 24:g} days, not for the long run."
        )
    if filling:
        said = ", ".join(f"{cut} h under {policy}" for policy, cut in filling.items())
        notes.append(
            f"Warm-up check (MSER-5): the network was still filling up until about {said}; the warm-up leaves out "
            f"{scenario.warm_up:g} h. Try --set 'warm_up={max(filling.values())} h'."
        )
    return notes
