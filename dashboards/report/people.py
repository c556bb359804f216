"""A scenario's people in words: who they are, how their risk drifts, who infects whom, who is invited and returns."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.report import phrases
from dashboards.report.exhibit import Table, row, words
from dashboards.report.reading import Story
from dashboards.report.wording import counted, listed, tidy
from scenarios.checks_population import people_of
from scenarios.epidemic import Epidemic, Seir
from scenarios.people import ShareCase
from scenarios.population import Population, Profiles
from scenarios.scenario import Scenario
from scenarios.units import format_duration

DAY = 24.0
YEAR = 365 * DAY


def entry(s: Scenario) -> str:
    """Return how patients enter, as the middle of a sentence."""
    ways = ["by the streams below"] if s.arrivals else []
    if s.population is not None:
        ways.append("from the people who live around the hospitals (2.5.1)")
    if s.epidemic is not None and s.epidemic.seir is None:
        ways.append("by the epidemic (2.2)")
    return listed(ways)


def entities(s: Scenario) -> tuple[str, ...]:
    """Return who the people are beside the patients; nothing without a population."""
    if s.population is None:
        return ()
    homes = list(s.population.catchments)
    n = sum(people_of(s, name) for name in homes)
    said = [
        f"{counted(n, 'person', 'people')} around {counted(len(homes), 'hospital')}, one by one, with attributes in "
        "the exact shares of the scenario; whoever presents becomes a patient, and goes back afterwards."
    ]
    if s.profiles is not None:
        said.append(_profiles(s.profiles))
    return tuple(said)


def logic(s: Scenario) -> tuple[str, ...]:
    """Return what moves the people and the epidemic, a paragraph each."""
    said = []
    if s.population is not None:
        said.append(_coming(s.population))
        if back := _what_comes_back(s.population):
            said.append(back)
    if s.epidemic is not None:
        said.append(_epidemic(s.epidemic))
    return tuple(said)


def algorithms(s: Scenario) -> tuple[str, ...]:
    """Return the equations behind `logic`."""
    said = []
    if s.population is not None:
        said.append(
            "Risk of a person: P(t+1) = (1 - a) P_start + a P_end + noise + feedback, with a from 0 to 1 over an "
            "episode; the chance of presenting on a day is a line in P."
        )
    if s.epidemic is not None and s.epidemic.sir is not None:
        said.append(
            "Epidemic: the daily SIR step of Penn CHIME (Weissman and others 2020, Ann Intern Med 173:21)."
        )
    if s.epidemic is not None and s.epidemic.seir is not None:
        said.append(
            "Epidemic: chain-binomial SEIR with a step of a day. Force of infection on group g: the sum over h of "
            "b(g, h) I(h) / N(h), with reciprocal contacts, and b scaled so that the greatest eigenvalue of the "
            "next-generation matrix is r0 (Diekmann and others 2010, J R Soc Interface 7:873)."
        )
    return tuple(said)


def tables(story: Story) -> tuple[Table, ...]:
    """Return the table of catchments; nothing without a population."""
    s = story.scenario
    if s.population is None:
        return ()
    rows = [
        row(
            story.hospital_title(name),
            counted(people_of(s, name), "person", "people"),
            "; ".join(f"{tidy(key)}: {_cases(cases)}" for key, cases in spec.attributes.items()),
            spec.source,
        )
        for name, spec in s.population.catchments.items()
    ]
    columns = ("Hospital", "People around it", "Attributes of their own", "Source")
    return (words("People around the hospitals", columns, rows),)


def same(s: Scenario) -> str:
    """Return who is the same under every policy."""
    return "people" if s.population is not None else "patients"


def luck(s: Scenario) -> str:
    """Return what is keyed by person, after a space; nothing without a population."""
    if s.population is None:
        return ""
    return (
        " What happens to a person is keyed by person and day; who falls ill, is vaccinated or comes back may differ "
        "between policies, so they do not always meet the same patients."
    )


def records(s: Scenario) -> str:
    """Return what was done to data before the run, and whether records of people are among it."""
    if s.profiles is not None and s.profiles.file is not None:
        return (
            f"Profiles are read from {s.profiles.file} and given a severity where they have none; whether they are "
            "synthetic, the program cannot know. All other figures are used as the scenario has them."
        )
    return "None by the program: figures are used as the scenario has them. No record of a person is used."


def start(s: Scenario) -> str:
    """Return how the people begin, after a space; nothing without a population or an epidemic."""
    said = ""
    if s.population is not None:
        said += " People are anywhere in an episode of their risk, evenly spread."
    if s.epidemic is not None and s.epidemic.seir is not None:
        seir = s.epidemic.seir
        immune = f", of the others {phrases.percent(seir.immune)} are immune" if seir.immune else ""
        said += f" {counted(seir.infected, 'person', 'people')} infectious, drawn evenly{immune}."
    return said


def assumptions(s: Scenario) -> tuple[str, ...]:
    """Return what every population and every epidemic of the program assumes, whatever the scenario says."""
    if s.population is None:
        return ()
    said = (
        "Of every population: a step is a day; people go to their own hospital, present at most once a day, "
    )
    said += "are not born, do not move and do not die outside of hospital."
    if s.epidemic is not None and s.epidemic.seir is not None:
        said += (
            " Of every SEIR: people of a group meet everybody alike, in care or not; immunity is for good."
        )
    return (said,)


def _coming(population: Population) -> str:
    risk, presenting = population.risk, population.presenting
    trends = f" ({_cases(risk.trends)})" if risk.trends else " (all stable)"
    low, high = presenting.at_no_risk * YEAR, presenting.at_full_risk * YEAR
    if not high and not low:
        return "Nobody presents because of a drifting risk."
    said = (
        f"Every person has a risk from 0 to 1, which goes in episodes of {format_duration(risk.episode, digits=3)} to "
        f"an anchor, {risk.improving:g} where it improves and {risk.worsening:g} where it worsens{trends}. "
    )
    factors = [f"{phrases.when(row.when)} × {row.factor:g}" for row in presenting.factors]
    said += f"A person presents {low:.3g} times a year at no risk and {high:.3g} times at full risk"
    return said + (f"; {listed(factors)}." if factors else ".")


def _what_comes_back(population: Population) -> str:
    feedback, said = population.risk.feedback, []
    changes = [
        f"{what} adds {value:+.3g}"
        for what, value in (
            ("treatment", feedback.treated),
            ("leaving untreated", feedback.untreated),
            ("an hour of waiting", feedback.per_hour_waited),
        )
        if value
    ]
    if changes:
        said.append(
            f"On the risk {listed(changes)}, fading over {format_duration(feedback.fades, digits=3)}."
        )
    for back in population.returns:
        outcome = listed([tidy(name) for name in back.outcomes], "or")
        who = f" ({phrases.when(back.when)})" if back.when else ""
        share, later = phrases.percent(back.probability), phrases.law(back.after)
        said.append(f"After the outcome {outcome}{who}, {share} come back, after: {later}.")
    for invited in population.invitations:
        who = phrases.when(invited.when) if invited.when else "everybody"
        until = format_duration(invited.ends, digits=3)
        said.append(f"Invited as {tidy(invited.patients)} until {until}: {who}.")
    return " ".join(said)


def _epidemic(epidemic: Epidemic) -> str:
    if epidemic.curve is not None:
        total = sum(epidemic.curve.admissions)
        return f"The epidemic sends given numbers of patients: {total:g} over {len(epidemic.curve.admissions)} days."
    if epidemic.sir is not None:
        sir = epidemic.sir
        return (
            f"The epidemic is a deterministic SIR in {counted(sir.population, 'person', 'people')}, fitted to "
            f"{counted(sir.in_hospital, 'patient')} in hospital at the start, doubling every "
            f"{format_duration(sir.doubling_time, digits=3)}; {phrases.percent(sir.admitted)} of the infected are "
            "admitted. No policy changes it."
        )
    assert epidemic.seir is not None
    return _seir(epidemic.seir)


def _seir(seir: Seir) -> str:
    latent = f"latent for {format_duration(seir.latent, digits=3)}, " if seir.latent else ""
    groups = f", with contacts by {tidy(seir.groups)}" if seir.groups else ""
    admitted = "; ".join(
        phrases.percent(c.probability) + (f" of {phrases.when(c.when)}" if len(seir.admitted) > 1 else "")
        for c in seir.admitted
    )
    said = (
        f"The people infect each other day by day (stochastic SEIR){groups}: r0 {seir.r0:g}, {latent}infectious for "
        f"{format_duration(seir.infectious, digits=3)}, on average. Admitted once infected: {admitted}."
    )
    for name, effect in seir.protection.items():
        less = [
            listed([phrases.percent(x) for x in doses], "then") for doses in (effect.infection, effect.severe)
        ]
        said += (
            f" A dose of {tidy(name)} lowers the chance of infection by {less[0]} and that of admission once infected "
            f"by {less[1]}, from {format_duration(effect.onset, digits=3)} after it."
        )
    return said


def _profiles(profiles: Profiles) -> str:
    where = f"the file {profiles.file}" if profiles.file else f"{counted(profiles.n, 'calibrated profile')}"
    match = (
        f", drawn among those that agree in {listed([tidy(k) for k in profiles.match])}"
        if profiles.match
        else ""
    )
    risk = f" Its {tidy(profiles.risk)} gives the risk at the start." if profiles.risk else ""
    return f"Each has a clinical profile of {where}{match}.{risk}"


def _cases(cases: Sequence[ShareCase]) -> str:
    if len(cases) == 1:
        return phrases.mixture(cases[0].share)
    return "; ".join(f"{phrases.when(c.when)}: {phrases.mixture(c.share)}" for c in cases)
