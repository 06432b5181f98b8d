# SPDX-License-Identifier: GPL-2.0-or-later
"""Distribute work to several processes.

Results are returned in the order of the items, and only a few items are in progress at a
time.
"""

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 4
"""Maximum number of items per process handed out before their results are taken, so that memory
does not grow with the input.
"""

_work: Callable[[Any], Any]


def run_in_order(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    processes: int,
    begin: Callable[[], None] = lambda: None,
) -> Iterator[Result]:
    """Yield the result of `work` for each item, in the order of the items.

    Items and results are sent to and from forked processes, each of which first calls `begin`. If
    the system cannot fork, or terminates a worker process, the remaining work is done in this
    process.
    """
    # macOS libraries may crash in forked processes
    methods = multiprocessing.get_all_start_methods()
    if sys.platform == "darwin" or "fork" not in methods:
        yield from map(work, items)
        return
    from concurrent.futures import Future, ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    rest = iter(items)
    waiting: deque[Item] = deque()
    futures: deque[Future[Result]] = deque()
    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(
        processes, mp_context=context, initializer=_begin, initargs=(work, begin)
    )
    try:
        for item in rest:
            waiting.append(item)
            futures.append(_submit(pool, item))
            if len(futures) == processes * AHEAD:
                yield futures.popleft().result()
                waiting.popleft()
        while futures:
            yield futures.popleft().result()
            waiting.popleft()
    except BrokenProcessPool:
        # the system killed a worker, most likely because memory is low: use a single process
        yield from map(work, chain(waiting, rest))
    finally:
        pool.shutdown(cancel_futures=True)


def _submit(pool: Any, item: Any) -> Any:
    """Submit an item, forking the processes on first use."""
    # if Ctrl-C reached a child before its handler is installed, it would print a traceback
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(_answer, item)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(work: Callable[[Any], Any], begin: Callable[[], None]) -> None:
    """Leave Ctrl-C to the parent, and exit when the parent does.

    Exclude the parent's objects from garbage collection.
    """
    global _work
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.freeze()
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    begin()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _answer(item: Any) -> Any:
    return _work(item)
