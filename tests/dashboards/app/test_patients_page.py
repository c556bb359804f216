"""The page Patients without a browser: who is offered, which band and why, what is hidden, what cannot be shown."""

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("param")

from dashboards.app.desk import Desk
from dashboards.app.first import first_result
from dashboards.app.page_patients import LIBRARY, PEOPLE, Model
from dashboards.app.patients.cardiac import HeartCohort
from dashboards.app.patients.cohort import Bands, bands_of_setting
from dashboards.app.patients.offered import ANYBODY, spread
from dashboards.app.patients.records import Records, library, library_origin
from dashboards.app.patients.tasks import gather, library_with_people, look_at
from dashboards.app.patients.told import cohort_exhibits, counts
from dashboards.app.service import RunService
from dashboards.app.session import Session
from policies.thresholds.moves import INDEX, SETTINGS
from policies.thresholds.settings_file import SHIPPED
from scenarios.errors import UsageError
from scenarios.loader import load
from tests.agents.population.test_profiles import MADE
from tests.agents.population.towns import TOWN

SETTING = INDEX[SHIPPED]


class AtOnce:
    """A service that computes here and now, and remembers."""

    def __init__(self):
        self.known = {}

    async def compute(self, key, function, *arguments):
        if key not in self.known:
            self.known[key] = function(*arguments)
        return self.known[key]


@pytest.fixture(scope="module")
def shipped():
    """The shipped result, which has no people, and a service that remembers what was asked of it."""
    return first_result(), AtOnce()


@pytest.fixture
def page(shipped):
    """The page of a new visitor."""
    result, service = shipped
    model = Model(Session(SimpleNamespace(result=result), service, None))
    model.take(result)
    return model


def follow(model):
    asyncio.run(model.follow())
    return model


def test_a_result_without_people_shows_the_shipped_profiles_and_says_where_people_are(page):
    follow(page)

    assert page.source == LIBRARY
    assert PEOPLE not in page.param["source"].objects
    assert page.gathered.cohort.title == "the shipped library of profiles"
    assert [one.name for one in page.seen.exhibits] == ["why", "course", "who", "contacts"]
    assert set(library_with_people().values()) == {"flu-season", "surge-epidemic"}


def test_what_is_asked_again_is_not_drawn_again(page):
    follow(page)
    drawn = []
    page.param.watch(drawn.append, "busy")

    follow(page)
    page.top_k = 2
    follow(page)

    assert [event.new for event in drawn] == [True, False]


def test_the_band_and_the_reasons_given_are_those_of_the_thresholds_chosen(page):
    page.param.update(moderate=0.05, high=0.1, top_k=2)
    follow(page)
    why = page.seen.exhibits[0]
    top = why.table.rows[1:3]

    assert "in the band “high” (from 0.1)" in why.sentence
    assert len(why.table.rows) == 2 + 2 + 1
    assert all(row[0].text.lower() in why.sentence.lower() for row in top)
    added = [float(row[2].text) for row in why.table.rows]
    assert sum(added[:-1]) == pytest.approx(added[-1], abs=0.003)


@pytest.mark.parametrize(
    ("name", "chosen"),
    [("flu-season", "flu-season"), ("flu-season-profiles", "uploaded: flu-season-profiles")],
)
def test_a_scenario_with_people_is_loaded_with_its_policies_and_run(shipped, name, chosen):
    result, service = shipped
    desk, ran = Desk(service, result), []

    async def run():
        ran.append((desk.scenario, desk.reference, desk.policy, desk.runs))

    desk.run = run
    service.cached = lambda key: None
    model = Model(Session(desk, service, None))
    model.take(result)
    asyncio.run(model.load(name))

    assert ran == [(chosen, "vaccine-population", "vaccine-risk", 5)]
    assert desk.chosen.population is not None
    assert not model.busy


def test_thresholds_in_the_wrong_order_are_said_and_nothing_is_shown(page):
    page.param.update(moderate=0.6, high=0.3)
    follow(page)

    assert page.message == "“Moderate from” must be below “High from”."
    assert page.seen is None
    assert not page.busy

    page.high = 0.8
    follow(page)

    assert page.message == ""
    assert page.seen is not None


def test_people_are_chosen_from_a_group_and_a_band_unless_they_are_few(page):
    follow(page)
    page.param.update(by="age", group=ANYBODY)
    follow(page)
    page.param.update(group="65 and over", band="moderate")
    follow(page)
    cohort = page.gathered.cohort
    values, codes = cohort.groups["age"]
    rows = list(page.param["person"].objects.values())

    assert {values[codes[row]] for row in rows} == {"65 and over"}
    assert ((cohort.risk[rows] >= 0.3) & (cohort.risk[rows] < 0.6)).all()
    assert page.person == rows[0] == max(rows, key=lambda row: cohort.risk[row])

    page.param.update(moderate=0.3, high=0.95, band="high")
    follow(page)

    assert page.person is None
    assert "Fewer than 10" in page.offered


def test_an_upload_is_read_as_data_without_names_and_shown_as_text(page):
    rows = "".join(f"Ada Lovelace,{age},female,<b>bold</b>,{age + 40}\n" for age in range(20, 50))
    page.upload("../<script>.csv", ("name,age,sex,hair,HR\n" + rows).encode())
    follow(page)
    said = " ".join(str(one) for one in (*page.gathered.exhibits, *page.seen.exhibits))

    assert page.source == "uploaded: _._script_.csv" or page.source.startswith("uploaded: ")
    assert "Ada" not in said
    assert "<script>" not in said
    assert "from the file" in said
    assert "Dropped, because they may name a person: name" in said


def test_a_file_that_holds_no_patients_is_said(page):
    page.upload("notes.csv", b"this,is,no\ntable,of,patients\n")
    follow(page)

    assert page.message.startswith("notes.csv: ")
    assert "/tmp" not in page.message


def test_an_upload_that_is_too_large_is_not_taken(page):
    page.upload("all.csv", b"x" * 600_000)

    assert "expected at most 500 kB" in page.message
    assert page.uploads == {}


def test_the_shipped_library_says_who_wrote_it_and_is_what_its_origin_says():
    found = gather(library(SETTING), "sex")

    assert len(found.cohort) == library_origin()["profiles"] == 1000
    assert library_origin()["written_by"] in found.cohort.origin
    assert "not a medical model" in found.cohort.origin


def test_small_groups_and_bands_are_hidden_and_cannot_be_had_by_subtraction():
    cohort = library(SETTING).cohort()
    for by in cohort.groups:
        found = counts(cohort, by)
        small = (found.n > 0) & (found.n < 10)

        assert found.few[small].all()
        assert ((found.few.sum(axis=1) != 1) | found.few_group).all()
        for line, hidden in zip(found.n.T, found.few.T, strict=True):
            assert hidden.sum() != 1 or line[hidden].sum() == 0 or found.few_band.any()
        exhibit = cohort_exhibits(cohort, by)[0]
        texts = [cell.text for row in exhibit.table.rows for cell in row]
        assert ("hidden" in texts) == bool(found.few.any() or found.few_band.any())


def test_a_risk_at_a_threshold_is_above_it():
    bands = bands_of_setting(INDEX[SETTINGS[SETTING]], "here")

    assert bands.of(np.array([0.0, 0.2999, 0.3, 0.6, 1.0])).tolist() == [0, 0, 1, 2, 2]
    assert bands.said == "low below 0.3, moderate from 0.3 and high from 0.6"
    assert Bands(("all",), (0.0,), "").said == "all"


def test_few_people_are_offered_spread_over_all_risks():
    cohort = library(SETTING).cohort()
    found = spread(cohort, np.arange(len(cohort)))
    risks = cohort.risk[list(found.values())]

    assert len(found) == 40
    assert (np.diff(risks) <= 0).all()
    assert risks[0] == cohort.risk.max()
    assert risks[-1] == cohort.risk.min()
    assert all(cohort.row(label.split(",")[0]) == row for label, row in found.items())


def test_a_heart_patients_contributions_sum_to_the_log_odds_of_the_risk():
    pytest.importorskip("sklearn")
    source = HeartCohort(SETTING)
    person = source.person(3)
    why, course, _, contacts = look_at(source, 3, 3).exhibits

    odds = person.reasons.base + person.reasons.values.sum()
    assert 1 / (1 + np.exp(-odds)) == pytest.approx(person.risk, abs=1e-12)
    assert f"is {person.risk:.3f}" in why.sentence
    assert len(contacts.table.rows) == 12
    assert (person.course.low <= person.course.high).all()
    assert "95 %" in course.sentence


@pytest.fixture(scope="module")
def lived(shipped, tmp_path_factory):
    """A town with bands, feedback, doses, returns and profiles; two policies."""
    service = RunService(tmp_path_factory.mktemp("cache"), jobs=2)
    desk = Desk(service, shipped[0])
    text = (
        TOWN.replace("horizon: 60 days", "horizon: 25 days") + MADE.replace("profiles=", "profiles: ") + "\n"
    )
    desk.upload("town.yaml", text.encode())
    desk.param.update(runs=2, reference="neutral", policy="acuity")
    model = Model(Session(desk, service, None))

    async def asked():
        await desk.run()
        model.take(desk.result)
        await model.follow()

    asyncio.run(asked())
    yield model, desk
    service.close()


@pytest.mark.timeout(300)  # runs are made in processes of their own, which start first
def test_people_are_chosen_when_a_result_has_them(lived):
    model, desk = lived

    assert (model.message, desk.message) == ("", "")
    assert model.source == PEOPLE
    assert model.own_bands
    assert len(model.gathered.cohort) == 3000
    assert model.gathered.cohort.bands.limits == (0.0, 0.3)


def test_the_band_at_a_presentation_is_that_of_the_risk_shown_for_that_day(lived):
    model, desk = lived
    source = asyncio.run(model._source())
    visits = desk.result.sides[model.side].table(model.run, "visits")
    own = visits[visits["source"] == "people of north"]

    for visit in own.sample(200, random_state=1).to_dict("records"):
        risk = source.lives[0].of(visit["person"]).risk
        band = model.gathered.cohort.bands.of(risk)[int(visit["presented"] // 24)]
        assert ("low", "high")[band] == visit["band"]


def test_a_person_is_told_with_profile_course_reasons_and_contacts(lived):
    model, _ = lived
    why, course, who, contacts = model.seen.exhibits
    fields = {row[0].text: [cell.text for cell in row[1:]] for row in who.table.rows}

    assert fields["Risk at the start"][1] == "computed"
    assert fields["Age"][1] == "assumed"
    assert fields["Profile: age"][1] == "generated"
    assert "The profile" in [row[0].text for row in why.table.rows]
    assert "<svg" in course.svg
    assert contacts.table.rows
    assert "came" in contacts.sentence


def test_the_parts_of_everybodys_risk_sum_to_it(lived):
    model, _ = lived
    source = asyncio.run(model._source())

    for row in range(0, 3000, 150):
        reasons = source.person(row).reasons
        assert reasons.base + reasons.values.sum() == pytest.approx(reasons.total, abs=1e-12)


def test_an_empty_file_is_refused_with_words():
    with pytest.raises(UsageError, match="Expected a CSV with a header"):
        Records("empty.csv", b" ", SETTING).cohort()


def test_scenarios_whose_risk_says_nothing_say_so():
    from dashboards.app.patients.residents import _cohort_notes

    assert "nobody comes because of this risk" in _cohort_notes(load("surge-epidemic"))[0]
    assert "nobody comes" not in _cohort_notes(load("flu-season"))[0]
