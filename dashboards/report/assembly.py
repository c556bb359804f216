"""Puts the report together: reads the answer, draws the charts, fills the page, writes one file."""

from __future__ import annotations

from pathlib import Path

from dashboards.report.clocks import clocks_exhibit
from dashboards.report.differences import difference_exhibits
from dashboards.report.doses import vaccine_exhibits
from dashboards.report.exhibit import Section
from dashboards.report.figures import write_figures
from dashboards.report.groups import CAUTION, group_exhibits
from dashboards.report.limits import limits
from dashboards.report.occupancy import course_exhibit, pool_exhibit, read_census
from dashboards.report.outcome_table import outcome_table
from dashboards.report.page import fill, write_page
from dashboards.report.provenance import command, provenance
from dashboards.report.reading import COVERAGE, Story
from dashboards.report.sketch import network_exhibit
from dashboards.report.stress import checklist
from dashboards.report.wording import counted, sentence_case
from policies.answer import Answer
from policies.sentence import headline_metric
from scenarios.units import format_duration

REPORT = "report.html"


def write_report(answer: Answer, folder: Path) -> Path:
    """Write `report.html` and its charts as `figures/*.svg` into the folder; the same answer gives the same bytes.

    Returns the path of the page.
    Occupancy over time is read from `tables/<policy>/census.parquet` in the folder, and left out with
    a word where it is not there.
    """
    story = Story(answer, Path(folder))
    sections = _sections(story)
    text = _page(answer, story, sections)
    write_figures((exhibit for section in sections for exhibit in section.exhibits), Path(folder))
    return write_page(text, Path(folder) / REPORT)


def render(answer: Answer, folder: Path) -> str:
    """Return the page as text."""
    story = Story(answer, folder)
    return _page(answer, story, _sections(story))


def _page(answer: Answer, story: Story, sections: list[Section]) -> str:
    scenario = answer.scenario
    return fill(
        "page.html.jinja",
        title=scenario.title or sentence_case(scenario.name),
        question=scenario.question,
        sentence=sentence_case(answer.sentence),
        facts=_facts(story),
        sections=sections,
        outcomes=outcome_table(story),
        assumptions=scenario.assumptions,
        source=scenario.source,
        stress=checklist(story),
        metrics=[m for m in story.metrics if m.definition],
        limits=limits(story),
        command=command(story),
        provenance=provenance(story),
    )


def _facts(story: Story) -> list[tuple[str, str]]:
    runs = counted(len(story.answer.replications), "paired run" if len(story.policies) > 1 else "run")
    return [
        ("Data", "synthetic"),
        ("Runs", runs),
        ("Policies", ", ".join(story.labels)),
        ("Hospitals", str(len(story.scenario.hospitals))),
        ("Time", format_duration(story.scenario.horizon)),
        ("Seed", str(story.answer.seed)),
        ("Scenario hash", str(story.answer.provenance.get("scenario_hash", "not recorded"))[:12]),
    ]


def _sections(story: Story) -> list[Section]:
    changes = difference_exhibits(story)
    waits = group_exhibits(story)
    clocks = clocks_exhibit(story)
    census = read_census(story)
    network = network_exhibit(story)
    vaccine = vaccine_exhibits(story)
    full = [*([course_exhibit(story, census)] if census else []), pool_exhibit(story)]
    doses = Section("vaccine", "Who gets the vaccine?", tuple(vaccine)) if vaccine else None
    about_doses = headline_metric(story.scenario, story.answer.summaries[story.policies[0]]) == COVERAGE
    found = [
        Section("changes", "What changes, and how sure are we?", tuple(changes)) if changes else None,
        doses if about_doses else None,
        Section(
            "waits",
            "Who waits?",
            (*waits, *([clocks] if clocks else [])),
            CAUTION if story.attributes else "The scenario names no groups of people to compare.",
        ),
        Section(
            "occupancy",
            "How full are the hospitals?",
            tuple(full),
            ""
            if census
            else "The course over time is left out: no census of beds with a limit lies beside this report.",
        ),
        None if about_doses else doses,
        Section("place", "Where is this?", (network,)) if network else None,
    ]
    return [section for section in found if section is not None]
