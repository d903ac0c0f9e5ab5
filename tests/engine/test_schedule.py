"""The order in which tasks begin, without a compiler."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatch_multiarch.engine.schedule import Schedule, Start, Task, work_off
from hatch_multiarch.process import Group, Stopped


def task(name: str, *fills: str, cost: int = 0, after: str = "", ahead: bool = False) -> Task:
    return Task(name, cost, dict.fromkeys(fills, 10), frozenset(after.split()), ahead=ahead)


def begin(schedule: Schedule) -> list[str]:
    """Begin all that may begin now; return their names."""
    return [start.task.name for start in iter(schedule.begin, None)]


def one_by_one(schedule: Schedule) -> list[str]:
    names = []
    while (start := schedule.begin()) is not None:
        names.append(start.task.name)
        schedule.ended(start.task.name)
    assert not schedule.left
    return names


def test_long_tasks_begin_first():
    schedule = Schedule([task("a"), task("c", cost=2), task("b", cost=1)], 2, 2)
    assert begin(schedule) == ["c", "b"]
    schedule.ended("b")
    assert begin(schedule) == ["a"]


def test_equal_tasks_keep_their_order():
    assert one_by_one(Schedule([task(each) for each in "cab"], 1, 1)) == ["c", "a", "b"]


def test_tasks_that_fill_one_cache_do_not_begin_together():
    tasks = [task("greet amd64", "amd64"), task("tone amd64", "amd64"), task("x", "arm64")]
    schedule = Schedule(tasks, 3, 3)
    assert begin(schedule) == ["greet amd64", "x"]
    schedule.ended("x")
    assert begin(schedule) == []
    schedule.filled("greet amd64")  # it links now
    assert begin(schedule) == ["tone amd64"]


def test_a_full_cache_holds_nobody_up():
    tasks = [task(name, "amd64") for name in "abc"]
    schedule = Schedule(tasks, 4, 4)
    assert begin(schedule) == ["a"]
    schedule.ended("a")
    assert begin(schedule) == ["b", "c"]


def test_a_cache_to_fill_makes_a_task_long():
    tasks = [task("cgo amd64", "amd64", cost=5), task("amd64", "amd64"), task("arm64", "arm64")]
    schedule = Schedule(tasks, 1, 1)
    assert begin(schedule) == ["cgo amd64"]
    schedule.ended("cgo amd64")
    assert one_by_one(schedule) == ["arm64", "amd64"]


def test_units_of_one_platform_are_spread():
    tasks = [task(f"{helper} {platform}", platform) for platform in "xy" for helper in "ab"]
    assert one_by_one(Schedule(tasks, 1, 1)) == ["a x", "a y", "b x", "b y"]


def test_a_task_waits_for_what_prepares_it_while_others_can_begin():
    tasks = [
        task("warm", cost=9, ahead=True),
        task("cgo", cost=5, after="warm"),
        task("pure"),
    ]
    schedule = Schedule(tasks, 2, 2)
    assert begin(schedule) == ["warm", "pure"]
    schedule.ended("warm")
    assert begin(schedule) == ["cgo"]


def test_a_worker_is_not_idle_while_something_is_prepared():
    tasks = [task("warm", cost=9, ahead=True), task("cgo", cost=5, after="warm")]
    schedule = Schedule(tasks, 2, 2)
    assert begin(schedule) == ["warm", "cgo"]


def test_a_task_does_not_begin_before_what_prepares_it():
    tasks = [task("warm", ahead=True), task("cgo", cost=5, after="warm")]
    assert one_by_one(Schedule(tasks, 1, 1)) == ["warm", "cgo"]


def test_preparing_leaves_half_of_the_workers_to_others():
    ahead = [task(f"warm {n}", cost=9, ahead=True) for n in range(4)]
    pure = [task(f"pure {n}") for n in range(4)]
    schedule = Schedule([*ahead, *pure], 4, 4)
    assert begin(schedule) == ["warm 0", "warm 1", "pure 0", "pure 1"]
    assert begin(Schedule(ahead, 4, 4)) == [each.name for each in ahead]


@pytest.mark.parametrize(
    ("tasks", "workers", "processors", "processes"),
    [
        ("a", 8, 8, [8]),
        ("ab", 8, 8, [8, 8]),
        ("abcd", 8, 8, [4, 4, 4, 4]),
        ("abcdefgh", 8, 8, [2] * 8),
        ("ab", 2, 2, [2, 2]),
        ("ab", 1, 2, [2]),
        ("ab", 4, 1, [1, 1]),
    ],
)
def test_fewer_tasks_run_more_processes(tasks, workers, processors, processes):
    schedule = Schedule([task(name) for name in tasks], workers, processors)
    assert [start.processes for start in iter(schedule.begin, None)] == processes


def test_what_must_wait_takes_no_processes():
    schedule = Schedule([task(name, "amd64") for name in "abc"], 8, 8)
    assert [start.processes for start in iter(schedule.begin, None)] == [8]


def test_workers_are_numbered_from_0_and_numbers_free_again():
    schedule = Schedule([task(name) for name in "abcd"], 2, 2)
    assert [start.worker for start in iter(schedule.begin, None)] == [0, 1]
    schedule.ended("a")
    assert [start.worker for start in iter(schedule.begin, None)] == [0]


@st.composite
def plans(draw: st.DrawFn) -> list[Task]:
    count = draw(st.integers(0, 8))
    tasks = []
    for number in range(count):
        after = draw(st.sets(st.sampled_from(range(number)))) if number else set()
        tasks.append(
            Task(
                str(number),
                draw(st.integers(0, 3)),
                dict.fromkeys(draw(st.sets(st.sampled_from("xyz"))), draw(st.integers(0, 3))),
                frozenset(map(str, after)),
                ahead=draw(st.booleans()),
            )
        )
    return tasks


@given(plans(), st.integers(1, 5), st.integers(1, 5), st.randoms())
def test_every_task_runs_once_whatever_ends_first(tasks, workers, processors, random):
    schedule = Schedule(tasks, workers, processors)
    running: dict[str, Start] = {}
    done: list[str] = []
    full: set[object] = set()
    while schedule.left:
        while (start := schedule.begin()) is not None:
            fills = set(start.task.fills) - full
            assert all(fills.isdisjoint(other.task.fills) for other in running.values())
            assert start.worker not in {other.worker for other in running.values()}
            assert 1 <= start.processes <= processors
            assert start.task.after <= set(done) | set(running)
            running[start.task.name] = start
            assert len(running) <= workers
        assert running, "nothing runs and something is left"
        name = random.choice(sorted(running))
        full.update(running.pop(name).task.fills)
        schedule.ended(name)
        done.append(name)
    assert sorted(done) == sorted(each.name for each in tasks)


def test_work_goes_on_when_caches_are_filled():
    begun = []

    def work(start: Start, filled) -> None:
        begun.append(start.task.name)
        filled()

    schedule = Schedule([task(name, "x") for name in "abc"], 2, 2)
    assert work_off(schedule, work, 2, Group()) == {}
    assert sorted(begun) == ["a", "b", "c"]


def test_the_first_failure_ends_the_work():
    begun, group = [], Group()

    def work(start: Start, filled) -> None:
        begun.append(start.task.name)
        if start.task.name == "b":
            raise ValueError(start.task.name)

    failures = work_off(Schedule([task(each) for each in "abc"], 1, 1), work, 1, group)
    assert {name: str(failure) for name, failure in failures.items()} == {"b": "b"}
    assert begun == ["a", "b"]
    with pytest.raises(Stopped):
        group.start(["never"], None, None, 0)
