"""Learned policies in the picker: found by name below the folder of runs, and nothing else is."""

import asyncio

import numpy as np
import pytest

pytest.importorskip("param")

from dashboards.app.desk import LEARNED_HERE, Desk
from dashboards.app.first import first_result
from dashboards.app.page_explain import Model
from dashboards.app.service import RunService
from dashboards.app.session import Session
from fairward.shelf import RunShelf
from policies.environments.encoding import Encoding
from policies.learning.checkpoint import Ground, write_checkpoint
from policies.learning.normalising import Normaliser
from policies.learning.offer import Offer
from policies.learning.settings import TrainSettings
from scenarios.errors import FairwardError
from scenarios.loader import dump_yaml, load, load_text
from sim.network import compile_network
from tests.dashboards.answers import WINTER

SMALL = load_text(WINTER, ("horizon=3 days", "warm_up=12 h"))


def learned(folder, scenario, settings, bias=0.0):
    """A policy that looks at nothing: the last option of the first dial is the likelier, the larger the bias."""
    network, offer = compile_network(scenario), Offer()
    menu, n = offer.menu(network), len(Encoding(network).labels)
    biases = np.zeros(int(menu.sizes.sum()))
    biases[int(menu.sizes[0]) - 1] = bias
    weights = {"actor.0.weight": np.zeros((len(biases), n)), "actor.0.bias": biases}
    about = {"settings": settings.plain(), "iteration": 2}
    ground = Ground.of(scenario, offer)
    return write_checkpoint(folder / "iteration-000002", ground, weights, Normaliser(n), about)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("runs")
    for lam in (0.0, 0.5, 1.0):
        learned(tmp_path / f"winter-{lam:g}", SMALL, TrainSettings(lam=lam, seed=3), 1.0 - 2 * lam)
    learned(tmp_path / "study" / "training" / "other-seed", SMALL, TrainSettings(lam=0.5, seed=4))
    learned(tmp_path / "rural", load("rural"), TrainSettings())
    damaged = learned(tmp_path / "damaged", SMALL, TrainSettings())
    (damaged / "policy.json").write_text("{")
    learned(tmp_path.with_name(f"{tmp_path.name}-outside"), SMALL, TrainSettings())
    (tmp_path / "way-out").symlink_to(tmp_path.with_name(f"{tmp_path.name}-outside"))
    return tmp_path


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    made = RunService(tmp_path_factory.mktemp("cache"), jobs=2)
    yield made
    made.close()


def desk_of(service, runs):
    made = Desk(service, first_result(), RunShelf(runs).learned)
    made.upload("winter.yaml", dump_yaml(SMALL).encode())
    return made


@pytest.fixture
def desk(service, runs):
    return desk_of(service, runs)


def test_learned_policies_are_offered_by_name_and_those_that_do_not_fit_say_why(desk):
    usable = [name for name in desk.policy_choices() if name.startswith(LEARNED_HERE)]

    assert [name.removeprefix(LEARNED_HERE) for name in usable] == [
        "study/training/other-seed", "winter-0", "winter-0.5", "winter-1",
    ]  # fmt: skip
    assert desk.policy_title("learned: winter-0.5").startswith(
        "winter-0.5 (gr-ppo, lambda 0.5, seed 3), trained on "
    )
    assert set(desk.misfits) == {"learned: rural", "learned: damaged"}
    assert "trained on rural, got " in desk.policy_title("learned: rural")
    assert "cannot be read" in desk.policy_title("learned: damaged")


def test_lambda_chooses_among_policies_that_differ_by_nothing_else(desk):
    desk.policy = "learned: winter-0"

    assert desk.lambdas() == {lam: f"learned: winter-{lam:g}" for lam in (0.0, 0.5, 1.0)}
    desk.policy = "acuity"
    assert desk.lambdas() == {}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("../outside", "not below the folder of runs"),
        ("/etc", "not below the folder of runs"),
        ("way-out", "not below the folder of runs"),
        ("winter-0/iteration-000002", "not below the folder of runs"),
        ("rural", "cannot act here: scenario"),
    ],
)
def test_a_link_reaches_nothing_but_what_is_offered(desk, name, says):
    desk.policy = f"{LEARNED_HERE}{name}"

    with pytest.raises(FairwardError, match=says):
        desk.question()
    desk.policy = "ckpt:/tmp/anything"
    with pytest.raises(FairwardError, match="a link may not name"):
        desk.question()


def test_another_policy_under_the_same_name_is_another_question(service, tmp_path):
    for lam in (0.0, 1.0):
        learned(tmp_path / f"winter-{lam:g}", SMALL, TrainSettings(lam=lam, seed=3))
    desk = desk_of(service, tmp_path)
    desk.param.update(policy="learned: winter-0", reference="learned: winter-1")
    before = desk.question()
    (tmp_path / "winter-0").rename(tmp_path / ".old")
    learned(tmp_path / "winter-0", SMALL, TrainSettings(lam=0.0, seed=3), bias=-5.0)

    after = desk.question()

    assert [side.label for side in (before.reference, before.option)] == [
        "winter-1 (gr-ppo, lambda 1, seed 3)", "winter-0 (gr-ppo, lambda 0, seed 3)",
    ]  # fmt: skip
    assert before.option.policy == after.option.policy
    assert before.key != after.key
    assert before.reference.identity == after.reference.identity


@pytest.mark.slow
def test_a_learned_policy_is_run_and_explained_like_any_other(desk, service, runs):
    pytest.importorskip("shap")
    pytest.importorskip("lime")
    page = Model(Session(desk, service, RunShelf(runs)))
    desk.param.update(policy="learned: winter-0", runs=2)

    async def asked():
        await desk.run()
        page.take(desk.result)
        await page.explain()

    asyncio.run(asked())

    called = "winter-0 (gr-ppo, lambda 0, seed 3)"
    assert (desk.message, page.message) == ("", "")
    assert desk.result.answer.policies[1] == called
    assert page.found.title == f"what moves the choices of {called}?"
    assert str(runs) not in repr(page.found)
