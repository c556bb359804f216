"""The page Flow without a browser: nobody is lost on the way, and every number is the result's."""

import asyncio
import io
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("param")
pytest.importorskip("bokeh")

from bokeh.models import Quad, Text

from dashboards.app.followed import Asked, follow, packed
from dashboards.app.hours import hours_of
from dashboards.app.log_pages import ROWS, Sought, found, log_csv, log_page
from dashboards.app.map_chart import MapChart
from dashboards.app.map_places import GAP, HALF_WIDTH, arc, half_height, places, radii
from dashboards.app.moves_told import hour_sentence, whole_sentence, whole_table
from dashboards.app.page_flow import ANY, Model
from dashboards.app.taken_paths import (
    AT_ONCE,
    CARE,
    HOSPITAL,
    MOVED_FIRST,
    MOVED_LATER,
    SMALL,
    STILL_THERE,
    UNTREATED,
    VACCINATED,
    WAITED,
    flow_tables,
    flows,
    flows_sentence,
    journeys,
)
from policies.experiment import experiment
from policies.replication import dump_json, simulate
from scenarios.errors import RunError
from scenarios.library_index import library_names
from scenarios.loader import load, load_text
from sim.event_words import KINDS, EventWords
from sim.eventlog import Row
from sim.outcomes import outcomes
from sim.tables import Tables
from tests.dashboards.answers import ONE_BED, VACCINE, WINTER

POLICY = "acuity+least-loaded"


def run_of(text, policy=POLICY, *overrides):
    result = simulate(load_text(text, overrides), policy, 7, 1)
    made = Tables(result)
    return SimpleNamespace(
        result=result, made=made, network=result.network, log=result.log, words=EventWords.of(result.network),
        journeys=journeys(made, result.log, result.network), hours=hours_of(made, result.log, result.network),
    )  # fmt: skip


@pytest.fixture(scope="module")
def winter():
    return run_of(WINTER, POLICY, "horizon=6 days", "warm_up=1 day")


@pytest.fixture(scope="module")
def region():
    return run_of("extends: region", "acuity", "horizon=4 days", "warm_up=3 days")


@pytest.fixture(scope="module")
def vaccine():
    return run_of(VACCINE, "neutral")


@pytest.mark.parametrize("by", [HOSPITAL, "deprivation", "language", "acuity"])
def test_what_flows_into_a_node_flows_out_of_it_and_everybody_is_in_one_path(winter, by):
    counted = flows(winter.journeys, by)
    arriving, leaving = {}, {}
    for start, end, n, _ in counted.links():
        leaving[start] = leaving.get(start, 0) + n
        arriving[end] = arriving.get(end, 0) + n

    nodes = {(column, name): n for column, name, n in counted.nodes()}
    assert {node: n for node, n in arriving.items() if node[0] == 1} == {
        node: n for node, n in leaving.items() if node[0] == 1
    }
    assert {**leaving, **arriving} == nodes
    assert counted.patients == (~winter.made.visits["in_warm_up"]).sum() == len(winter.journeys)


def test_paths_count_what_the_outcomes_of_the_run_count(winter):
    rows = outcomes(winter.made, winter.network)
    everybody = rows[(rows["attribute"] == "") & (rows["group"] == "all")]
    arrivals = everybody[everybody["metric"] == "arrivals"].set_index("hospital")["value"]
    counted = flows(winter.journeys, HOSPITAL)

    assert counted.first.sum(axis=1).to_dict() == arrivals[list(winter.network.hospitals)].to_dict()
    still = everybody[(everybody["metric"] == "in_system_share") & (everybody["hospital"] == "")][
        "value"
    ].item()
    assert counted.last[STILL_THERE].sum() == pytest.approx(still * counted.patients)
    by_group = rows[
        (rows["metric"] == "arrivals") & (rows["attribute"] == "deprivation") & (rows["hospital"] == "")
    ]
    assert flows(winter.journeys, "deprivation").first.sum(axis=1).to_dict() == dict(
        zip(by_group["group"], by_group["value"], strict=True)
    )


def told_again(rows):
    """Return how a patient came to care from the patient's own rows of the log."""
    treated = rows.loc[rows["kind"] == Row.TREATED, "time"].min()
    departed = rows.loc[rows["kind"] == Row.DEPARTED_FOR, "time"]
    if np.isnan(treated):
        return UNTREATED
    if (departed <= treated).any():
        return MOVED_FIRST
    if len(departed):
        return MOVED_LATER
    queued, started = (
        rows.loc[rows["kind"] == kind, "time"].to_numpy() for kind in (Row.QUEUED, Row.STARTED)
    )
    upto = (started <= treated).sum()
    return WAITED if (started[:upto] > queued[:upto]).any() else AT_ONCE


def test_how_patients_came_to_care_is_what_their_own_rows_say(winter, region):
    seen = set()
    for run in (winter, region):
        visits = run.made.visits[~run.made.visits["in_warm_up"]]
        rows = dict(list(pd.DataFrame(run.log.columns()).groupby("patient")))

        expected = [told_again(rows[patient]) for patient in visits["patient"]]

        assert run.journeys["care"].tolist() == expected
        seen |= set(expected)
    assert seen == set(CARE) - {VACCINATED}


def test_the_vaccinated_are_as_many_as_the_doses_given_to_patients_counted(vaccine):
    counted = flows(vaccine.journeys, HOSPITAL)
    dosed = vaccine.made.visits.loc[~vaccine.made.visits["in_warm_up"], "dosed"].notna().sum()

    assert counted.first[VACCINATED].sum() == dosed > 0
    assert vaccine.hours.kind == "staff"


def test_small_groups_are_put_together_and_nobody_is_lost(winter):
    few = winter.journeys[winter.journeys[HOSPITAL] == "coast"].head(40)
    sizes = few["deprivation"].value_counts()
    counted = flows(few, "deprivation")

    assert list(counted.first.index) == ["1 most deprived", SMALL]
    assert counted.merged == ((sizes > 0) & (sizes < 10)).sum() == 4
    assert counted.patients == 40


def test_the_words_and_tables_of_paths_say_the_counts(winter):
    counted = flows(winter.journeys, HOSPITAL)
    origins, ends = flow_tables(counted, {"valley": "Valley General"})

    assert f"of {counted.patients} patients after the warm-up of run 1" in flows_sentence(
        "acuity", 1, counted
    )
    assert "Valley General" in [line[0].text for line in origins.rows]
    assert sum(int(line[-1].text) for line in origins.rows) == counted.patients
    assert sum(int(line[-1].text) for line in ends.rows) == counted.patients


def test_hours_are_the_census_the_queues_and_every_departure(winter):
    made, hours = winter.made, winter.hours
    beds = made.census[made.census["pool"].isin(["bay", "ward", "icu"]) & (made.census["time"] == 77)]
    frame = hours.frame(77)
    names = list(winter.network.hospitals)

    assert (
        dict(zip(names, frame.in_use, strict=True))
        == beds.groupby("hospital", observed=False)["in_use"].sum().to_dict()
    )
    waiting = made.queues[made.queues["time"] == 77].groupby("hospital", observed=False)["waiting"].sum()
    assert dict(zip(names, frame.waiting, strict=True)) == waiting.to_dict()
    assert len(hours) == 144
    moved = sum(sum(hours.frame(hour).moved.values()) for hour in range(1, 145))
    assert moved == made.visits["n_transfers"].sum() == (winter.log.kind == Row.DEPARTED_FOR).sum() > 0
    assert all(share >= 0 for share in frame.occupancy)


def test_the_whole_run_says_and_tables_the_moves_after_the_warm_up(winter):
    frame = winter.hours.whole()
    titles = list(winter.network.hospitals)
    later = (winter.hours.moves["time"] >= 24).sum()

    assert sum(frame.moved.values()) == later
    assert f"{later} departures for another hospital" in whole_sentence("acuity", winter.hours, titles)
    assert whole_table({"acuity": frame}, titles).rows[-1][1].text == str(later)
    assert "beds in use" in hour_sentence("acuity", winter.hours.frame(50), "beds", titles)


@pytest.mark.parametrize("name", [n for n in library_names() if "/" not in n])
def test_hospitals_of_the_library_stand_apart_and_inside_the_map(name):
    scenario = load(name)
    at, radius = places(scenario), radii(scenario)

    assert np.array_equal(at, places(scenario))
    assert (np.abs(at) + radius[:, None] < [HALF_WIDTH, half_height(at)]).all()
    for a in range(len(at)):
        for b in range(a):
            assert np.hypot(*(at[a] - at[b])) > radius[a] + radius[b]
            line = arc(at[a], at[b], radius[a], radius[b])
            assert np.hypot(*(line[0] - at[a])) >= radius[a] + GAP
            assert np.hypot(*(line[-1] - at[b])) >= radius[b] + GAP


def test_a_map_shows_another_hour_without_being_drawn_anew(winter):
    scenario, hours = winter.network.scenario, winter.hours
    busy = int(hours.moves["hour"].mode()[0])
    chart = MapChart(
        places(scenario), radii(scenario), list(scenario.hospitals), hours.frame(1), 4, 20.0, "abcd1234"
    )
    figure = chart.figure

    chart.show(hours.frame(busy))

    assert figure.name == "abcd1234"
    assert sum(chart.arrows.data["n"]) == sum(hours.frame(busy).moved.values())
    assert chart.numbers.data["text"] == [str(n) for n in chart.arrows.data["n"][:10]]
    assert len(chart.hospitals.data["label"]) == 3


def test_bars_of_the_diagram_are_as_high_as_their_names_say(winter):
    pytest.importorskip("holoviews")
    from dashboards.app.sankey_chart import sankey_chart

    counted = flows(winter.journeys, HOSPITAL)
    chart = sankey_chart(counted, {"coast": "Coast Cottage"}, "abcd1234")
    glyphs = {type(r.glyph): r.data_source.data for r in chart.renderers if hasattr(r, "glyph")}
    bars, names = glyphs[Quad], glyphs[Text]
    heights = np.array(bars["y1"]) - np.array(bars["y0"])
    said = {
        text.rsplit(" ", 1)[0]: int(text.rsplit(" ", 1)[1].replace("\u202f", "")) for text in names["text"]
    }

    assert chart.name == "abcd1234"
    assert said["Coast Cottage"] == counted.first.loc["coast"].sum()
    values = np.array(list(said.values()))
    assert heights == pytest.approx(values * heights.sum() / values.sum(), abs=1e-3)
    assert np.array(names["y"]) == pytest.approx((np.array(bars["y1"]) + np.array(bars["y0"])) / 2)


def test_pages_of_the_log_are_all_of_it_once(winter):
    log = packed(winter.log)
    sought = Sought(hospital="valley", kind=Row.QUEUED)
    first = log_page(log, winter.words, sought, 1)
    pages = [log_page(log, winter.words, sought, n) for n in range(1, first.n_pages + 1)]
    whole = pd.concat([page.rows for page in pages], ignore_index=True)

    assert all(len(page.rows) == ROWS for page in pages[:-1])
    valley = winter.network.hospitals.index("valley")
    assert (
        len(whole)
        == first.n_rows
        == ((winter.log.kind == Row.QUEUED) & (winter.log.hospital == valley)).sum()
    )
    assert whole["detail"].str.startswith("waits for emergency.").all()
    assert log_page(log, winter.words, sought, 10**6).number == first.n_pages
    written = pd.read_csv(io.BytesIO(log_csv(log, winter.words, sought, {"result": "abcd1234"})))
    assert written["time"].tolist() == whole["time"].tolist()
    assert set(written["result"]) == {"abcd1234"}


def test_one_patient_from_an_hour_on_is_found_and_nothing_else(winter):
    moved = int(winter.hours.moves["patient"].iloc[-1])
    rows = found(packed(winter.log), winter.words, Sought(patient=moved))
    late = found(packed(winter.log), winter.words, Sought(patient=moved, after=rows["time"].iloc[2]))

    assert set(rows["patient"]) == {moved}
    assert len(rows) == (winter.log.patient == moved).sum()
    assert 0 < len(late) < len(rows)


def test_every_row_of_a_log_can_be_said(winter, vaccine):
    for run in (winter, vaccine, run_of(ONE_BED, "first-come")):
        kinds, items, values = (getattr(run.log, name).tolist() for name in ("kind", "item", "value"))

        assert all(run.words.say(*row) for row in zip(kinds, items, values, strict=True))
    assert set(KINDS) == {code for name, code in vars(Row).items() if name.isupper()}


def test_a_run_that_is_not_the_one_of_the_result_is_refused():
    scenario = load_text(ONE_BED)
    answer = experiment(scenario, ("first-come",), 1, seed=7)
    log = answer.provenance["logs"]["first-come"][0]

    right = Asked(dump_json(scenario), "first-come", "first-come", 7, 1, log, "abcd1234")
    kept = answer.outcomes["first-come"].drop(columns="replication")

    assert follow(right).workload == answer.provenance["workloads"][0]
    result = simulate(scenario, "first-come", 7, 1)
    pd.testing.assert_frame_equal(outcomes(Tables(result), result.network), kept)
    with pytest.raises(RunError, match="does not come out as it did"):
        follow(Asked(dump_json(scenario), "first-come", "first-come", 8, 1, log, "abcd1234"))


class Here:
    """A service that does its work at once."""

    async def compute(self, key, function, *arguments):
        return function(*arguments)


def result_of(*labels, text=WINTER, overrides=("horizon=4 days", "warm_up=1 day")):
    answer = experiment(load_text(text, overrides), labels, 2, seed=7)
    story = SimpleNamespace(hospital_title=str.title)
    return SimpleNamespace(answer=answer, sides={}, short="abcd1234", story=story)


def page_of(*labels, **scenario):
    desk = SimpleNamespace(result=result_of(*labels, **scenario))
    return Model(SimpleNamespace(desk=desk, service=Here()))


def test_both_sides_are_followed_under_the_key_of_the_result_and_the_busiest_hour_is_shown():
    model = page_of("first-come", POLICY)

    model.take(model.session.desk.result)
    asyncio.run(model.follow())

    assert (model.message, model.busy, model.followed) == ("", False, 1)
    assert list(model.runs) == ["first-come", POLICY]
    assert {one.key for one in model.runs.values()} == {model.key} == {"abcd1234"}
    assert model.same_patients
    waiting = model.runs[POLICY].hours.waiting.sum(axis=1)
    assert waiting[model.hour - 1] == waiting[24:].max()
    assert model.shown.n_rows > 0
    assert model.csv_name() == "fairward-log-abcd1234-run-1-acuity+least-loaded.csv"


def test_another_run_is_another_log_and_filters_turn_back_to_the_first_page():
    model = page_of("first-come", POLICY)

    async def asked():
        model.take(model.session.desk.result)
        await model.follow()
        first = model.runs[POLICY].log
        model.param.update(run=2, page=3)
        await model.follow()
        second = model.shown
        model.event = KINDS[Row.LEFT_NETWORK]
        await model.seek()
        return first, second, await model.csv()

    first, second, csv = asyncio.run(asked())

    assert model.followed == 2
    assert model.runs[POLICY].log != first
    assert (second.number, model.shown.number, model.page) == (3, 1, 1)
    left = simulate(model.session.desk.result.answer.scenario, POLICY, 7, 2).log.kind == Row.LEFT_NETWORK
    assert len(pd.read_csv(io.BytesIO(csv))) == model.shown.n_rows == left.sum()
    assert set(model.shown.rows["event"]) == {"the journey ends"}


def test_a_patient_who_is_no_number_is_said_and_the_page_stays():
    model = page_of("first-come", POLICY)

    async def asked():
        model.take(model.session.desk.result)
        await model.follow()
        before = model.shown
        model.patient = "<b>7"
        await model.seek()
        return before

    before = asyncio.run(asked())

    assert "expected a number" in model.message
    assert model.shown is before
    model.patient = "7"
    asyncio.run(model.seek())
    assert (model.message, set(model.shown.rows["patient"])) == ("", {7})


def test_a_hospital_alone_without_beds_to_move_to_is_a_page_too():
    model = page_of("first-come", "acuity", text=ONE_BED, overrides=())

    model.take(model.session.desk.result)
    asyncio.run(model.follow())

    assert model.hospital == ANY
    assert all(not frame.moved for frame in model.frames().values())
    assert "nobody was moved" in whole_sentence("acuity", model.runs["acuity"].hours, ["Only"])


def test_maps_of_other_hospitals_are_drawn_anew_and_the_player_moves_them():
    pytest.importorskip("panel_material_ui")
    from dashboards.app.flow_cards import HourCard

    model = page_of("first-come", "acuity")
    hourly = HourCard(model)
    model.param.watch(hourly.show, "hour")

    def shown(result):
        model.session.desk.result = result
        model.take(result)
        asyncio.run(model.follow())
        hourly.card()
        hourly.player.value = 7
        return [len(chart.hospitals.data["x"]) for chart in hourly.maps.values()]

    three, one = (
        shown(model.session.desk.result),
        shown(result_of("first-come", "acuity", text=ONE_BED, overrides=())),
    )

    assert (three, one) == ([3, 3], [1, 1])
    assert model.hour == 7
    assert "Hour 7, day 1, 07:00." in hourly.text.object
    assert hourly.player.direction == 0
