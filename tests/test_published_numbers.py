"""No result is published without what it was made from: README and docs/results against manifests."""

import re
from pathlib import Path

import pytest

from dashboards.report.study_page import write_study_page
from policies.study.protocol import read_protocol
from policies.study.summary import summary_table

ROOT = Path(__file__).resolve().parents[1]
README, RESULTS = ROOT / "README.md", ROOT / "docs" / "results"
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
