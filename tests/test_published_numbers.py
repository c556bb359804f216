"""No result is published without what it was made from: README, docs/results and docs/scale.md against manifests."""

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest

from dashboards.report.study_page import write_study_page
from policies.study.protocol import read_protocol
from policies.study.summary import summary_table

ROOT = Path(__file__).resolve().parents[1]
README, RESULTS, SCALE = ROOT / "README.md", ROOT / "docs" / "results", ROOT / "docs" / "scale.md"
MADE = re.compile(r"<!-- ([\w-]+):begin -->\n(.*?)<!-- \1:end -->", re.DOTALL)
NUMBER = re.compile(
    r"[+-]?\d[\d.]* ?(?:h|hours|points|per cent|%)(?![\w-])|\[-?\d[\d.]*, -?\d[\d.]*\]|p [<=] 0?\.\d+"
)
"""What a result looks like: hours, shares, intervals, p values."""
CONVENTIONS = {"95 %", "2 %"}
"""The level of intervals and the margin of non-inferiority: chosen, not found."""
KEPT = Path(__file__).parent / "policies" / "study" / "kept"


def blocks(page):
    return {name: body.rstrip("\n") for name, body in MADE.findall(page.read_text(encoding="utf-8"))}


def prose(text):
    """The page without what is made by a command, and without code."""
    text = re.sub(r"^```.*?^```", "", MADE.sub("", text), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`]*`", "", text)


def test_the_table_of_studies_in_the_readme_is_what_their_manifests_say():
    assert blocks(README)["results"] == summary_table(RESULTS)


def test_the_readme_says_no_result_outside_the_blocks_that_commands_make():
    assert set(NUMBER.findall(prose(README.read_text(encoding="utf-8")))) <= CONVENTIONS


@pytest.mark.parametrize(
    "said",
    ["saves 0.71 h there", "a gap of [0.49, 0.94]", "25 % less", "+2.28 points", "(p < 0.001)", "3 hours"],
)
def test_a_result_in_prose_would_be_noticed(said):
    assert NUMBER.findall(prose(f"Learning wins: it {said} in `rural`.\n")) != []


def test_every_file_of_the_results_is_a_protocol_a_manifest_or_made_from_manifests():
    allowed = set(RESULTS.glob("*.yaml"))
    for page in RESULTS.glob("*/index.md"):
        assert (RESULTS / f"{page.parent.name}.yaml").is_file()
        allowed |= {page, *page.parent.glob("figures/*.svg"), *page.parent.glob("manifests/*/*")}

    assert {path for path in RESULTS.rglob("*") if path.is_file()} == allowed


def unfounded(finding, page, pages):
    """Decimals of a finding that, rounded alike, stand in no table of its page, nor of another result that it names."""
    if "in no table" in finding.lower():
        return []
    named = [page, *(name for name in pages if f"{name} result" in finding.lower())]
    text = "".join(pages[name].partition("\n## Limits")[0] for name in named)
    there = {abs(float(number)) for number in re.findall(r"\d+(?:\.\d+)?", text)}
    return [
        said
        for said in re.findall(r"\d+\.\d+", finding)
        if not any(abs(float(said) - one) <= 0.5001 * 10 ** -len(said.split(".")[1]) for one in there)
    ]


def published():
    return {page.parent.name: page.read_text(encoding="utf-8") for page in RESULTS.glob("*/index.md")}


def test_every_decimal_of_a_finding_stands_in_a_table_or_is_said_to_stand_in_none():
    """Findings are written by hand; what they name of limits, levels and whole per cents a reader must check."""
    pages = published()

    assert {
        (name, said)
        for name in pages
        for finding in read_protocol(RESULTS / f"{name}.yaml").findings
        for said in unfounded(finding, name, pages)
    } == set()


def test_a_number_that_no_table_has_would_be_noticed():
    pages = published()

    assert unfounded("The gap is smaller by 3.337 h.", "eleventh", pages) == ["3.337"]
    assert unfounded("The gap of the rule is 5.89 h.", "first", pages) == ["5.89"]
    assert unfounded("The gap of the rule is 5.89 h in the seventh result.", "first", pages) == []


def test_a_page_is_made_again_from_a_small_set_of_manifests(tmp_path):
    """`fairward study run|report tests/policies/study/kept.yaml` made it: two seeds, one iteration, a few runs."""
    protocol = read_protocol(KEPT.with_suffix(".yaml"))

    page = write_study_page(protocol, KEPT / "manifests", tmp_path)

    assert page.read_text(encoding="utf-8") == (KEPT / "index.md").read_text(encoding="utf-8")
    made, kept = (
        {p.name: p.read_bytes() for p in (where / "figures").iterdir()} for where in (tmp_path, KEPT)
    )
    assert made == kept
    for said in ("The goal is not reached", "What moves the choices of the winners?", "(best fixed)",
                 "In how many scenarios and shifts", "does not support population", "hypervolume"):  # fmt: skip
        assert said in (KEPT / "index.md").read_text(encoding="utf-8")


def scaling_model():
    spec = importlib.util.spec_from_file_location("scaling_model", ROOT / "benchmarks" / "scaling_model.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_tables_of_scale_are_what_was_measured():
    figures = json.loads(SCALE.with_suffix(".json").read_text(encoding="utf-8"))

    assert {"commit", "began", "load", "machine"} <= figures.keys()
    assert blocks(SCALE) == scaling_model().tables(figures)


def test_the_cost_model_finds_what_made_the_figures():
    model = scaling_model()
    runs = [
        {"processes": p, "runs": n, "start": 3, "seconds": n * 0.5 / (1 if p == 1 else 2 * 0.8)}
        for p in (1, 2)
        for n in (6, 12, 24)
    ]
    found = model.fitted(runs)

    assert (found.start, found.each, found.efficiency) == pytest.approx((3, 0.5, 0.8))
    assert found.worst < 1e-9
    timed = [{"nodes": n, "seconds": [2 + s] * 3, "sampling": [s] * 3} for n, s in ((1, 3.0), (2, 2.0))]
    learned = model.iteration(timed)
    assert (learned.learning, learned.sampling, learned.efficiency) == pytest.approx((2, 3, 0.75))
    assert learned.seconds(2) == pytest.approx(4)
    assert learned.seconds(learned.saturates) <= 2 * 1.1
