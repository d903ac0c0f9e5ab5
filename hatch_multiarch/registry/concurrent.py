"""Several transfers at once, of which the first failure ends the others."""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hatch_multiarch.oci.descriptor import Descriptor

Result = TypeVar("Result")


def transfer(
    blobs: Iterable[Descriptor],
    one: Callable[[Descriptor], Result],
    *,
    at_once: int,
    stop: Callable[[], None],
) -> list[Result]:
    """Call *one* with each of *blobs*, up to *at_once* at a time; return what it returns, in order.

    When a call fails, or this one is interrupted, *stop* is called, which must end the others.
    Raises what the first call that failed raised; what the others say once they are stopped is not
    the reason.
    """
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="registry")
    try:
        futures = [pool.submit(one, each) for each in blobs]
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        failed = next((each for each in futures if each in done and each.exception()), None)
        if failed is not None:
            failed.result()
        return [each.result() for each in futures]
    except BaseException:  # also Ctrl-C
        stop()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
