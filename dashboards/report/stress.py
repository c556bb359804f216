"""The STRESS-DES checklist, filled from the scenario and the answer (Monks and others 2019, J. Simulation 13:55)."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.report import people, phrases
from dashboards.report.exhibit import Table, row, words
from dashboards.report.reading import Story
from dashboards.report.wording import counted, listed, mid_sentence, sentence_case, tidy
from scenarios.people import ShareCases
from scenarios.scenario import Scenario
from scenarios.units import format_duration

MOST_SOURCES = 60


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the checklist."""

    number: str
    title: str
    text: tuple[str, ...]
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A heading of the checklist."""

    title: str
    items: tuple[Item, ...]


def checklist(story: Story) -> list[Part]:
    """Return the six headings with all their items."""
    return [
        Part("1 Objectives", _objectives(story)),
        Part("2 Logic", _logic(story)),
        Part("3 Data", _data(story.scenario)),
        Part("4 Experimentation", _experimentation(story)),
        Part("5 Implementation", _implementation(story)),
        Part("6 Code access", (Item("6.1", "Sharing", (SHARING,)),)),
    ]


SHARING = (
    "Fairward, MIT licence. The run folder around this report holds the resolved scenario and the tables; with the "
    "seed and the versions under Provenance the run can be repeated."
)


def _objectives(story: Story) -> tuple[Item, ...]:
    s = story.scenario
    outputs = sentence_case(listed([mid_sentence(m.title) for m in story.metrics]))
    purpose = s.question or s.title or f"Scenario {s.name}: no question is written in it."
    return (
        Item("1.1", "Purpose of the model", (purpose,)),
        Item("1.2", "Model outputs", (f"{outputs}; defined in the glossary.",)),
        Item("1.3", "Aims of experimentation", (_aims(story),)),
    )


def _logic(story: Story) -> tuple[Item, ...]:
    s = story.scenario
    queues = (
        f"One ranked list a hospital, over all steps. Rank: {phrases.rule(s.queue_rule)}, unless a policy orders "
        "another. Ties: who presented first."
    )
    classes = f"{counted(len(s.classes), 'class', 'classes')} of patients."
    return (
        Item(
            "2.1",
            "Base model overview",
            ("The tables of pathways, resources and arrivals below are all of it.",),
        ),
        Item("2.2", "Base model logic", _base_logic(s)),
        Item("2.3", "Scenario logic", (_policies(story),)),
        Item("2.4", "Algorithms", _algorithms(s)),
        Item("2.5.1", "Entities", (classes, *people.entities(s)), (_classes(story), *people.tables(story))),
        Item("2.5.2", "Activities", ("The steps of the pathways.",), tuple(_steps(s))),
        Item("2.5.3", "Resources", ("Beds, staff and equipment of every hospital.",), (_resources(story),)),
        Item("2.5.4", "Queues", (queues,)),
        Item("2.5.5", "Entry and exit points", (_exits(s),), _entries(story)),
    )


def _data(s: Scenario) -> tuple[Item, ...]:
    made = people.records(s)
    differences = _disparities(s)
    inputs = "In the tables of 2.5" + ("; differences between groups below." if differences else ".")
    assumed = "Listed above under Assumptions." if s.assumptions else "The scenario lists none."
    return (
        Item("3.1", "Data sources", _source_text(s), _source_tables(s)),
        Item("3.2", "Pre-processing", (made,)),
        Item("3.3", "Input parameters", (inputs,), differences),
        Item("3.4", "Assumptions", (assumed, *people.assumptions(s))),
    )


def _experimentation(story: Story) -> tuple[Item, ...]:
    s = story.scenario
    length = f"{format_duration(s.horizon)} from {s.start:%Y-%m-%d %H:%M}, warm-up included."
    return (
        Item("4.1", "Initialisation", (_start(s),)),
        Item("4.2", "Run length", (length,)),
        Item("4.3", "Estimation", (_estimation(story),)),
    )


def _implementation(story: Story) -> tuple[Item, ...]:
    sampling = (
        f"Philox streams keyed by seed {story.answer.seed}, replication, source, step, visit and purpose, never by "
        f"hospital or order: so all policies meet the same {people.same(story.scenario)}.{people.luck(story.scenario)}"
    )
    execution = (
        "Event by event; events at one instant in a fixed order of kinds, then by id. "
        f"Decisions: {_decisions(story.scenario)}."
    )
    return (
        Item("5.1", "Software", (_software(story),)),
        Item("5.2", "Random sampling", (sampling,)),
        Item("5.3", "Model execution", (execution,)),
        Item("5.4", "System", (_machine(story),)),
    )


def _aims(story: Story) -> str:
    if len(story.policies) == 1:
        return f"One policy, {story.label(0)}, is observed; nothing is compared."
    others = listed(list(story.labels[1:]))
    return f"To compare {others} with {story.label(0)} on the same {people.same(story.scenario)}, for all and by group."


def _base_logic(s: Scenario) -> tuple[str, ...]:
    backfill = {
        "none": "closes to worse-ranked patients the pools that he or she is short of",
        "fit": "closes no pool to others: whoever fits may start",
        "strict": "closes to worse-ranked patients every pool that he or she needs",
    }[s.backfill]
    deadlock = {
        "swap": "they exchange places",
        "overflow": "the worst-ranked is sent away",
        "fail": "the run stops with an error",
    }
    said = [
        "Patients present at a hospital, follow the steps of their pathway, wait for what a step needs, and leave "
        f"with an outcome. All needs of a step are seized at once. A patient who cannot start {backfill}.",
        f"When patients block one another for ever: {deadlock[s.on_deadlock]}.",
    ]
    risks = [
        name
        for name, rows in (
            ("leave", s.hazards.leave),
            ("get worse", s.hazards.deteriorate),
            ("die", s.hazards.die),
        )
        if rows
    ]
    if risks:
        said.append(
            f"While they wait, travel or are cared for, patients may {listed(risks, 'or')}, at rates that the scenario "
            "names."
        )
    return (*said, *people.logic(s))


def _policies(story: Story) -> str:
    raw = ", ".join(story.policies)
    return (
        f"{counted(len(story.policies), 'policy', 'policies')}: {raw}. Everything else is the same for all."
    )


def _algorithms(s: Scenario) -> tuple[str, ...]:
    return (
        f"Queue rule unless a policy says otherwise: {phrases.rule(s.queue_rule)}. "
        f"Overflow: {phrases.rule(s.overflow_rule)}.",
        "Untreated time: restricted mean from the Aalen-Johansen incidence of treatment; death and leaving compete, "
        f"only the horizon censors; restricted to {format_duration(s.tau)}.",
        *people.algorithms(s),
    )


def _classes(story: Story) -> Table:
    rows = [
        row(spec.title or tidy(name), tidy(spec.pathway), _acuity(spec.acuity), spec.source)
        for name, spec in story.scenario.classes.items()
    ]
    return words("Classes of patients", ("Class", "Pathway", "Urgency at arrival", "Source"), rows)


def _acuity(cases: ShareCases | None) -> str:
    if not cases:
        return "one level"
    said = [", ".join(f"{tidy(k)} {phrases.percent(v)}" for k, v in case.share.items()) for case in cases]
    return (
        said[0]
        if len(said) == 1
        else "; ".join(f"{phrases.when(c.when)}: {t}" for c, t in zip(cases, said, strict=True))
    )


def _steps(s: Scenario) -> list[Table]:
    columns = ("Step", "Needs", "Duration", "If it cannot start", "Next", "Source")
    return [
        words(
            f"Pathway {pathway.title or tidy(name)}",
            columns,
            [
                row(
                    step.title or tidy(key),
                    phrases.needs(step),
                    phrases.durations(step.duration),
                    phrases.waiting(step),
                    phrases.routes(step.next),
                    step.source,
                )
                for key, step in pathway.steps.items()
            ],
        )
        for name, pathway in s.pathways.items()
    ]


def _resources(story: Story) -> Table:
    rows = []
    for name, hospital in story.scenario.hospitals.items():
        for kind in ("beds", "staff", "equipment"):
            for pool, spec in getattr(hospital, kind).items():
                rows.append(
                    row(
                        story.hospital_title(name),
                        f"{tidy(pool)} ({kind})",
                        phrases.capacity(spec),
                        spec.source or hospital.source,
                    )
                )
    return words("Resources", ("Hospital", "Pool", "How many", "Source"), rows)


def _arrivals(story: Story) -> Table:
    rows = [
        row(
            tidy(name),
            story.hospital_title(stream.hospital),
            phrases.mixture(stream.classes),
            phrases.arrivals(stream),
            stream.source,
        )
        for name, stream in story.scenario.arrivals.items()
    ]
    return words("Arrival streams", ("Stream", "Hospital", "Classes", "Process", "Source"), rows)


def _entries(story: Story) -> tuple[Table, ...]:
    """Return the streams; a scenario may have people instead."""
    return (_arrivals(story),) if story.scenario.arrivals else ()


def _exits(s: Scenario) -> str:
    own = f" The scenario adds {listed([tidy(name) for name in s.outcomes])}." if s.outcomes else ""
    return (
        f"Patients enter {people.entry(s)} and leave discharged, dead, by leaving untreated, cancelled, or diverted "
        f"outside the network; those still there at the end are kept and counted as censored.{own}"
    )


def _source_text(s: Scenario) -> tuple[str, ...]:
    found = phrases.sources(s)
    if not found:
        return ("The scenario names no source: every figure is assumed.",)
    more = f" The first {MOST_SOURCES} are shown." if len(found) > MOST_SOURCES else ""
    return (f"{counted(len(found), 'source')} named in the scenario; a figure without one is assumed.{more}",)


def _source_tables(s: Scenario) -> tuple[Table, ...]:
    rows = [row(*found) for found in phrases.sources(s)[:MOST_SOURCES]]
    return (words("Sources", ("Where in the scenario", "Source"), rows),) if rows else ()


def _disparities(s: Scenario) -> tuple[Table, ...]:
    rows = [row(*found) for found in phrases.disparities(s)]
    columns = ("Difference", "For whom", "Size", "Source")
    return (words("Differences between groups that the model contains", columns, rows),) if rows else ()


def _start(s: Scenario) -> str:
    begins = f"All hospitals are empty at time zero, but for patients scheduled then.{people.start(s)}"
    if not s.warm_up:
        return f"{begins} There is no warm-up: the empty start is part of the results."
    first = format_duration(s.warm_up)
    return f"{begins} Patients who present in the first {first}, and that time, are left out of results."


def _estimation(story: Story) -> str:
    n = len(story.answer.replications)
    if n == 1:
        return "One run: means without intervals. How much chance had to do with them cannot be said."
    said = f"{counted(n, 'independent run')}; means with 95 % Student t intervals between runs, never between patients."
    if len(story.policies) > 1:
        who = people.same(story.scenario)
        said += f" Differences are taken run by run, on the same {who} (common random numbers)."
    return said


def _software(story: Story) -> str:
    said = flat(story.answer.provenance.get("versions", {}))
    return (
        f"Fairward on Python; {', '.join(f'{k} {v}' for k, v in said)}."
        if said
        else "Fairward on Python; versions under Provenance."
    )


def _decisions(s: Scenario) -> str:
    said = [f"every {format_duration(s.decide_every)}"] if s.decide_every else []
    words = {
        "arrival": "when a patient presents",
        "full": "when a step cannot start",
        "free": "when a bed becomes free",
    }
    return listed([*said, *(words[w] for w in s.decide_on)]) or "none"


def _machine(story: Story) -> str:
    said = flat(
        {k: v for k, v in story.answer.provenance.items() if k in ("machine", "platform", "cpu", "system")}
    )
    return (
        f"{', '.join(f'{k}: {v}' for k, v in said)}."
        if said
        else "Any machine: results do not depend on it, nor on the number of processes."
    )


def flat(thing: object, prefix: str = "") -> list[tuple[str, str]]:
    """Return nested mappings and lists as (dotted name, text), by name."""
    if isinstance(thing, dict) or hasattr(thing, "items"):
        return [
            pair
            for key, value in sorted(thing.items())
            for pair in flat(value, f"{prefix}.{key}" if prefix else str(key))
        ]
    if isinstance(thing, list | tuple):
        return [(prefix, " ".join(str(v) for v in thing))]
    return [(prefix, str(thing))] if thing not in ("", None) else []
