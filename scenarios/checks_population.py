"""Checks of the population, its profiles, and the epidemic."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from scenarios.conditions import BUILT_IN, Conditions, check_sum
from scenarios.epidemic import Epidemic, Seir, Sir
from scenarios.people import ShareCase
from scenarios.population import TRENDS, Bands, Population, Profiles, RiskCase
from scenarios.report import Report
from scenarios.scenario import OUTCOMES, Scenario
from scenarios.shape import listing
from scenarios.tree import Path
from scenarios.units import format_duration

MOST_PEOPLE = 10_000_000
"""People in all catchments; each takes some hundred bytes."""

DAY = 24.0
OF_A_PERSON = ("hospital",)
"""The built-in attributes that people have before they are patients."""

BOUNDED = ("constant", "uniform", "triangular", "empirical")
"""Distributions that can be kept between 0 and 1."""


def comers(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Yield (hospital, class) of those who come from the population or the epidemic."""
    population, epidemic = scenario.population, scenario.epidemic
    homes = list(population.catchments) if population else []
    if population is not None:
        for hospital in homes:
            yield from ((hospital, name) for name in class_names(population.presenting.classes))
            yield from ((hospital, row.patients) for row in population.invitations)
    if epidemic is not None:
        places = homes if epidemic.seir is not None else [h for h, s in epidemic.hospitals.items() if s > 0]
        for hospital in places:
            yield from ((hospital, name) for name in class_names(epidemic.classes))


def class_names(cases: Sequence[ShareCase]) -> list[str]:
    """Return the classes that somebody may be of."""
    return list(dict.fromkeys(name for case in cases for name, share in case.share.items() if share > 0))


def say_acuity(scenario: Scenario, name: str) -> list[bool]:
    """Return for each of those who send patients of a class whether it says how urgent they are."""
    population, epidemic = scenario.population, scenario.epidemic
    said = []
    if population is not None and name in class_names(population.presenting.classes):
        said.append(population.presenting.acuity is not None)
    if population is not None and any(row.patients == name for row in population.invitations):
        said.append(False)
    if epidemic is not None and name in class_names(epidemic.classes):
        said.append(epidemic.acuity is not None)
    return said


def people_of(scenario: Scenario, hospital: str) -> int:
    """Return how many people live around a hospital of the population."""
    return people_around(scenario, hospital) or 0


def people_around(scenario: Scenario, hospital: str) -> int | None:
    """Return how many people a hospital has around it, in the population or beside it; None if nothing says."""
    home = scenario.population.catchments.get(hospital) if scenario.population else None
    if home is not None and home.people is not None:
        return home.people
    return scenario.hospitals[hospital].population


def check_population(scenario: Scenario, conditions: Conditions, report: Report) -> None:
    """Check the people around the hospitals and the epidemic among them."""
    if scenario.population is not None:
        _PopulationCheck(scenario, scenario.population, conditions, report).run()
    if scenario.profiles is not None:
        _check_profiles(scenario, scenario.profiles, conditions, report)
    if scenario.epidemic is not None:
        _check_epidemic(scenario, scenario.epidemic, conditions, report)


class _PopulationCheck:
    def __init__(
        self, scenario: Scenario, population: Population, conditions: Conditions, report: Report
    ) -> None:
        self.scenario = scenario
        self.population = population
        self.conditions = conditions
        self.report = report
        self.known = lasting(scenario)
        """Attributes that people have for good."""

    def run(self) -> None:
        self._catchments()
        self._composition()
        self._risk()
        self._presenting()
        self._invitations()
        self._returns()

    def _catchments(self) -> None:
        scenario, report = self.scenario, self.report
        total = 0
        for name, catchment in self.population.catchments.items():
            path: Path = ("population", "catchments", name)
            hospital = scenario.hospitals.get(name)
            if hospital is None:
                self.conditions.value_of_built_in(path, "hospital", name)
                continue
            if catchment.people is None and hospital.population is None:
                remedy = f"Add `people` here, or `population` to the hospital {name}."
                report.add(
                    path, "how many `people` there are", "nothing", remedy, within=[("hospitals", name)]
                )
            elif hospital.population is not None and catchment.people not in (None, hospital.population):
                got = f"{catchment.people}, but the hospital's `population` is {hospital.population}"
                report.add((*path, "people"), "", got, "Write it in one place.", within=[("hospitals", name)])
            total += catchment.people if catchment.people is not None else hospital.population or 0
            _check_overrides(scenario, (*path, "attributes"), catchment.attributes, self.conditions, report)
        if total > MOST_PEOPLE:
            limit = f"at most {MOST_PEOPLE // 10**6} million people"
            report.add(("population", "catchments"), limit, f"{total:.3g}", within=[("hospitals",)])

    def _composition(self) -> None:
        """Everybody's attributes must follow from the catchment and the attributes above."""
        for name, attribute in self.scenario.attributes.items():
            if attribute.share is None or name not in self.known:
                continue
            above = self.known[: self.known.index(name)]
            asked = {key for case in attribute.share for key in case.when} - set(above) - {"hospital"}
            silent = [c for c, spec in self.population.catchments.items() if name not in spec.attributes]
            if asked and silent:
                message = (
                    f"these shares ask for {listing(sorted(asked))}, which people of a catchment do not have"
                )
                remedy = f"Add shares without it: population.catchments.{silent[0]}.attributes.{name}."
                self.report.add(
                    ("attributes", name, "share"), "", message, remedy, within=[("population", "catchments")]
                )

    def _risk(self) -> None:
        risk, report = self.population.risk, self.report
        path: Path = ("population", "risk")
        self._cases((*path, "start"), [case.when for case in risk.start])
        for i, case in enumerate(risk.start):
            _check_risk_law((*path, "start", i), case, report)
        if risk.trends is not None:
            self._shares((*path, "trends"), risk.trends)
            for i, trend in enumerate(risk.trends):
                for name in trend.share:
                    if name not in TRENDS:
                        report.unknown((*path, "trends", i, "share", name), name, "a trend", TRENDS)
        if risk.improving > risk.worsening:
            report.add(
                (*path, "improving"),
                f"at most the anchor `worsening` ({risk.worsening:g})",
                f"{risk.improving:g}",
            )
        for key, hours in (("episode", risk.episode), ("feedback.fades", risk.feedback.fades)):
            if hours < DAY:
                report.add((*path, *key.split(".")), "at least 1 day", format_duration(hours))
        if risk.bands is not None:
            self._bands((*path, "bands"), risk.bands)
        if risk.scale is not None:
            self.conditions.number((*path, "scale", "attribute"), risk.scale.attribute)

    def _bands(self, path: Path, bands: Bands) -> None:
        if not self.conditions.category((*path, "attribute"), bands.attribute):
            return
        for value in bands.limits:
            self.conditions.value((*path, "limits", value), bands.attribute, value)
        limits = list(bands.limits.values())
        place = (*path, "limits")
        if not limits or limits[0] != 0:
            self.report.add(
                place, "a first limit of 0", "another" if limits else "none", "Everybody has a band."
            )
        elif any(later <= earlier for earlier, later in pairwise(limits)):
            self.report.add(place, "limits that rise", "some that do not")

    def _presenting(self) -> None:
        presenting = self.population.presenting
        path: Path = ("population", "presenting")
        self._classes((*path, "classes"), presenting.classes)
        if presenting.acuity is not None:
            self.conditions.cases(
                (*path, "acuity"), [case.when for case in presenting.acuity], (*OF_A_PERSON, "class")
            )
            for i, case in enumerate(presenting.acuity):
                check_sum(self.report, (*path, "acuity", i, "share"), case.share)
                self.conditions.acuities((*path, "acuity", i, "share"), case.share)
        most = max(presenting.at_no_risk, presenting.at_full_risk) * DAY
        for i, row in enumerate(presenting.factors):
            self._when((*path, "factors", i, "when"), row.when)
            most *= max(row.factor, 1.0)
        if presenting.weekday and sum(presenting.weekday) > 0:
            most *= 7 * max(presenting.weekday) / sum(presenting.weekday)
        if most > 1:
            got = f"up to {most:.3g} a day for one person, `factors` and `weekday` included"
            self.report.add((*path, "at_full_risk"), "at most once a day", got, within=[path])
        _check_weights(path, presenting.hourly, presenting.weekday, self.report)

    def _invitations(self) -> None:
        for i, row in enumerate(self.population.invitations):
            path: Path = ("population", "invitations", i)
            self.conditions.value_of_built_in((*path, "patients"), "class", row.patients)
            self._when((*path, "when"), row.when)
            if row.ends <= row.begins:
                self.report.add((*path, "ends"), "a time after `begins`", "one not after it")
            _check_weights(path, row.hourly, row.weekday, self.report)

    def _returns(self) -> None:
        known = [*OUTCOMES, *self.scenario.outcomes]
        for i, row in enumerate(self.population.returns):
            path: Path = ("population", "returns", i)
            for j, outcome in enumerate(row.outcomes):
                if outcome not in known:
                    self.report.unknown(
                        (*path, "outcomes", j), outcome, "an outcome", known, defined_at=[("outcomes",)]
                    )
                elif self.scenario.outcomes.get(outcome, outcome) in ("died", "declined"):
                    self.report.add((*path, "outcomes", j), "", f'nobody comes back after "{outcome}"')
            self.conditions.when((*path, "when"), row.when, [n for n in BUILT_IN if n != "source"])

    def _when(self, path: Path, when: dict[str, tuple[str, ...]]) -> None:
        self.conditions.when(path, when, OF_A_PERSON, self.known)

    def _cases(self, path: Path, whens: Sequence[dict[str, tuple[str, ...]]]) -> None:
        self.conditions.cases(path, whens, OF_A_PERSON, self.known)

    def _shares(self, path: Path, cases: Sequence[ShareCase]) -> None:
        self._cases(path, [case.when for case in cases])
        for i, case in enumerate(cases):
            check_sum(self.report, (*path, i, "share"), case.share)

    def _classes(self, path: Path, cases: Sequence[ShareCase]) -> None:
        _check_classes(path, cases, None, self.conditions, self.report)


def lasting(scenario: Scenario) -> list[str]:
    """Return the categories that people have for good: all but the band of their risk."""
    bands = scenario.population.risk.bands if scenario.population else None
    return [
        name
        for name, spec in scenario.attributes.items()
        if spec.share is not None and (bands is None or bands.attribute != name)
    ]


def _check_classes(
    path: Path,
    cases: Sequence[ShareCase],
    above: Sequence[str] | None,
    conditions: Conditions,
    report: Report,
) -> None:
    conditions.cases(path, [case.when for case in cases], OF_A_PERSON, above)
    for i, case in enumerate(cases):
        check_sum(report, (*path, i, "share"), case.share)
        for name in case.share:
            conditions.value_of_built_in((*path, i, "share", name), "class", name)


def _check_overrides(
    scenario: Scenario,
    path: Path,
    overrides: dict[str, tuple[ShareCase, ...]],
    conditions: Conditions,
    report: Report,
    known: Sequence[str] = OF_A_PERSON,
) -> None:
    names = list(scenario.attributes)
    for name, cases in overrides.items():
        place = (*path, name)
        if not conditions.category(place, name):
            continue
        conditions.cases(place, [case.when for case in cases], known, names[: names.index(name)])
        for i, case in enumerate(cases):
            check_sum(report, (*place, i, "share"), case.share)
            for value in case.share:
                conditions.value((*place, i, "share", value), name, value)


def _check_risk_law(path: Path, case: RiskCase, report: Report) -> None:
    law = case.law
    if case.kind not in BOUNDED:
        report.add((*path, case.kind), f"one of {', '.join(BOUNDED)}", case.kind, "A risk lies from 0 to 1.")
        return
    most = {"constant": "value", "uniform": "high", "triangular": "high"}.get(case.kind)
    value = getattr(law, most) if most else max(law.values)
    if value > 1:
        report.add((*path, case.kind), "a risk from 0 to 1", f"one up to {value:g}")


def _check_weights(
    path: Path, hourly: Sequence[float] | None, weekday: Sequence[float] | None, report: Report
) -> None:
    for key, weights in (("hourly", hourly), ("weekday", weekday)):
        if weights is not None and sum(weights) <= 0:
            report.add((*path, key), "weights with a sum above 0", "0")


def _check_profiles(scenario: Scenario, profiles: Profiles, conditions: Conditions, report: Report) -> None:
    path: Path = ("profiles",)
    if scenario.population is None:
        report.add(path, "", "there is no `population` to give profiles to", "Add it.", names=("population",))
    known = lasting(scenario)
    for name, match in profiles.match.items():
        place = (*path, "match", name)
        if not conditions.category(place, name):
            continue
        if name not in known:
            report.add(
                place, "", f'"{name}" is the band of the risk, which changes', "Match another attribute."
            )
        if match.limits is not None and match.values is not None:
            report.add(place, "either `limits` or `values`", "both")
        for key in ("limits", "values"):
            for value in getattr(match, key) or ():
                conditions.value((*place, key, value), name, value)
        if match.limits is not None:
            limits = list(match.limits.values())
            if any(later <= earlier for earlier, later in pairwise(limits)):
                report.add((*place, "limits"), "limits that rise", "some that do not")


def _check_epidemic(scenario: Scenario, epidemic: Epidemic, conditions: Conditions, report: Report) -> None:
    path: Path = ("epidemic",)
    seir = epidemic.seir
    _check_classes((*path, "classes"), epidemic.classes, None if seir else [], conditions, report)
    known = (*OF_A_PERSON, "class")
    _check_overrides(
        scenario,
        (*path, "attributes"),
        epidemic.attributes,
        conditions,
        report,
        OF_A_PERSON if seir else known,
    )
    if epidemic.acuity is not None:
        conditions.cases((*path, "acuity"), [case.when for case in epidemic.acuity], known)
        for i, case in enumerate(epidemic.acuity):
            check_sum(report, (*path, "acuity", i, "share"), case.share)
            conditions.acuities((*path, "acuity", i, "share"), case.share)
    _check_weights(path, epidemic.hourly, None, report)
    if seir is not None:
        if epidemic.hospitals:
            remedy = "Remove it: people go to the hospital of their catchment."
            report.add((*path, "hospitals"), "", "shares of hospitals are for `curve` and `sir`", remedy)
        _check_seir(scenario, seir, conditions, report)
        return
    if not epidemic.hospitals:
        report.add(path, "`hospitals` (where the admitted present)", "nothing", "Add `hospitals`.")
    else:
        check_sum(report, (*path, "hospitals"), epidemic.hospitals)
    for name in epidemic.hospitals:
        conditions.value_of_built_in((*path, "hospitals", name), "hospital", name)
    if epidemic.sir is not None:
        _check_sir(epidemic.sir, report)


def _check_sir(sir: Sir, report: Report) -> None:
    path: Path = ("epidemic", "sir")
    _at_least_a_day(path, sir, ("doubling_time", "infectious", "stay"), report)
    if sir.stay % DAY:
        report.add((*path, "stay"), "whole days", format_duration(sir.stay))
    first = 1 / sir.market_share / sir.admitted
    if first > sir.population:
        got = f"{first:.3g} infected when the first of them is admitted, among {sir.population} people"
        report.add((*path, "population"), "a region larger than its epidemic", got, within=[path])


def _at_least_a_day(path: Path, spec: Sir | Seir, keys: Sequence[str], report: Report) -> None:
    for key in keys:
        if getattr(spec, key) < DAY:
            report.add(
                (*path, key), "at least 1 day", format_duration(getattr(spec, key)), "The step is a day."
            )


def _check_seir(scenario: Scenario, seir: Seir, conditions: Conditions, report: Report) -> None:
    path: Path = ("epidemic", "seir")
    if scenario.population is None:
        report.add(path, "", "there is no `population` to fall ill", "Add it.", names=("population",))
    _at_least_a_day(path, seir, ("infectious", *(("latent",) if seir.latent else ())), report)
    force = seir.r0 * DAY / seir.infectious if seir.infectious >= DAY else 0.0
    if force * (1 - seir.contact_reduction) > 1:
        report.add(
            (*path, "r0"),
            "at most one infection a day from one person, `r0` / `infectious`",
            f"{force * (1 - seir.contact_reduction):.3g}",
            within=[path],
        )
    _check_infections(scenario, seir, report)
    known = lasting(scenario)
    conditions.cases((*path, "admitted"), [case.when for case in seir.admitted], OF_A_PERSON, known)
    _check_contacts(scenario, seir, conditions, report)
    products = list(scenario.vaccine.products) if scenario.vaccine else []
    for name in seir.protection:
        if scenario.vaccine is not None and name not in products:
            _unknown_product((*path, "protection", name), name, products, report)
    for i, row in enumerate(seir.coverage):
        conditions.when((*path, "coverage", i, "when"), row.when, OF_A_PERSON, known)
        if row.product not in seir.protection:
            _unknown_product((*path, "coverage", i, "product"), row.product, list(seir.protection), report)


def _check_infections(scenario: Scenario, seir: Seir, report: Report) -> None:
    """Nobody is infected twice: neither at the start, nor on one day from outside."""
    homes = list(scenario.population.catchments) if scenario.population else []
    if not homes or any(name not in scenario.hospitals for name in homes):
        return
    n = sum(people_of(scenario, name) for name in homes)
    for key, value in (("infected", seir.infected), ("imports", seir.imports)):
        if value > n:
            report.add(
                ("epidemic", "seir", key),
                f"at most the {n} people of the catchments",
                f"{value:.12g}",
                within=[("population", "catchments"), ("hospitals",)],
            )


def _unknown_product(path: Path, name: str, known: list[str], report: Report) -> None:
    report.unknown(path, name, "a vaccine of this scenario", known, within=[("vaccine", "products")])


def _check_contacts(scenario: Scenario, seir: Seir, conditions: Conditions, report: Report) -> None:
    path: Path = ("epidemic", "seir", "contacts")
    if seir.groups is None:
        if seir.contacts:
            report.add(
                path, "", "contacts between groups, and no `groups`", "Name the attribute in `groups`."
            )
        return
    if not conditions.category(("epidemic", "seir", "groups"), seir.groups):
        return
    if seir.groups not in lasting(scenario):
        message = f'"{seir.groups}" is the band of the risk, which changes'
        report.add(("epidemic", "seir", "groups"), "", message, "Name another attribute.")
    values = conditions.vocabulary.categories[seir.groups]
    rows: dict[str, Mapping[str, object]] = {"": seir.contacts, **seir.contacts}
    for name, row in rows.items():
        place = (*path, name) if name else path
        for value in row:
            conditions.value((*place, value), seir.groups, value)
        missing = [value for value in values if value not in row]
        if missing:
            within: list[Path] = [("attributes", seir.groups)]
            remedy = f'There must be one for every value of "{seir.groups}".'
            report.add(
                place, f"contacts of {listing(values)}", f"none of {listing(missing)}", remedy, within=within
            )
    if not any(rate for row in seir.contacts.values() for rate in row.values()):
        report.add(path, "contacts above 0", "none")
