"""The scheduler of the host engine: which task begins next, with how many processes; its workers.

Tasks fill caches for each other: the first ``go build`` for a platform compiles the standard
library, and the next ones take it from Go's cache. Two that begin together would both compile it,
so a task waits while another one fills the same part of a cache for the first time.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping
    from concurrent.futures import Future

    from hatch_multiarch.process import Group


@dataclass(frozen=True)
class Task:
    """Something that keeps one worker busy."""

    name: str
    """No two tasks of a schedule have the same."""
    cost: float = 0
    """How long it takes with full caches, in seconds of one processor, however rough: long tasks
    begin first, so that none is left at the end."""
    fills: Mapping[Hashable, float] = field(default_factory=dict)
    """The parts of caches that it fills unless they are full, and what that costs besides."""
    after: frozenset[str] = frozenset()
    """Names of tasks that should end first; it doesn't wait for them when a worker is idle."""
    ahead: bool = False
    """It is only there for others: it leaves half of the workers to tasks that are not."""


@dataclass(frozen=True)
class Start:
    """A task that is to begin now."""

    task: Task
    worker: int
    """The number of the worker, from 0."""
    processes: int
    """How many it may run at once, at least 1."""


class Schedule:
    """The tasks of one build. It is not safe across threads: one of them owns it."""

    def __init__(self, tasks: Iterable[Task], workers: int, processors: int) -> None:
        """Hand out *tasks* to up to *workers* at once, on a machine with *processors*."""
        self._waiting = list(tasks)
        self._running: dict[str, Start] = {}
        self._full: set[Hashable] = set()
        self._workers = workers
        self._processors = processors

    @property
    def left(self) -> bool:
        """Whether a task waits or runs."""
        return bool(self._waiting or self._running)

    def begin(self) -> Start | None:
        """Return the task to start now, which counts as running then; None to wait for an end."""
        if len(self._running) == self._workers or not self._waiting:
            return None
        ready = self._ready()
        if not ready:
            return None
        task = max(ready, key=lambda each: (each.ahead, self._cost(each)))
        self._waiting.remove(task)
        active = min(self._workers, len(self._running) + len(self._beside(task, ready)) + 1)
        busy = {start.worker for start in self._running.values()}
        start = Start(
            task,
            worker=next(number for number in range(self._workers) if number not in busy),
            # Twice the processors in all: packages wait for each other, and links for one thread.
            processes=max(1, min(self._processors, -(-2 * self._processors // active))),
        )
        self._running[task.name] = start
        return start

    def filled(self, name: str) -> None:
        """Note that the task *name*, which may still run, has filled the caches it fills."""
        self._full.update(self._running[name].task.fills)

    def ended(self, name: str) -> None:
        """Note that the task *name* is over."""
        self.filled(name)
        del self._running[name]

    def _ready(self) -> list[Task]:
        """Return the tasks that may begin."""
        filling = self._filling(start.task for start in self._running.values())
        able = [task for task in self._waiting if filling.isdisjoint(task.fills)]
        unfinished = {task.name for task in self._waiting} | set(self._running)
        free = [task for task in able if not task.after & unfinished]
        ahead = sum(start.task.ahead for start in self._running.values())
        if 2 * ahead >= self._workers and any(not task.ahead for task in free):
            free = [task for task in free if not task.ahead]
        # Rather than leave a worker idle, begin beside what should have ended before.
        return free or [task for task in able if task.after & unfinished <= set(self._running)]

    def _beside(self, task: Task, ready: list[Task]) -> list[Task]:
        """Return those of *ready* that could run beside *task*."""
        filling = self._filling([task])
        return [each for each in ready if each is not task and filling.isdisjoint(each.fills)]

    def _cost(self, task: Task) -> float:
        """Return how long *task* takes if it begins now."""
        return task.cost + sum(c for part, c in task.fills.items() if part not in self._full)

    def _filling(self, tasks: Iterable[Task]) -> set[Hashable]:
        """Return the parts of caches that are not full before *tasks* have filled them."""
        return {part for task in tasks for part in task.fills} - self._full


@dataclass(frozen=True)
class _Event:
    name: str
    """Of the task."""
    ended: bool
    """Otherwise it only has filled its caches."""


def work_off(
    schedule: Schedule,
    work: Callable[[Start, Callable[[], None]], None],
    workers: int,
    group: Group,
) -> dict[str, BaseException]:
    """Do every task of *schedule* by ``work(start, filled)``, up to *workers* at once.

    *work* may call ``filled()`` when the caches that its task fills are full. When one raises, the
    processes of *group* are stopped and nothing more begins. Returns what was raised, by the name
    of the task. Ctrl-C stops all as well and is passed on.
    """
    events: SimpleQueue[_Event] = SimpleQueue()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="hatch-multiarch")
    futures: dict[str, Future[None]] = {}

    def begin(start: Start) -> None:
        name = start.task.name
        futures[name] = pool.submit(work, start, lambda: events.put(_Event(name, ended=False)))
        futures[name].add_done_callback(lambda _: events.put(_Event(name, ended=True)))

    try:
        while schedule.left:
            while (start := schedule.begin()) is not None:
                begin(start)
            event = events.get()
            if not event.ended:
                schedule.filled(event.name)
            elif futures[event.name].exception() is None:
                schedule.ended(event.name)
            else:
                break
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        group.stop()  # nothing runs any more when all went well
        pool.shutdown()
    begun = {name: future for name, future in futures.items() if not future.cancelled()}
    failures = {name: future.exception() for name, future in begun.items()}
    return {name: failure for name, failure in failures.items() if failure is not None}
