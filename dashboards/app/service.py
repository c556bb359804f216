"""The run service that all sessions share: one pool of processes, one flight a question, one cache.

It lives on one event loop. Nobody's click starts what is already running; nobody's cancel stops what another waits for.
A worker that is killed costs a retry; what fails twice, or takes too long, raises with words for people, and whoever
asked goes on showing the last good result.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import shutil
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from agents.build import prepare
from dashboards.app.first_look import PAIRS, Look, first_look
from dashboards.app.question import ENGINE, Question, Side
from dashboards.app.result import Result, finish
from dashboards.app.simulated import Simulated, Simulation
from policies.origin import results_hash
from policies.parts import Parts
from policies.replication import Replication
from scenarios.errors import RunError
from sim.replications import Workers, available_cores

T = TypeVar("T")
OnProgress = Callable[[int, int], None]
"""(runs done, runs wanted)."""
OnLook = Callable[[Look], None]

TIME_LIMIT = 300.0
"""Seconds that a question may take."""
GRACE = 20.0
"""Seconds that a run may go on after nobody waits for it, before its process is ended."""
MOST_KEPT = 24
"""Results in memory; about 6 MB each for eight hospitals and ten runs."""
MOST_LOGGED = 200
MOST_STORES = 12
"""Scenarios whose runs are kept on disk."""
RETRIES = 1
RESULTS = "results"


def imported(worker: int) -> bool:
    """Import what a run needs, before somebody waits for it; true."""
    import dashboards.app.simulated  # noqa: F401

    prepare(ENGINE)
    return True


@dataclass(frozen=True)
class Logged:
    """One question that was asked."""

    when: str
    """UTC."""
    key: str
    what: str
    seconds: float
    ended: str


@dataclass
class _Flight:
    """Work in progress, and who waits for it."""

    task: asyncio.Task[Any] | None = None
    watchers: list[OnProgress] = field(default_factory=list)
    lookers: list[OnLook] = field(default_factory=list)
    look: Look | None = None
    waiting: int = 0
    done: int = 0
    wanted: int = 0

    def tell(self) -> None:
        self.done += 1
        for watcher in list(self.watchers):
            watcher(self.done, self.wanted)

    def glance(self, look: Look) -> None:
        self.look = look
        for looker in list(self.lookers):
            looker(look)


class RunService:
    """Runs questions and other work in a pool; see the module."""

    def __init__(self, folder: Path, jobs: int | None = None, time_limit: float = TIME_LIMIT) -> None:
        self.folder = folder
        shutil.rmtree(folder / RESULTS, ignore_errors=True)  # of the server before; made again of its runs
        self.time_limit = time_limit
        self.workers = Workers(max(jobs or available_cores(), 2))  # one process would be this one
        self._flights: dict[str, _Flight] = {}
        self._kept: OrderedDict[str, Any] = OrderedDict()
        self._drawing = ThreadPoolExecutor(1)  # Matplotlib's settings are global: one at a time
        self._generation = 0
        self.log: deque[Logged] = deque(maxlen=MOST_LOGGED)
        self.outdated = False
        """Whether the shipped result is not what this program makes; known once `warm` has checked it."""

    def warm(self, check: Callable[[int], bool] = imported) -> None:
        """Start the processes; each checks a run of the shipped result, for practice; blocks.

        One of them compiles the engine first if that has not been done: here visitors would wait for it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._submit(imported, 0).result()
            checks = [self._submit(check, worker) for worker in range(self.workers.jobs)]
            self.outdated = not all(future.result() for future in checks)
        except (BrokenProcessPool, CancelledError):
            return  # closed meanwhile, or a process was killed: whoever asks next starts new ones

    def keep(self, result: Result) -> None:
        """Put a result that came from elsewhere into the cache."""
        self._remember(result.key, result)

    def forget(self) -> None:
        """Remember no result; runs that are on disk stay there."""
        self._kept.clear()

    def cached(self, key: str) -> Any | None:
        """Return what is known under a key."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    @property
    def busy(self) -> int:
        """How many questions are being run."""
        return len(self._flights)

    async def run(
        self,
        question: Question,
        on_progress: OnProgress = lambda done, wanted: None,
        on_look: OnLook = lambda look: None,
    ) -> Result:
        """Return the result of a question; `on_look` gets a first look at it, if it takes many runs.

        Raises `FairwardError`, and `CancelledError` when cancelled.
        """
        what = (
            f"{question.source}: {question.reference.label} / {question.option.label}, {question.runs} runs"
        )
        began, ended = time.time(), "failed"
        try:
            found: Result = await self._fly(
                question.key, lambda flight: self._answer(question, flight), on_progress, on_look
            )
            ended = "done"
            return found
        except asyncio.CancelledError:
            ended = "stopped"
            raise
        finally:
            when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(began))
            self.log.append(Logged(when, question.key, what, time.time() - began, ended))

    async def several(
        self, key: str, sides: Sequence[Side], seed: int, runs: int, on_progress: OnProgress
    ) -> dict[str, pd.DataFrame]:
        """Return the outcomes of each side with a column `replication`, by label; as `run` otherwise."""

        async def work(flight: _Flight) -> dict[str, pd.DataFrame]:
            stores = {side.label: self._store(side, seed) for side in sides}
            done = await self._simulated(sides, stores, seed, runs, flight)
            return {
                label: pd.concat([one.part.outcomes.assign(replication=one.number) for one in found])
                for label, found in done.items()
            }

        return await self._fly(key, work, on_progress)

    async def compute(self, key: str, function: Callable[..., T], *arguments: Any) -> T:
        """Return `function(*arguments)` from the pool, remembered by `key`."""
        calls = [(function, arguments)]

        async def work(flight: _Flight) -> T:
            (found,) = await self._all(calls, flight)
            return found

        return await self._fly(key, work, lambda done, wanted: None)

    async def draw(self, function: Callable[..., T], *arguments: Any) -> T:
        """Return `function(*arguments)` from the one thread that draws."""
        return await asyncio.get_running_loop().run_in_executor(self._drawing, function, *arguments)

    def close(self) -> None:
        """End the processes, in the middle of what they do."""
        self.workers.close(at_once=True)
        self._drawing.shutdown(wait=False, cancel_futures=True)

    async def _fly(
        self,
        key: str,
        work: Callable[[_Flight], Any],
        on_progress: OnProgress,
        on_look: OnLook = lambda look: None,
    ) -> Any:
        if (known := self.cached(key)) is not None:
            return known
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight()
            flight.task = asyncio.ensure_future(self._limited(work(flight)))
            flight.task.add_done_callback(lambda task: self._landed(key, task))
        assert flight.task is not None
        flight.waiting += 1
        flight.watchers.append(on_progress)
        flight.lookers.append(on_look)
        if flight.look is not None:
            on_look(flight.look)
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            flight.watchers.remove(on_progress)
            flight.lookers.remove(on_look)
            if not flight.waiting and not flight.task.done():
                self._flights.pop(key, None)
                flight.task.cancel()

    def _landed(self, key: str, task: asyncio.Task[Any]) -> None:
        if (flight := self._flights.get(key)) is not None and flight.task is task:
            del self._flights[key]
        if not task.cancelled() and task.exception() is None:
            self._remember(key, task.result())

    async def _limited(self, work: Any) -> Any:
        try:
            return await asyncio.wait_for(work, self.time_limit)
        except TimeoutError:
            raise RunError(
                f"This took longer than {self.time_limit:g} s and was stopped. Ask for fewer runs or a shorter horizon."
            ) from None
        except OSError as error:
            raise RunError(_disk(error, self.folder)) from None

    async def _answer(self, question: Question, flight: _Flight) -> Result:
        sides = (question.reference, question.option)
        stores = {side.label: self._store(side, question.seed) for side in sides}

        def glance(done: Mapping[str, Sequence[Simulated]]) -> None:
            flight.glance(first_look(question, done))

        done = await self._simulated(sides, stores, question.seed, question.runs, flight, glance)
        place = self.folder / RESULTS / question.key[:16]
        place.parent.mkdir(parents=True, exist_ok=True)
        result: Result = await self.draw(finish, question, done, stores, place)
        return result

    async def _simulated(
        self,
        sides: Sequence[Side],
        stores: Mapping[str, Parts],
        seed: int,
        runs: int,
        flight: _Flight,
        glance: Callable[[dict[str, list[Simulated]]], None] | None = None,
    ) -> dict[str, list[Simulated]]:
        """Return the runs of each side by its label; `glance` gets the first `PAIRS` of them if far more follow."""
        tasks = [_simulation(side, seed, stores[side.label]) for side in sides]
        calls = [(task, (n,)) for n in range(1, runs + 1) for task in tasks]

        def by_side(found: Sequence[Simulated]) -> dict[str, list[Simulated]]:
            return {side.label: list(found[k :: len(sides)]) for k, side in enumerate(sides)}

        early = PAIRS * len(sides)
        if glance is None or len(calls) < 2 * early:
            return by_side(await self._all(calls, flight))
        return by_side(await self._all(calls, flight, early, lambda found: glance(by_side(found))))

    async def _all(
        self,
        calls: Sequence[tuple[Callable[..., Any], tuple[Any, ...]]],
        flight: _Flight,
        n_early: int = 0,
        early: Callable[[list[Any]], None] = lambda found: None,
    ) -> list[Any]:
        """Return what all calls return, in their order; at most a few at a time, so that questions take turns.

        `early` gets what the first `n_early` return: those, and not whichever end first, for short runs are unlike
        long ones.
        """
        flight.wanted = len(calls)
        found: list[Any] = [None] * len(calls)
        todo = iter(range(len(calls)))
        awaited = set(range(n_early))

        async def lane() -> None:
            for k in todo:
                found[k] = await self._one(*calls[k])
                flight.tell()
                if k in awaited:
                    awaited.remove(k)
                    if not awaited:
                        early(found[:n_early])

        lanes = [asyncio.ensure_future(lane()) for _ in range(min(self.workers.jobs + 1, len(calls)))]
        try:
            await asyncio.gather(*lanes)
        finally:
            for one in lanes:
                one.cancel()
        return found

    async def _one(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        for attempt in range(RETRIES + 1):
            generation = self._generation
            try:
                future = self._submit(function, *arguments)
                return await self._awaited(future)
            except BrokenProcessPool:
                self._restart(generation)
                if attempt == RETRIES:
                    raise RunError(
                        "A worker process ended suddenly, twice; perhaps memory ran out. Ask for a smaller scenario."
                    ) from None
        raise AssertionError("unreachable")

    async def _awaited(self, future: Future[T]) -> T:
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if not future.cancelled() and not future.done():
                asyncio.get_running_loop().call_later(GRACE, self._end_if_running, future, self._generation)
            raise

    def _end_if_running(self, future: Future[Any], generation: int) -> None:
        """A run that nobody waits for must not hold a process for ever."""
        if future.running():
            self._restart(generation)

    def _restart(self, generation: int) -> None:
        """Start a new pool, once for all who noticed that this one is gone."""
        if generation == self._generation:
            self._generation += 1
            self.workers.close(at_once=True)

    def _submit(self, function: Callable[..., T], *arguments: Any) -> Future[T]:
        return self.workers.submit(_Call(function, arguments), 0)

    def _store(self, side: Side, seed: int) -> Parts:
        """Return where the runs of a side are kept, after making room for it."""
        place = self.folder / "runs" / results_hash(side.identity, seed, ENGINE)[:16]
        place.mkdir(parents=True, exist_ok=True)
        place.touch()
        others = sorted(place.parent.iterdir(), key=lambda path: path.stat().st_mtime)
        used = {
            t.parts.folder for r in self._kept.values() if isinstance(r, Result) for t in r.sides.values()
        }
        for old in others[:-MOST_STORES]:
            if old not in used and old != place and not self._flights:
                shutil.rmtree(old, ignore_errors=True)
        return Parts(place)

    def _remember(self, key: str, value: Any) -> None:
        self._kept[key] = value
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)


@dataclass(frozen=True)
class _Call:
    """Picklable: a function with its arguments, as the pool wants it. Disk errors come back as such."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]

    def __call__(self, _: int) -> Any:
        return self.function(*self.arguments)


def compute_key(*parts: object) -> str:
    """Return a key for `RunService.compute` from what decides the work."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _simulation(side: Side, seed: int, parts: Parts) -> Simulation:
    beds = tuple(sorted({unit for hospital in side.scenario.hospitals.values() for unit in hospital.beds}))
    return Simulation(Replication(side.scenario, (side.policy,), seed, ENGINE, parts), beds)


def _disk(error: OSError, folder: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"The disk of {folder} is full, so runs cannot be kept there. Make room; nothing shown is lost."
        )
    return f"{folder} cannot be used: {error.strerror or error}. Nothing shown is lost."
