"""The page Equity without a browser: every result is audited, whenever it comes."""

import asyncio

import pytest

pytest.importorskip("param")

from dashboards.app.desk import Desk
from dashboards.app.first import first_result
from dashboards.app.page_equity import Model
from dashboards.app.service import RunService
from dashboards.app.session import Session
from scenarios.loader import dump_yaml, load_text
from tests.dashboards.answers import WINTER

pytestmark = pytest.mark.slow


def test_a_result_that_comes_while_another_is_audited_is_audited_next(tmp_path, monkeypatch):
    service = RunService(tmp_path, jobs=2)
    desk = Desk(service, first_result())
    desk.upload("winter.yaml", dump_yaml(load_text(WINTER, ("horizon=5 days", "warm_up=1 day"))).encode())
    desk.param.update(runs=2, policy="nearest")
    model = Model(Session(desk, service, None))
    compute = service.compute

    async def asked():
        may_answer = asyncio.Event()

        async def held(*question):
            await may_answer.wait()
            return await compute(*question)

        monkeypatch.setattr(service, "compute", held)
        await desk.run()
        first = desk.result
        model.take(first)
        auditing = asyncio.create_task(model.audit())
        desk.policy = "acuity"
        await desk.run()
        model.take(desk.result)
        await model.audit()
        may_answer.set()
        await auditing
        return first

    first = asyncio.run(asked())
    service.close()

    assert model.message == ""
    assert model.found_of == desk.result.short != first.short
