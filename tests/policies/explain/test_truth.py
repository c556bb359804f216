"""Planted scorers: what is known to matter must be found, what is not used must get exactly nothing."""

import numpy as np
import pytest

from policies.explain.attribution import Attribution, interventional
from policies.explain.beside import lime_values
from policies.explain.case import Case
from policies.explain.conditional import conditional
from policies.explain.explanation import explanation
from policies.explain.faithfulness import shared
from policies.explain.imitation import Lesson, learn
from policies.explain.scorer import Contrast, Layers, Margin, Scorer, contrasts, margin_of
from scenarios.errors import RunError

pytest.importorskip("shap")
pytest.importorskip("lime")

LABELS = ("cost", "rate", "wait", "group", "postcode", "noise")
COST, RATE, WAIT, GROUP, POSTCODE, NOISE = range(6)


def patients(seed, n=400):
    """Group 1 mostly has postcode 1; all else is independent of it."""
    generator = np.random.default_rng(seed)
    group = generator.integers(0, 2, n).astype(float)
    postcode = np.where(generator.random(n) < 0.9, group, 1 - group)
    return np.column_stack(
        [
            generator.choice([1.0, 2.0, 4.0], n),
            generator.uniform(0.1, 1.0, n),
            generator.exponential(2.0, n),
            group,
            postcode,
            generator.normal(size=n),
        ]
    )


def c_mu(rows):
    return rows[:, COST] * rows[:, RATE]


def biased(rows):
    return c_mu(rows) - 1.5 * rows[:, GROUP]


def by_proxy(rows):
    return c_mu(rows) - 1.5 * rows[:, POSTCODE]


def explained(score, seed, n=120):
    rows = patients(seed)
    run = np.arange(n) % 8
    case = Case(
        "who goes first?", LABELS, rows[:n], run, tuple(f"patient {i}" for i in range(n)),
        {"group": np.where(rows[:n, GROUP] == 1, "b", "a")}, ((Margin("score", score), np.arange(n)),), rows[n:], 0,
    )  # fmt: skip
    return explanation(case, seed)


@pytest.fixture(scope="module")
def found():
    return {score.__name__: explained(score, 11) for score in (c_mu, biased, by_proxy)}


def test_planted_c_mu_is_found_and_unused_inputs_get_exactly_nothing(found):
    values = found["c_mu"].found.values

    assert {one.label for one in found["c_mu"].importances[:2]} == {"cost", "rate"}
    assert found["c_mu"].importances[0].size.low > 0
    assert (values[:, [WAIT, GROUP, POSTCODE, NOISE]] == 0).all()
    assert found["c_mu"].found.method == "interventional, exact"


def test_contributions_of_c_mu_are_those_of_the_formula(seed):
    rows = patients(seed)
    one = interventional(Margin("c mu", c_mu), rows[:30], rows[30:], seed)
    cost, rate = rows[30:, COST], rows[30:, RATE]

    here = rows[:30]
    alone = here[:, COST] * rate.mean() - (cost * rate).mean()
    after = here[:, COST] * here[:, RATE] - here[:, RATE] * cost.mean()
    assert one.values[:, COST] == pytest.approx((alone + after) / 2, abs=1e-9)


def test_the_exact_contributions_are_those_of_shap(seed):
    import shap

    rows = patients(seed)
    ours = interventional(Margin("s", biased), rows[:10], rows[10:60], seed)
    masker = shap.maskers.Independent(rows[10:60], max_samples=50)

    assert ours.values == pytest.approx(
        shap.ExactExplainer(biased, masker)(rows[:10], silent=True).values, abs=1e-8
    )


@pytest.mark.parametrize("method", ["exact", "permutation"])
def test_contributions_add_up_whatever_the_method(method, seed):
    rows = patients(seed)
    one = interventional(
        Margin("s", lambda x: np.tanh(biased(x)) * x[:, WAIT]), rows[:20], rows[20:80], seed, method
    )

    assert one.base + one.values.sum(axis=1) == pytest.approx(one.margin, abs=1e-9)
    assert (one.values[:, [POSTCODE, NOISE]] == 0).all()


def test_contributions_that_do_not_add_up_are_an_error():
    wrong = Attribution(np.ones((2, 3)), np.zeros(2), np.array([3.0, 4.0]), "made up")

    with pytest.raises(RunError, match=r"row 1 sum to 3, not to the margin 4"):
        wrong.check()


def test_planted_bias_against_a_group_is_detected_and_named(found):
    (gap,) = found["biased"].gaps["group"]

    assert {gap.group, gap.reference} == {"a", "b"}
    sign = 1 if gap.group == "b" else -1
    label, part = gap.parts[0]
    assert label == "group"
    assert sign * part.mean == pytest.approx(-1.5, abs=0.05)
    assert part.low < -1.5 * sign < part.high or part.sd < 1e-9
    assert sum(each.mean for _, each in gap.parts) == pytest.approx(gap.total.mean)


def test_a_fair_score_shows_no_part_of_the_group(found):
    (gap,) = found["c_mu"].gaps["group"]

    assert dict(gap.parts)["group"].mean == 0


def test_a_proxy_parts_the_groups_though_the_group_is_not_used(found):
    (gap,) = found["by_proxy"].gaps["group"]
    parts = dict(gap.parts)

    assert parts["group"].mean == 0
    assert gap.parts[0][0] == "postcode"
    # 90 % share the postcode of their group, so four fifths of the penalty part the groups.
    sign = 1 if gap.group == "b" else -1
    assert sign * parts["postcode"].mean == pytest.approx(-1.2, abs=0.3)
    assert not parts["postcode"].low <= 0 <= parts["postcode"].high


def test_conditional_contributions_credit_the_group_that_the_proxy_stands_for(seed):
    rows = patients(seed)
    rows[:, [COST, RATE, WAIT, NOISE]] = 1.0
    rows[:40, GROUP] = rows[:40, POSTCODE] = 1.0
    used = Margin("s", by_proxy)

    looked_at = interventional(used, rows[:1], rows[40:], seed)
    told = conditional(used, rows[:1], rows[40:], seed)

    assert looked_at.values[0, GROUP] == 0
    assert told.values[0, GROUP] < -0.2
    assert told.values[0].sum() == pytest.approx(looked_at.values[0].sum())


def test_an_explanation_of_what_matters_beats_a_random_order(found):
    for one in found.values():
        assert one.faithfulness.deletion_gain.low > 0
        assert one.faithfulness.insertion_gain.low > 0
        assert one.stability.rank_correlation.mean > 0.8


def test_lime_finds_the_slopes_of_a_straight_score(seed):
    rows = patients(seed)
    straight = Margin("s", lambda x: 2 * x[:, COST] - 3 * x[:, WAIT])
    line = lime_values(straight, rows[0], rows[1:], seed)
    exact = interventional(straight, rows[:1], rows[1:], seed).values[0]

    # LIME's ridge shrinks a little; its largest inputs are the true ones.
    assert line[[COST, WAIT]] == pytest.approx(exact[[COST, WAIT]], rel=0.1, abs=0.1)
    assert shared(line, exact, top=2) == 1


def test_a_deep_explanation_of_a_linear_network_is_its_weights(seed):
    pytest.importorskip("torch")
    rows = patients(seed)
    weight = np.array([[1.0, 0.0, -2.0, 0.0, 0.5, 0.0], [0.0] * 6])
    scorer = Scorer(
        "linear", LABELS, (("dial", ("no", "yes")),), lambda x, m: np.asarray(x) @ weight.T,
        Layers(((weight, np.zeros(2)),), lambda x: x),
    )  # fmt: skip
    margin = margin_of(scorer, Contrast(0, 0, 1))

    deep = interventional(margin, rows[:10], rows[10:60], seed, "deep")

    assert deep.values == pytest.approx((rows[:10] - rows[10:60].mean(axis=0)) * weight[0], abs=1e-9)


def test_deep_and_permutation_agree_on_a_network_and_leave_a_dead_input_out(seed):
    pytest.importorskip("torch")
    generator = np.random.default_rng(seed)
    first, last = generator.normal(size=(8, 6)) / 3, generator.normal(size=(3, 8)) / 3
    first[:, NOISE] = 0.0
    scorer = Scorer(
        "net", LABELS, (("dial", ("a", "b", "c")),), lambda x, m: np.tanh(np.asarray(x) @ first.T) @ last.T,
        Layers(((first, np.zeros(8)), (last, np.zeros(3))), lambda x: x),
    )  # fmt: skip
    rows = patients(seed)
    margin = margin_of(scorer, Contrast(0, 2, 0))
    deep, exact = (interventional(margin, rows[:20], rows[20:70], seed, m) for m in ("deep", "exact"))

    assert (deep.values[:, NOISE] == 0).all()
    assert np.corrcoef(deep.values.ravel(), exact.values.ravel())[0, 1] > 0.95


def test_contributions_by_the_paths_of_a_tree_are_those_of_all_subsets(seed):
    rows, labels = patients(seed), (patients(seed)[:, COST] * patients(seed)[:, RATE] > 1).astype(np.int64)
    labels += patients(seed)[:, WAIT] > 3
    lesson = Lesson(rows, np.ones((400, 3), np.int8), labels[:, None], np.ones(400), np.zeros(400, np.int64))
    tree = learn(lesson, [3])
    scorer = Scorer("tree", LABELS, (("dial", ("a", "b", "c")),), tree.logits, trees=tree.scores)
    margin = margin_of(scorer, Contrast(0, 2, 0))

    by_paths, by_subsets = (
        interventional(margin, rows[:40], rows[40:390], seed, m) for m in ("auto", "exact")
    )

    assert by_paths.method == "interventional, exact by the tree"
    assert by_paths.values == pytest.approx(by_subsets.values, abs=1e-5)
    assert (by_paths.values[:, np.delete(np.arange(len(LABELS)), margin.inputs)] == 0).all()
    assert np.abs(by_paths.values[:, [COST, RATE, WAIT]]).mean() > 0.1


def test_the_alternative_is_the_best_that_is_legal():
    logits = np.array([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0], [3.0, 2.0, 1.0]])
    scorer = Scorer("fixed", ("x",), (("dial", ("a", "b", "c")),), lambda x, m: logits)
    masks = np.array([[1, 1, 1], [0, 1, 1], [1, 0, 0]], dtype=np.int8)

    assert contrasts(scorer, 0, np.zeros((3, 1)), masks) == [
        Contrast(0, 0, 1),
        Contrast(0, 1, 2),
        None,
    ]
