"""What `fairward explain` says of a policy can be told on the page of a study."""

import json

import pytest

from fairward.study_making import explain_for_study
from policies.study.explained import explained_block
from policies.study.kept import EXPLANATION, Kept
from policies.study.protocol import Explaining
from scenarios.loader import load


@pytest.mark.slow
def test_an_explanation_is_told_with_its_largest_inputs_and_how_faithful_it_is(tmp_path):
    pytest.importorskip("shap")
    scenario = load("rural", ("horizon=4 days", "warm_up=12 h"))

    found = explain_for_study(scenario, "c-mu", Explaining(runs=2, rows=20, background=10))
    (tmp_path / EXPLANATION).write_text(json.dumps(found), encoding="utf-8")
    rows = explained_block([Kept(tmp_path, {"label": "c-mu"})], {}).rows

    sizes = [one["size"]["value"] for one in found["importance"]]
    assert rows[0][2] == found["importance"][0]["input"]
    assert sizes == sorted(sizes, reverse=True)
    assert {"faithfulness, deletion", "faithfulness, insertion"} < {row[2] for row in rows}
    assert len(rows) == min(5, sum(size > 0 for size in sizes)) + 3
