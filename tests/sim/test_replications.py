"""Replications: order, equality for any number of workers, interruption and errors."""

import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from scenarios.errors import RunError, UsageError
from sim.replications import Interrupted, Workers, replicate


@pytest.fixture
def tasks(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return importlib.import_module("replication_tasks")


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_their_numbers(tasks, jobs):
    done = replicate(tasks.slow_square, [4, 1, 3, 2], jobs)

    assert list(done.items()) == [(1, 1), (2, 4), (3, 9), (4, 16)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_completion_is_reported_once(tasks, jobs):
    seen = []

    replicate(
        tasks.slow_square, range(1, 6), jobs, on_done=lambda number, value: seen.append((number, value))
    )

    assert sorted(seen) == [(n, n * n) for n in range(1, 6)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_keeps_what_finished(tasks, jobs):
    def interrupt_after_two(number: int, value: int) -> None:
        if number == 2:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as interrupted:
        replicate(tasks.slow_square, range(1, 30), jobs, on_done=interrupt_after_two)

    assert interrupted.value.done[2] == 4
    assert len(interrupted.value.done) < 29
    assert isinstance(interrupted.value, KeyboardInterrupt)


def test_an_interrupt_leaves_no_process_behind(tasks):
    before = set(multiprocessing.active_children())

    with pytest.raises(Interrupted):
        replicate(tasks.slow_square, range(1, 30), 2, on_done=lambda *_: os.kill(os.getpid(), signal.SIGINT))

    assert set(multiprocessing.active_children()) <= before


def test_one_pool_serves_several_calls_and_its_workers_use_one_thread(tasks):
    with Workers(2) as workers:
        first = replicate(tasks.slow_square, [1, 2], workers=workers)
        second = replicate(tasks.threads_allowed, [1, 2, 3], workers=workers)

    assert first == {1: 1, 2: 4}
    assert set(second.values()) == {"1"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_says_in_which_replication_it_happened(tasks, jobs):
    with pytest.raises(UsageError, match="no such bed") as failed:
        replicate(tasks.fails_in_third, range(1, 6), jobs)

    assert "This happened in replication 3." in failed.value.__notes__


@pytest.mark.timeout(60)
@pytest.mark.parametrize("death", ["dies_in_second", "dies_while_it_answers"])
def test_a_worker_that_dies_is_reported_not_waited_for(tasks, death):
    with pytest.raises(RunError, match="worker process ended suddenly"):
        replicate(getattr(tasks, death), range(1, 6), 2)


@pytest.mark.timeout(60)
def test_workers_of_whom_one_died_while_it_answered_begin_anew(tasks):
    with Workers(2) as workers:
        with pytest.raises(BrokenProcessPool):
            workers.submit(tasks.dies_while_it_answers, 2).result()
        with pytest.raises(BrokenProcessPool):
            workers.submit(tasks.slow_square, 3)
        workers.close(at_once=True)

        assert workers.submit(tasks.slow_square, 3).result() == 9


@pytest.mark.timeout(60)
def test_a_pool_is_left_at_once_though_somebody_is_in_the_middle_of_an_answer(tasks):
    workers = Workers(2)
    workers.submit(tasks.slow_square, 2).result()
    workers.submit(tasks.pauses_while_it_answers, 1)
    time.sleep(1)
    begun = time.monotonic()

    workers.close(at_once=True)

    assert time.monotonic() - begun < 20


def test_workers_end_when_their_parent_is_killed(tmp_path):
    script = tmp_path / "killed.py"
    script.write_text(
        "import multiprocessing, os\n"
        "from sim.replications import Workers\n"
        "if __name__ == '__main__':\n"
        "    workers = Workers(2)\n"
        "    [task.result() for task in [workers.submit(abs, -n) for n in (1, 2)]]\n"
        "    print(*(child.pid for child in multiprocessing.active_children()), flush=True)\n"
        "    os.kill(os.getpid(), 9)\n",
        encoding="utf-8",
    )

    # The children keep stdout open: reading it to its end waits for the last of them.
    done = subprocess.run(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, timeout=60, check=False
    )

    assert done.returncode == -signal.SIGKILL
    assert len(done.stdout.split()) >= 1
