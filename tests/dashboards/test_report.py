import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

from dashboards.report import write_report
from dashboards.report.assembly import render
from dashboards.report.wording import Estimate, verdict
from scenarios.loader import load_text
from tests.dashboards.answers import ONE_BED, WINTER, answer_of
from tests.dashboards.page import Page

SECTIONS = [
    "The answer",
    "What changes, and how sure are we?",
    "Who waits?",
    "How full are the hospitals?",
    "Where is this?",
    "All outcomes",
    "Assumptions",
    "Limits",
    "The model, by STRESS-DES",
    "Glossary",
    "Provenance",
]


def source_of(written):
    return written[1].read_text(encoding="utf-8")


@pytest.fixture(params=["winter", "vaccine", "one_bed"])
def written(request):
    return request.getfixturevalue(request.param)


def test_the_report_of_a_comparison_has_every_section_in_order(winter):
    page = Page.of(source_of(winter))

    assert [text for level, text in page.headings if level == 2] == SECTIONS


def test_the_report_states_the_question_the_answer_and_the_assumptions(winter):
    answer, _ = winter
    text = Page.of(source_of(winter)).text

    assert answer.scenario.question in text
    assert answer.sentence[1:] in text
    assert all(assumption in text for assumption in answer.scenario.assumptions)
    assert "synthetic data" in text
    assert answer.provenance["scenario_hash"] in text
    assert "fairward compare scenario.resolved.yaml --policies first-come,acuity --reps 6 --seed 7" in text


def test_every_item_of_stress_des_is_there(winter):
    numbers = [text.split()[0] for level, text in Page.of(source_of(winter)).headings if level == 4]

    assert numbers == [
        "1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "2.5.1", "2.5.2", "2.5.3", "2.5.4", "2.5.5",
        "3.1", "3.2", "3.3", "3.4", "4.1", "4.2", "4.3", "5.1", "5.2", "5.3", "5.4", "6.1",
    ]  # fmt: skip


def test_the_same_answer_gives_the_same_bytes(written):
    answer, path = written
    before = path.read_bytes()

    assert write_report(answer, path.parent).read_bytes() == before
    assert [p.name for p in path.parent.iterdir() if p.name.startswith(".")] == []


def test_the_page_asks_for_nothing_from_elsewhere(written):
    source = source_of(written)
    page = Page.of(source)
    links = [a[name] for _, a in page.elements for name in ("href", "src", "srcset", "action") if name in a]

    assert page.all("script") == []
    assert all(link.startswith("#") or link == "data:," for link in links)
    assert "http" not in source.replace("http-equiv", "")
    assert not re.search(r"@import|url\((?!#)", source)


def test_the_page_is_well_formed_with_unique_ids_and_headings_in_steps(written):
    page = Page.of(source_of(written))
    ids = [a["id"] for _, a in page.elements if "id" in a]
    named = {name for _, a in page.elements for name in a.get("aria-labelledby", "").split()}
    levels = [level for level, _ in page.headings]

    assert page.unbalanced == []
    assert page.open == []
    assert len(ids) == len(set(ids))
    assert {link["href"][1:] for link in page.all("a")} | named <= set(ids)
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_chart_says_in_words_what_it_shows_and_takes_the_colours_of_the_page(written):
    page = Page.of(source_of(written))
    charts = page.all("svg")

    assert charts
    assert all(len(chart["aria-label"]) > 30 and chart["role"] == "img" for chart in charts)
    drawn = [a["style"] for tag, a in page.elements if tag in ("path", "text", "use", "g") and "style" in a]
    assert not re.findall(r"#[0-9a-f]{6}", " ".join(drawn))


def test_every_exhibit_has_a_sentence_and_a_table_or_says_why_not(written):
    source = source_of(written)
    exhibits = re.findall(r"<article.*?</article>", source, re.DOTALL)

    assert exhibits
    for exhibit in exhibits:
        assert re.search(r'<p class="sentence">[^<]{10,}', exhibit)
        assert "<table" in exhibit or "<svg" not in exhibit


HOSTILE = '<script>alert("x")</script><img src=http://evil onerror=alert(1)> $x_1$ & "quotes" \'s'


def test_what_people_write_is_shown_and_never_obeyed(tmp_path):
    escaped = HOSTILE.replace("\\", "\\\\").replace('"', '\\"')
    text = (
        WINTER.replace("title: A winter fortnight in three hospitals", f'title: "{escaped}"')
        .replace("title: St Mary's Infirmary", f'title: "{escaped}"')
        .replace("title: Deprivation fifth", f'title: "{escaped}"')
        .replace("  - Nobody leaves a hospital because of the weather.", f'  - "{escaped}"')
        .replace("source: Written for the tests; the figures are assumed.", f'source: "{escaped}"')
    )
    answer = answer_of(text, ("first-come", "acuity"), 2, tmp_path, "horizon=2 days", "warm_up=0")
    answer = replace(answer, sentence=HOSTILE, notes=(HOSTILE,), provenance={HOSTILE: HOSTILE})

    page = Page.of(render(answer, tmp_path))

    assert page.all("script") == page.all("img") == []
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert page.text.count(HOSTILE) >= 8
    assert page.unbalanced == []


def test_one_run_has_no_interval_and_says_so(one_bed):
    text = Page.of(source_of(one_bed)).text

    assert "nan" not in text.lower().split()
    assert "no difference can be called clear" in text
    assert "with 95 % intervals" not in text
    assert "What changes" not in text
    assert "The scenario names no groups of people to compare." in text


def test_two_policies_in_one_run_are_not_called_different(tmp_path):
    answer = answer_of(WINTER, ("first-come", "acuity"), 1, tmp_path, "horizon=3 days")

    text = Page.of(render(answer, tmp_path)).text

    assert "one run: cannot say" in text
    assert "with 95 % intervals" not in text
    assert "better for" not in text
    assert "clearly" not in text


def test_a_small_group_is_hidden_with_the_counts_that_would_give_it_away(winter):
    article = re.search(r'<article[^>]*id="groups-language".*?</article>', source_of(winter), re.DOTALL)[0]
    page = Page.of(article)

    assert "Not shown: “sign”, with fewer than 10 patients a run" in page.text
    assert not re.search(r"\d a run", page.text)
    assert "sign" not in page.all("svg")[0]["aria-label"]


def test_groups_come_in_the_order_of_the_scenario_and_the_worst_off_is_marked(winter):
    article = re.search(r'<article[^>]*id="groups-deprivation".*?</article>', source_of(winter), re.DOTALL)[0]
    labels = re.findall(r'<th scope="row">\s*<span class="value">([^<]+)', article)

    assert labels == ["1 most deprived", "2", "3", "4", "5 least deprived (reference)"]
    assert article.count('tag-longest">longest') == 2


def test_one_group_alone_is_not_called_worst_off(tmp_path):
    text = WINTER.replace("language, ", "").replace(
        'share: {"1 most deprived": 0.3, "2": 0.2, "3": 0.2, "4": 0.15, "5 least deprived": 0.15}',
        'share: {"5 least deprived": 1}',
    )
    text = text.replace('      - {when: {deprivation: "1 most deprived"}, share: {none: 0.8', "      #")
    text = re.sub(r"  late_presentation:\n.*\n", "", text)
    text = re.sub(r",\n    attributes: \{deprivation.*\}\}\}", "}", text)

    answer = answer_of(text, ("first-come",), 2, tmp_path, "horizon=3 days")
    article = re.search(
        r'<article[^>]*id="groups-deprivation".*?</article>', render(answer, tmp_path), re.DOTALL
    )

    assert "longest</span>" not in article[0]


def test_sixty_four_hospitals_fit_and_what_is_left_out_is_said(tmp_path):
    names = [f"h{k:02}" for k in range(64)]
    text = ONE_BED.split("hospitals:")[0] + "hospitals:\n"
    text += "".join(f"  {name}: {{beds: {{bed: {2 + k % 5}, icu: 2}}}}\n" for k, name in enumerate(names))
    text += "transfers: {travel: {h00: {h01: 30 min}}}\narrivals:\n"
    text += "".join(
        f"  {name}: {{hospital: {name}, classes: patient, poisson: 9 per day}}\n" for name in names
    )
    answer = answer_of(text, ("first-come", "acuity"), 2, tmp_path)

    path = write_report(answer, tmp_path)
    page = Page.of(path.read_text(encoding="utf-8"))

    assert path.stat().st_size < 2_000_000
    assert "64 hospitals in all; the charts show the 12 fullest" in page.text
    assert "No sketch beyond 8 hospitals" in page.text
    assert "The table shows the 40 fullest of 128 pools" in page.text
    assert len(page.all("figure")) < 30


def test_vaccine_coverage_and_waste_are_shown_where_there_is_vaccine_and_only_there(vaccine, winter):
    with_vaccine, without = (Page.of(source_of(w)).headings for w in (vaccine, winter))

    assert (2, "Who gets the vaccine?") in with_vaccine
    assert {(3, "Who is vaccinated?"), (3, "How much vaccine is lost?")} <= set(with_vaccine)
    assert (2, "Who gets the vaccine?") not in without


def test_without_a_census_the_report_says_what_is_missing(winter, tmp_path):
    text = Page.of(render(winter[0], tmp_path)).text

    assert "The course over time is left out" in text
    assert "What is short: beds, staff or equipment?" in text


def test_a_metric_that_nobody_registered_and_means_that_are_not_known_do_no_harm(winter, tmp_path):
    answer, _ = winter
    summaries = {
        name: frame.assign(
            metric=frame["metric"].replace({"left_share": "of_tomorrow"}),
            mean=np.where(frame["metric"] == "untreated_hours", np.nan, frame["mean"]),
        )
        for name, frame in answer.summaries.items()
    }

    text = Page.of(render(replace(answer, summaries=summaries), tmp_path)).text

    assert "Of tomorrow" in text
    assert "The untreated time is not known under first-come and acuity" in text


def test_many_policies_are_told_apart_by_more_than_colour(tmp_path):
    policies = ("first-come", "acuity", "longest-wait", "c-mu", "max-weight", "neutral")
    answer = answer_of(WINTER, policies, 2, tmp_path, "horizon=3 days")

    text = Page.of(render(answer, tmp_path)).text

    for look in (
        "blue circle",
        "vermilion diamond",
        "dark square",
        "blue triangle",
        "vermilion wedge",
        "dark cross",
    ):
        assert look in text.lower()


def test_a_policy_with_a_ruinous_name_is_still_a_name(tmp_path):
    answer = answer_of(WINTER, ("first-come", "c-mu:critical=8"), 2, tmp_path, "horizon=2 days", "warm_up=0")

    page = Page.of(render(answer, tmp_path))

    assert "How full are the beds, day by day?" in page.text
    assert "'first-come,c-mu:critical=8'" in page.text or "first-come,c-mu:critical=8" in page.text


@pytest.mark.parametrize(
    ("estimate", "better", "words"),
    [
        (Estimate(-1.4, -1.7, -1.1), "lower", "better"),
        (Estimate(-1.4, -1.7, -1.1), "higher", "worse"),
        (Estimate(-1.4, -1.7, -1.1), "", "lower"),
        (Estimate(0.2, 0.0, 0.4), "lower", "no clear change"),
        (Estimate(0.0, 0.0, 0.0), "lower", "no difference in any run"),
        (Estimate(0.3), "lower", "one run: cannot say"),
        (Estimate(float("nan")), "lower", "not known"),
    ],
)
def test_a_difference_is_read_by_its_interval(estimate, better, words):
    assert verdict(estimate, better) == words


def test_the_scenarios_of_these_tests_are_valid():
    assert load_text(WINTER).equity.groups == ("deprivation", "language")


def test_every_chart_is_a_picture_of_its_own_beside_the_page(written):
    _, path = written
    page = Page.of(source_of(written))
    pictures = sorted((path.parent / "figures").glob("*.svg"))

    assert len(pictures) == len([svg for svg in page.all("svg") if svg.get("class") == "chart"]) > 0
    for picture in pictures:
        text = picture.read_text(encoding="utf-8")
        assert ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
        assert "var(" not in text
