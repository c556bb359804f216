"""The live lambda: the best fixed one is chosen on seeds of its own, and the controller is paired with it."""

import numpy as np
import pandas as pd
import pytest

from policies.study.kept import HISTORY, Kept
from policies.study.live import ADAPTS, arm, followed, live_block


@pytest.fixture
def kept(tmp_path):
    made = []

    def make(purpose, lam, seed, gaps):
        folder = tmp_path / f"{purpose}-{lam}-{seed}"
        folder.mkdir()
        n = len(gaps)
        pd.DataFrame(
            {
                "gap": gaps,
                "mean": 0.5,
                "lambda": 0.7 if lam is None else lam,
                "changed": np.arange(n) >= n // 2,
            }
        ).to_csv(folder / HISTORY, index=False)
        made.append(
            Kept(folder, {"kind": "live", "purpose": purpose, "label": arm(lam), "seed": seed, "target": 0.2,
                          "shift": "demand +30 %", "scenario": "rural"})
        )  # fmt: skip

    for lam, gap in ((0.0, 0.5), (0.5, 0.25), (1.0, 0.3)):
        make("tuning", lam, 1001, [gap] * 4)
        for seed in (2001, 2002, 2003):
            make("judged", lam, seed, [0.2, 0.2, gap, gap - seed % 10 / 100])
    for seed in (2001, 2002, 2003):
        make("judged", None, seed, [0.2, 0.2, 0.21, 0.21])
    return made


def test_the_best_fixed_lambda_is_the_nearest_to_the_target_on_its_own_seeds(kept):
    found = followed(kept)

    assert found.best == "lambda 0.5"
    assert [one.label for one in found.courses] == [ADAPTS, "lambda 0", "lambda 0.5", "lambda 1"]
    assert found.courses[0].off(0.2, True).tolist() == pytest.approx([0.01] * 3)
    # |.25 - .2| and |.25 - s/100 - .2| for s = 1, 2, 3.
    assert found.courses[2].off(0.2, True).tolist() == pytest.approx([0.045, 0.04, 0.035])
    assert found.courses[2].off(0.2, False).tolist() == pytest.approx([0] * 3)


@pytest.mark.parametrize(("target", "verdict"), [(0.23, "no clear difference"), (0.24, "is farther away")])
def test_the_verdict_says_so_where_nothing_is_clear_or_the_controller_is_farther_away(kept, target, verdict):
    again = [Kept(one.folder, {**one.manifest, "target": target}) for one in kept]

    assert live_block(followed(again)).sentence.endswith(f"{verdict}.")


def test_the_verdict_says_nearer_where_the_paired_distance_is_clearly_smaller(kept):
    block = live_block(followed(kept))

    assert "-0.030 [-0.042, -0.018]: the controller stays nearer" in block.sentence
    assert block.rows[2][0] == "lambda 0.5 (best fixed)"


def test_arms_with_other_seeds_are_not_compared(kept):
    without = [one for one in kept if not (one.manifest["label"] == ADAPTS and one.manifest["seed"] == 2003)]

    assert followed(without) is None
    assert followed([]) is None
