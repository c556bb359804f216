"""The page Explain without a browser: what it offers, what it asks a worker, and what it says when it cannot."""

import asyncio
from types import SimpleNamespace

import pytest

pytest.importorskip("param")
pytest.importorskip("shap")
pytest.importorskip("lime")

from dashboards.app.desk import Desk
from dashboards.app.first import first_result
from dashboards.app.page_explain import RANKS, Model
from dashboards.app.service import RunService
from dashboards.app.session import Session
from scenarios.loader import dump_yaml, load_text
from tests.dashboards.answers import WINTER

pytestmark = pytest.mark.slow


@pytest.fixture
def session(tmp_path):
    service = RunService(tmp_path, jobs=2)
    desk = Desk(service, first_result())
    small = load_text(WINTER, ("horizon=5 days", "warm_up=1 day"))
    desk.upload("winter.yaml", dump_yaml(small).encode())
    desk.param.update(runs=2, policy="nearest")
    yield Session(desk, service, None)
    service.close()


def test_choices_and_a_patient_are_explained_under_the_key_of_the_result(session):
    model = Model(session)

    async def asked():
        await session.desk.run()
        model.take(session.desk.result)
        model.about = RANKS
        await model.explain()
        first = model.found
        await model.follow()
        return first, model.found

    choices, patient = asyncio.run(asked())

    assert model.message == ""
    assert model.found_of == session.desk.result.short
    assert [one.name for one in choices.exhibits][:2] == ["why-here", "what-matters"]
    assert all("<svg" in one.svg and one.table.rows for one in choices.exhibits[:2])
    assert f"patient {model.patient}" in patient.title
    assert patient.exhibits[0].name == "journey"


def test_an_explanation_that_was_there_before_its_result_is_shown_stays_until_the_next_result(session):
    pytest.importorskip("panel_material_ui")
    from dashboards.app.page_explain import View

    model = Model(session)
    view = View(model)

    async def asked():
        await session.desk.run()
        model.take(session.desk.result)
        model.about = RANKS
        await model.explain()
        await view.show(session.desk.result)
        kept = len(view.found)
        await view.show(first_result())
        return kept

    kept = asyncio.run(asked())

    assert kept > 1
    assert len(view.found) == 0


def test_the_option_is_asked_about_unless_the_reference_was_chosen(session):
    def sides_of(*labels):
        return SimpleNamespace(answer=SimpleNamespace(policies=labels))

    model = Model(session)
    asked = []
    for labels in (("first-come", "acuity"), ("acuity", "c-mu"), ("c-mu (as it is)", "c-mu, beds +5 %")):
        model.offer_sides(sides_of(*labels))
        asked.append(model.side)
    model.side = "c-mu (as it is)"
    model.offer_sides(sides_of("nearest", "acuity"))

    assert asked == ["acuity", "c-mu", "c-mu, beds +5 %"]
    assert model.side == "nearest"


def test_a_patient_who_does_not_exist_is_said_on_the_page(session):
    model = Model(session)

    async def asked():
        await session.desk.run()
        model.take(session.desk.result)
        model.patient = 10**7
        await model.follow()

    asyncio.run(asked())

    assert "expected a number below" in model.message
    assert model.found is None
    assert not model.busy
