"""The desk's network explained by its Q-values: planted networks, and the command."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("gymnasium")
pytest.importorskip("shap")
pytest.importorskip("lime")

from fairward.cli import app
from policies.desk.q_network import QNetwork, read_q_network, write_q_network
from policies.desk.rules import rewards
from policies.desk.training import DeskSetting
from policies.environments.cohorts import calibrated_people
from policies.explain.at_the_desk import decide, explain_desk, scorer_of_network
from policies.explain.attribution import interventional
from policies.explain.scorer import Contrast, Margin, margin_of
from scenarios.errors import UsageError

SETTING = {"resource": "beds", "n_units": 6, "n_patients": 20, "fairness": 0.0, "grouping": "sex"}


@pytest.fixture(scope="module")
def people():
    return calibrated_people(2025, 200, "sex")


def planted(people, favoured=0.0):
    """Admits from a severity of 0.3 on; the last group of all gets an advantage."""
    desk = DeskSetting(**SETTING).desk(people)
    labels = list(desk.labels)
    first = np.zeros((2, len(labels)))
    first[0, labels.index("severity")] = 1.0
    first[1, labels.index(f"is {desk.groups[-1]}")] = favoured
    last = np.array([[0.0, 0.0], [1.0, 1.0]])
    about = {"desk": SETTING, "labels": labels, "groups": list(desk.groups)}
    return QNetwork(((first, np.zeros(2)), (last, np.array([0.3, 0.0]))), about)


def test_what_the_network_does_not_look_at_gets_exactly_nothing_and_the_tree_finds_its_threshold(people):
    told, found, words = explain_desk(planted(people), people, "planted", 8, 1, 80, 40)
    labels = list(found.case.labels)
    others = np.delete(np.arange(len(labels)), labels.index("severity"))

    assert (found.found.values[:, others] == 0).all()
    assert found.importances[0].label == "severity"
    # Q(admit) - Q(decline) = severity - 0.3, whose contribution is the distance from the mean.
    severity = found.case.rows[:, labels.index("severity")]
    behind = found.case.background[:, labels.index("severity")]
    assert found.found.values[:, labels.index("severity")] == pytest.approx(
        severity - behind.mean(), abs=1e-6
    )
    assert np.abs(found.found.margin).min() == np.abs(found.found.margin[found.case.local])
    assert told.content["tree"]["fidelity"][0] > told.content["tree"]["commonest"][0]
    assert told.content["tree"]["measure"] == "reward"
    assert (words("units left", 0.5), words("is female", 1.0)) == ("3", "yes")


def test_a_network_that_favours_a_group_is_caught_by_group(people):
    fair, unfair = (
        explain_desk(planted(people, extra), people, "planted", 8, 1, 80, 40)[1] for extra in (0.0, 0.5)
    )
    group = unfair.case.labels.index(f"is {DeskSetting(**SETTING).desk(people).groups[-1]}")

    (gap,) = unfair.gaps["sex"]
    label, part = gap.parts[0]
    assert label == unfair.case.labels[group]
    assert abs(part.mean) == pytest.approx(0.5, abs=1e-6)
    (none,) = fair.gaps["sex"]
    assert dict(none.parts)[label].mean == 0


def test_a_deep_explanation_of_rectifiers_adds_up_and_is_near_the_exact_one(people, seed):
    pytest.importorskip("torch")
    generator = np.random.default_rng(seed)
    first, last = generator.normal(size=(8, 5)), generator.normal(size=(2, 8))
    network = QNetwork(((first, generator.normal(size=8)), (last, np.zeros(2))), {"labels": list("abcde")})
    rows = generator.normal(size=(60, 5))
    margin = margin_of(scorer_of_network(network), Contrast(0, 1, 0))
    deep = interventional(margin, rows[:20], rows[20:], seed, "deep")
    exact = interventional(Margin("q", margin.of), rows[:20], rows[20:], seed, "exact")

    assert deep.margin == pytest.approx(np.diff(network(rows[:20]), axis=1)[:, 0])
    assert np.corrcoef(deep.values.ravel(), exact.values.ravel())[0, 1] > 0.9


def test_watching_a_network_does_not_change_what_it_earns(people):
    network, desk = planted(people), DeskSetting(**SETTING).desk(people)
    decided = decide(desk, network.choose, 5, [1, 2, 3])

    assert decided.earned == pytest.approx(rewards(desk, network.choose, 5, [1, 2, 3]))
    assert set(decided.run) == {1, 2, 3}
    assert decided.place[decided.run == 2].tolist() == list(range(1, int((decided.run == 2).sum()) + 1))


def test_the_command_writes_a_run_folder_and_refuses_too_few_cohorts(people, tmp_path):
    network = planted(calibrated_people(2025, grouping="sex"))
    folder = write_q_network(tmp_path / "net", network.layers, network.about)
    arguments = ["desk", "explain", str(folder), "--cohorts", "4", "--rows", "40", "--background", "20",
                 "--out", str(tmp_path / "runs"), "--json"]  # fmt: skip

    done = CliRunner().invoke(app, arguments)

    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["explained"] == "the network's Q-values"
    assert told["importance"][0]["input"] == "severity"
    page = (tmp_path / "runs" / told["run"].rpartition("/")[2] / "report.html").read_text()
    assert page.count('<svg class="chart"') >= 2
    with pytest.raises(UsageError, match="at least 4"):
        explain_desk(read_q_network(folder), people, "net", 3, 1)
