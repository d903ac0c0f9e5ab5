"""Worker threads for the tasks of a schedule; the first failure stops all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from hatch_multiarch.engine.schedule import Schedule, Start
    from hatch_multiarch.process import Group


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
