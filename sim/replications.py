"""Replications over processes: the same results for any number of workers; Ctrl-C keeps what finished."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from scenarios.errors import RunError

T = TypeVar("T")
OnDone = Callable[[int, T], None]

SINGLE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
"""Worker processes are the parallelism; a library's threads in each of them would only get in the way."""


class Interrupted(KeyboardInterrupt, Generic[T]):
    """Ctrl-C came before all replications were done; `done` holds those that were, by number."""

    def __init__(self, done: dict[int, T], wanted: int) -> None:
        self.done = done
        self.wanted = wanted
        super().__init__(f"interrupted: {len(done)} of {wanted} replications are done")


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """A pool of processes that is started when first needed and kept until `close`; with one job there is none.

    The processes are spawned, so a task and what it returns must be picklable. When one of them is killed, all are
    ended and what was submitted raises `BrokenProcessPool`; after `close` new ones are started when needed.
    """

    def __init__(self, jobs: int | None = None) -> None:
        self.jobs = available_cores() if jobs is None else jobs
        if self.jobs < 1:
            raise ValueError(f"expected at least 1 job, got {self.jobs}")
        self._pool: ProcessPoolExecutor | None = None
        self._ending = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(at_once=error is not None)

    def start(self) -> None:
        """Start the processes now, so that they import what they need while this one goes on."""
        if self.jobs > 1 and self._pool is None:
            pool: Any = ProcessPoolExecutor(
                self.jobs, multiprocessing.get_context("spawn"), initializer=_leave_interrupts_to_the_parent
            )
            self._pool = pool
            threading.Thread(target=self._watch, args=(pool, pool._processes), daemon=True).start()

    def submit(self, task: Callable[[int], T], number: int) -> Future[T]:
        """Queue one replication for the pool."""
        self.start()
        assert self._pool is not None
        before = {name: os.environ.get(name) for name in SINGLE_THREAD}
        os.environ.update(SINGLE_THREAD)
        try:
            return self._pool.submit(task, number)
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value

    def close(self, at_once: bool = False) -> None:
        """End the processes; `at_once`: in the middle of what they do."""
        with self._ending:
            pool, self._pool = self._pool, None
            if pool is None:
                return
            if at_once:
                _end(pool)
        pool.shutdown(wait=True, cancel_futures=True)

    def _watch(self, pool: Any, processes: Mapping[int, BaseProcess]) -> None:
        """End a pool, unless it is closed before, as soon as one of its processes has ended."""
        while self._pool is pool:
            if connection.wait([process.sentinel for process in list(processes.values())], timeout=1):
                with self._ending:
                    if self._pool is pool:
                        _end(pool)
                return


def _end(pool: Any) -> None:
    """End the processes of a pool in the middle of what they do, so that it notices and takes nothing more.

    Its thread may be reading a result that a killed process has written half of. The rest could come from whoever can
    write there, so it would wait for ever: for other processes, and for this one until it closes its end.
    """
    with pool._shutdown_lock:
        pool._broken = "A process of the pool ended suddenly."
        for process in list(pool._processes.values()):
            process.terminate()
        pool._result_queue._writer.close()


def replicate(
    task: Callable[[int], T],
    replications: Sequence[int],
    jobs: int | None = None,
    on_done: OnDone[T] | None = None,
    workers: Workers | None = None,
) -> dict[int, T]:
    """Return `task(number)` by replication number, in the order of the numbers.

    `on_done` is called in this process in the order of completion. Give `workers` to keep one pool
    over several calls. Raises `Interrupted` on Ctrl-C, and the task's own error as soon as one fails.
    """
    mine = workers if workers is not None else Workers(jobs)
    done: dict[int, T] = {}
    try:
        for number, value in _completed(task, replications, mine):
            done[number] = value
            if on_done is not None:
                on_done(number, value)
    except KeyboardInterrupt:
        mine.close(at_once=True)
        raise Interrupted(_in_order(done), len(replications)) from None
    except BaseException:
        mine.close(at_once=True)
        raise
    if workers is None:
        mine.close()
    return _in_order(done)


def _in_order(done: dict[int, T]) -> dict[int, T]:
    return {number: done[number] for number in sorted(done)}


def _completed(
    task: Callable[[int], T], replications: Sequence[int], workers: Workers
) -> Iterator[tuple[int, T]]:
    if workers.jobs == 1 or len(replications) <= 1:
        for number in replications:
            yield number, _located(number, lambda number=number: task(number))  # type: ignore[misc]
        return
    todo = iter(replications)
    running: dict[Future[T], int] = {}
    while True:
        for number in islice(todo, 2 * workers.jobs - len(running)):
            running[workers.submit(task, number)] = number
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            number = running.pop(future)
            yield number, _located(number, future.result)


def _located(number: int, call: Callable[[], T]) -> T:
    """Call, and say in which replication an error happened."""
    try:
        return call()
    except BrokenProcessPool:
        raise RunError(
            f"A worker process ended suddenly while replication {number} was running; "
            "perhaps memory ran out. Run the same command again with a smaller --jobs: finished replications are kept."
        ) from None
    except Exception as error:
        error.add_note(f"This happened in replication {number}.")
        raise


def _leave_interrupts_to_the_parent() -> None:
    """Prepare a worker: Ctrl-C reaches only the parent, and the worker ends when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent: Any = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
