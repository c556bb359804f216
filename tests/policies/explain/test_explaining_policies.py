"""Policies explained in the simulator: ranks, trees, and the other future of one patient."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from fairward.cli import app
from policies.environments.encoding import Encoding
from policies.explain.case import dial_case, varied_dials
from policies.explain.explanation import explanation
from policies.explain.imitation import Lesson, fidelity, learn
from policies.explain.moved import journey
from policies.explain.ranks import HOURS, URGENCY, place_of, rank_case, ranks_of
from policies.explain.subject import imitate, scorer_of, watch_subject
from policies.explain.telling import about_subject, tell_explanation
from policies.explain.vocabulary import ordered
from policies.learning.checkpoint import Ground, write_checkpoint
from policies.learning.normalising import Normaliser
from policies.learning.offer import Offer
from policies.replication import simulate
from scenarios.errors import UsageError
from sim.eventlog import Row
from sim.network import compile_network
from sim.protocol import Directive, Orders

pytest.importorskip("shap")
pytest.importorskip("lime")


def three_hospitals(*overrides):
    spec = importlib.util.spec_from_file_location("scenes", Path(__file__).parents[1] / "scenes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.scenario(*overrides)


def crowded():
    """Patients wait for hours."""
    return three_hospitals("arrivals.north.poisson=2 per hour", "arrivals.south.poisson=1 per hour")


def test_a_watched_policy_orders_and_costs_what_it_does_unwatched():
    scenario = three_hospitals()
    (run,) = watch_subject(scenario, "staff-balancing", [1], 5).runs

    assert run.result.log.fingerprint() == simulate(scenario, "staff-balancing", 5, 1).log.fingerprint()
    assert run.watched.cost > 0


def test_ranks_of_c_mu_know_nothing_of_groups_and_those_of_an_equity_rule_do():
    blind = watch_subject(crowded(), "c-mu", [1, 2], 3)
    weighted = watch_subject(crowded(), "equity-weighted:attribute=home:far=3", [1, 2], 3)
    found = [
        explanation(rank_case(ranks_of(one.rules[0], one.network), one.runs, 80, 60, 1), 1)
        for one in (blind, weighted)
    ]
    home = found[0].case.labels.index("home")

    assert (found[0].found.values[:, home] == 0).all()
    assert (found[0].found.values[:, HOURS] == 0).all()
    assert {one.label for one in found[0].importances[:2]} == {"urgency", "step waited for"}
    assert np.abs(found[1].found.values[:, home]).mean() > 0
    (gap,) = found[1].gaps["home"]
    assert dict(gap.parts)["home"].mean > 0 or gap.reference == "far"


def test_a_checkpoint_is_explained_by_its_own_logits_and_dead_inputs_get_nothing(tmp_path):
    scenario = crowded()
    network = compile_network(scenario)
    labels, offer = Encoding(network).labels, Offer()
    menu = offer.menu(network)
    watched = labels.index("longest wait care.ward, standard")
    weight = np.zeros((int(menu.sizes.sum()), len(labels)))
    option, bias = int(menu.starts[0]) + 1, np.zeros(len(weight))
    weight[option, watched], bias[option] = 2.0, -2.0
    plain = Normaliser(len(labels))
    plain.update(np.array([-np.ones(len(labels)), np.ones(len(labels))]))
    folder = write_checkpoint(
        tmp_path / "planted", Ground.of(scenario, offer), {"actor.0.weight": weight, "actor.0.bias": bias},
        plain, {},
    )  # fmt: skip
    subject = watch_subject(scenario, f"ckpt:{folder}", [1, 2, 3, 4], 3)
    imitated = imitate(subject)
    assert varied_dials(scorer_of(subject, imitated), subject.visited) == [0]
    found = explanation(dial_case(subject.learned, subject.visited, 0, network.hospitals, 60, 40, 1), 1)

    others = np.delete(np.arange(len(labels)), watched)
    assert (found.found.values[:, others] == 0).all()
    assert found.importances[0].label == labels[watched]
    assert found.importances[0].size.low > 0
    assert imitated.fidelity[0] > imitated.usual[0]
    told = tell_explanation(about_subject(subject, 0), found, imitated, 0)
    assert "a tree that stands for" not in told.sentence


def test_why_one_is_ahead_of_another_adds_up_to_the_difference_of_the_indices():
    subject = watch_subject(crowded(), "accumulating-priority", [1], 3)
    run = subject.runs[0]
    places = [
        place_of(subject.network, run, w.patient) for waiting in run.watched.waiting[:8] for w in waiting
    ]
    behind = [place for place in places if place.place > 1]

    assert behind
    for place in behind:
        for one in place.ahead:
            assert one.score >= one.own_score
            assert one.why.values.sum() == pytest.approx(one.score - one.own_score)
            assert set(np.flatnonzero(one.why.values[0])) <= {URGENCY, HOURS}


def test_a_tree_learns_a_rule_that_is_one_question():
    rows = np.linspace(0, 1, 200)[:, None]
    chosen = (rows > 0.5).astype(np.int64)
    masks = np.ones((200, 2), dtype=np.int8)
    lesson = Lesson(rows, masks, chosen, np.ones(200), np.ones(200, dtype=np.int64))
    tree = learn(lesson, [2])

    assert fidelity(tree, lesson).tolist() == [1.0]
    assert tree.trees[0].get_n_leaves() == 2
    assert [one.inputs.tolist() for one in tree.scores] == [[0]]


def test_what_was_ordered_is_read_and_written_again():
    orders = {"north": Orders(lend={("nurse", "south"): 2}, divert=True), "south": Orders(flex={"bed": 3})}
    directive = Directive(orders)
    vocabulary = ordered(("north", "south"), [Directive(), directive])

    assert [dial.name for dial in vocabulary.dials] == ["lend nurse to south", "flex bed", "divert"]
    assert vocabulary.directive(None, vocabulary.read(directive)) == directive
    assert vocabulary.seen.tolist() == [[1, 1, 1, 0, 1, 1], [1, 0, 1, 1, 1, 0]]


def test_a_tree_acts_in_the_policys_stead_and_is_judged_on_other_runs():
    subject = watch_subject(three_hospitals(), "vaccine-need", [1, 2, 3, 4, 5], 3)
    found = imitate(subject)

    assert found.held_out == (4, 5)
    assert (found.fidelity >= found.usual - 0.1).all()
    assert found.own.mean == pytest.approx(
        np.mean([run.watched.cost for run in subject.runs[found.n_learned :]])
    )
    assert found.difference.mean == pytest.approx(found.tree.mean - found.own.mean)


def test_a_policy_that_always_orders_the_same_has_no_tree():
    with pytest.raises(UsageError, match="ordered the same at every decision"):
        imitate(watch_subject(three_hospitals(), "acuity", [1, 2], 3))


def test_the_other_future_of_a_moved_patient_has_no_transfer_then():
    scenario = crowded()
    log = simulate(scenario, "nearest", 3, 1).log
    decisions = log.time[log.kind == Row.DECIDED]
    moved = log.patient[(log.kind == Row.DEPARTED_FOR) & (log.time > decisions[0])]
    found = journey(scenario, "nearest", 3, 1, int(moved[0]))

    row = found.what_if.of(int(moved[0]))
    assert found.departures[0].reason == "overflow"
    assert row["n_transfers_as_it_was"] == len(found.departures)
    assert row["n_transfers_if_changed"] < row["n_transfers_as_it_was"]
    assert next(what for *_, what in found.events) == "presents"
    times = [time for time, *_ in found.events]
    assert times == sorted(times)


def test_a_patient_who_does_not_exist_is_refused():
    with pytest.raises(UsageError, match="expected a number below"):
        journey(three_hospitals(), "neutral", 1, 1, 10**6)


def test_the_command_explains_ranks_and_writes_a_run_folder(tmp_path):
    arguments = ["explain", "heart-clinic", "--policy", "c-mu", "-n", "2", "--rows", "40", "--background", "30",
                 "--out", str(tmp_path), "--json"]  # fmt: skip
    done = CliRunner().invoke(app, arguments)
    again = CliRunner().invoke(app, arguments)

    assert done.exit_code == 0, done.output
    told, same = json.loads(done.stdout), json.loads(again.stdout)
    assert told["explained"] == "the queue rule's own index"
    assert {one["input"] for one in told["importance"] if one["size"]["value"]} <= {
        "urgency",
        "step waited for",
    }
    assert {k: v for k, v in told.items() if k != "run"} == {k: v for k, v in same.items() if k != "run"}
    page = (tmp_path / told["run"].rpartition("/")[2] / "report.html").read_text()
    assert "Which inputs matter?" in page
    assert page.count('<svg class="chart"') >= 2


def test_a_dial_that_does_not_exist_is_refused_with_those_that_do(tmp_path):
    done = CliRunner().invoke(
        app, ["explain", "heart-clinic", "-p", "c-mu", "--dial", "bogus", "-n", "2", "--out", str(tmp_path)]
    )

    assert done.exit_code == 2
    assert "ordered the same" in done.output
