"""The cost model of docs/scale.md, fitted to what was timed, and what it says about a cluster: figures in, tables out.

Independent work:        wall = start + runs x each / (processes x efficiency)
One training run:        iteration = learning + sampling / (env runners x efficiency), for the same batch
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import Any

import numpy as np

N_SCENARIOS, N_REPLICATIONS = 10_000, 30
"""The study that is planned: so many scenarios, runs of each under two policies."""
N_STEPS = 10**9
"""The training run that is planned, in decisions of the network."""
CORES = (64, 256, 1024)
SHARED_DISK = 1.0
"""GiB a second that a shared file system takes; assumed."""
NETWORK = 1192.0
"""MiB a second: 10 Gbit; assumed."""


@dataclass(frozen=True)
class Fitted:
    """The model of independent work."""

    start: float
    """Seconds until two processes have begun, imported what they need and done a run each."""
    each: float
    """Seconds a run in one process."""
    efficiency: float
    """What a second process brings, as a share of what it would at best."""
    worst: float
    """The largest relative error of the fit, start apart."""


@dataclass(frozen=True)
class Iteration:
    """The model of an iteration of a training run."""

    learning: float
    """Seconds, on one learner, with everything but sampling."""
    sampling: float
    """Seconds, by one env runner."""
    efficiency: float
    """Of the second env runner."""

    def seconds(self, runners: int) -> float:
        """Return the seconds of an iteration; the efficiency of two is taken for more."""
        return self.learning + self.sampling / (runners * (self.efficiency if runners > 1 else 1.0))

    @property
    def saturates(self) -> int:
        """Env runners beyond which sampling is less than a tenth of learning."""
        return max(1, ceil(10 * self.sampling / (self.learning * self.efficiency)))


def fitted(runs: Sequence[dict[str, Any]]) -> Fitted:
    """Fit the seconds a run of one process and of two, each by least squares of relative errors."""
    pace = {}
    for p in (1, 2):
        rates = np.array([run["seconds"] / run["runs"] for run in runs if run["processes"] == p])
        pace[p] = float((1 / rates).sum() / (1 / rates**2).sum())
    start = float(np.mean([run["start"] for run in runs if run["processes"] == 2]))
    worst = max(abs(pace[run["processes"]] * run["runs"] / run["seconds"] - 1) for run in runs)
    return Fitted(start, pace[1], pace[1] / (2 * pace[2]), worst)


def iteration(timed: Sequence[dict[str, Any]]) -> Iteration:
    """Take medians: learning of both, sampling of one node, and how much faster two sample."""
    by_nodes = {t["nodes"]: t for t in timed}
    learning = median(s - a for t in timed for s, a in zip(t["seconds"], t["sampling"], strict=True))
    one, two = (median(by_nodes[n]["sampling"]) for n in (1, 2))
    return Iteration(learning, one, one / (2 * two))


def tables(found: dict[str, Any]) -> dict[str, str]:
    """Return the tables of the page by name."""
    names = list(dict.fromkeys(run["scenario"] for run in found["replications"]))
    models = {name: fitted([r for r in found["replications"] if r["scenario"] == name]) for name in names}
    sweep, learning = fitted(found["sweeps"]), iteration(found["ray"])
    return {
        "scale-measured": _measured(found),
        "scale-fitted": _fitted(models, sweep, learning, found),
        "scale-study": _study(models, found),
        "scale-training": _training(learning, found),
        "scale-assumptions": _assumptions(models, learning, found),
    }


def _measured(found: dict[str, Any]) -> str:
    rows = [
        (f"replications, {r['scenario']}", f"{r['processes']} processes", f"{r['runs']} runs", f"{r['seconds']:.2f}",
         f"{r['runs'] / r['seconds']:.2f} runs")
        for r in found["replications"]
    ]  # fmt: skip
    rows += [
        ("sweep, rural", f"{r['processes']} processes", f"{r['runs']} runs", f"{r['seconds']:.2f}",
         f"{r['runs'] / r['seconds']:.2f} runs")
        for r in found["sweeps"]
    ]  # fmt: skip
    rows += [
        ("training, lean", f"{r['processes']} side by side", f"{r['decisions']} decisions", f"{r['seconds']:.2f}",
         f"{r['decisions'] / r['seconds']:.0f} decisions")
        for r in found["lean"]
    ]  # fmt: skip
    rows += [
        ("training, RLlib, one env runner a node", f"{r['nodes']} nodes", f"{r['decisions']} decisions an iteration",
         f"{median(r['seconds']):.2f} ({min(r['seconds']):.2f} to {max(r['seconds']):.2f})",
         f"{r['decisions'] / median(r['seconds']):.0f} decisions")
        for r in found["ray"]
    ]  # fmt: skip
    return _table(("what", "on", "how much", "seconds", "a second"), rows)


def _fitted(models: dict[str, Fitted], sweep: Fitted, learning: Iteration, found: dict[str, Any]) -> str:
    rows = [
        (name, f"{m.start:.2f} s", f"{m.each:.3f} s", f"{m.efficiency:.2f}", f"{m.worst:.0%}")
        for name, m in (
            {f"replication of {k}": v for k, v in models.items()} | {"run of a sweep": sweep}
        ).items()
    ]
    one, two = found["lean"]
    gain = (two["decisions"] / two["seconds"]) / (one["decisions"] / one["seconds"]) / 2
    rows += [
        ("training, a second run beside it", "", "", f"{gain:.2f}", "not fitted"),
        ("iteration on Ray: learning", "", f"{learning.learning:.2f} s", "", "median"),
        (
            "iteration on Ray: sampling",
            "",
            f"{learning.sampling:.2f} s",
            f"{learning.efficiency:.2f}",
            "median",
        ),
    ]
    return _table(("model of", "start, 2 processes", "each", "efficiency of 2", "worst error"), rows)


def _study(models: dict[str, Fitted], found: dict[str, Any]) -> str:
    runs, rows = N_SCENARIOS * N_REPLICATIONS, []
    for name, m in models.items():
        own = [r for r in found["replications"] if r["scenario"] == name and r["processes"] == 2]
        kib, kept = own[-1]["kib"], own[-1]["kib_outcomes"]
        parent = min(r["parent_seconds"] / r["runs"] for r in own)
        core_hours = runs * m.each / m.efficiency / 3600
        disk = SHARED_DISK * 2**20 / kib * m.each / m.efficiency
        sent = own[-1]["kib_sent"] / 1024 * CORES[1] * m.efficiency / m.each
        rows.append(
            (
                f"all like {name}", f"{core_hours:,.0f}", *(f"{core_hours / cores:.2f} h" for cores in CORES),
                f"{CORES[1] * found['worker_mib'] / 1024:,.0f} GiB", f"{sent:,.0f} MiB/s",
                f"{runs * kib / 2**20:,.0f} GiB, {runs * kept / 2**20:,.1f} GiB", f"{disk:,.0f} cores",
                f"{m.each / m.efficiency / parent:,.0f} cores",
            )
        )  # fmt: skip
    head = ("scenarios", "core-hours", *(f"on {cores} cores" for cores in CORES), f"memory of {CORES[1]}",
            f"sent to parents by {CORES[1]}", "tables, outcomes only", "disk saturates",
            "one parent saturates")  # fmt: skip
    return _table(head, rows)


def _training(model: Iteration, found: dict[str, Any]) -> str:
    ray = found["ray"][-1]
    batch, rows = ray["decisions"], []
    lean = found["lean"][0]
    days = N_STEPS / (lean["decisions"] / lean["seconds"]) / 86_400
    rows.append(("lean trainer, one process", f"{lean['decisions'] / lean['seconds']:,.0f}", f"{days:,.1f} days",
                 f"{24 * days:,.0f}", f"{lean['mib']} MiB", "none", "none"))  # fmt: skip
    for runners in sorted({1, 2, 8, model.saturates, 256}):
        seconds = model.seconds(runners)
        days = N_STEPS / batch * seconds / 86_400
        traffic = (ray["batch_kib"] + runners * ray["weights_kib"]) / seconds / 1024
        store = (ray["batch_kib"] + runners * ray["weights_kib"]) / 1024
        rows.append(
            (
                f"{runners} env runners, one learner", f"{batch / seconds:,.0f}", f"{days:,.1f} days",
                f"{24 * days * (runners + 1):,.0f}", f"{(runners + 1) * lean['mib'] / 1024:,.1f} GiB",
                f"{traffic:,.1f} MiB/s", f"{store:,.1f} MiB",
            )
        )  # fmt: skip
    return _table(
        (
            "training",
            "decisions a second",
            "10^9 decisions",
            "core-hours",
            "memory",
            "network",
            "object store",
        ),
        rows,
    )


def _assumptions(models: dict[str, Fitted], model: Iteration, found: dict[str, Any]) -> str:
    ray, sent = found["ray"][-1], max(r["kib_sent"] for r in found["replications"])
    rows = [
        ("seconds a run, a decision, an iteration", "measured", "this machine, the load as in scale.json"),
        ("efficiency of two processes", "measured", ", ".join(f"{k} {m.efficiency:.2f}" for k, m in models.items())),
        ("the same efficiency on more cores and machines", "assumed", "runs share nothing but disk and parent"),
        ("memory of a simulating process", "measured", f"{found['worker_mib']} MiB at its peak"),
        ("memory of a training process", "measured", f"{found['lean'][0]['mib']} MiB at its peak"),
        ("bytes of a run on disk, and sent to the parent", "measured", f"at most {sent:.0f} KiB sent"),
        ("a shared disk takes 1 GiB/s, the network 10 Gbit/s", "assumed", "nothing here measured either"),
        ("batch and weights of an iteration", "measured",
         f"{ray['batch_kib']:.0f} KiB and {ray['weights_kib']:.0f} KiB"),
        ("env runners that fill the network with weights", "from both above",
         f"{NETWORK * 1024 * model.learning / ray['weights_kib']:,.0f}"),
        ("the object store holds one batch and one copy of weights a runner", "assumed", "Ray may hold more"),
        ("iteration = learning + sampling / (runners x efficiency of 2)", "assumed beyond 2 runners",
         "two logical nodes of one machine: no network was between them"),
        ("learning does not get faster with more learners", "assumed", "two learn the same (tested); not timed"),
        ("10^9 decisions at this batch learn what they should", "assumed", "no training of that length was made"),
        ("no node fails, no queue", "assumed", "a lost env runner is survived (tested), and costs its share"),
    ]  # fmt: skip
    return _table(("what", "measured or assumed", "how much, or why"), rows)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, tuple("---" for _ in columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
