# SPDX-License-Identifier: GPL-2.0-or-later
"""Distribute work to processes.

Results are returned in the order of the items.
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
from multiprocessing.util import Finalize
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 4
"""Maximum number of items in progress per process; it limits the memory used."""

_work: Callable[[Any], Any]


def run_in_order(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    processes: int,
    begin: Callable[[], None] = lambda: None,
    end: Callable[[], None] = lambda: None,
) -> Iterator[Result]:
    """Yield the result of `work` for each item, in the order of the items.

    The processes are forked; each first calls `begin`, and `end` before it exits. If the system
    cannot fork, or kills a process, the calling process does the remaining work.
    """
    # macOS libraries may crash in forked processes
    methods = multiprocessing.get_all_start_methods()
    if sys.platform == "darwin" or "fork" not in methods:
        yield from _run_here(work, items, begin, end)
        return
    from concurrent.futures import Future, ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    remaining = iter(items)
    waiting: deque[Item] = deque()
    futures: deque[Future[Result]] = deque()
    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(
        processes, mp_context=context, initializer=_start_worker, initargs=(work, begin, end)
    )
    try:
        for item in remaining:
            waiting.append(item)
            futures.append(_submit(pool, item))
            if len(futures) == processes * AHEAD:
                yield futures.popleft().result()
                waiting.popleft()
        while futures:
            yield futures.popleft().result()
            waiting.popleft()
    except BrokenProcessPool:
        # use a single process, because the system killed a worker, most likely because memory is
        # low
        yield from _run_here(work, chain(waiting, remaining), begin, end)
    finally:
        pool.shutdown(cancel_futures=True)


def _run_here(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    begin: Callable[[], None],
    end: Callable[[], None],
) -> Iterator[Result]:
    begin()
    try:
        yield from map(work, items)
    finally:
        end()


def _submit(pool: Any, item: Any) -> Any:
    # if Ctrl-C reached a child before its handler was installed, it would print a traceback
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(_run_work, item)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker(
    work: Callable[[Any], Any], begin: Callable[[], None], end: Callable[[], None]
) -> None:
    """Ignore Ctrl-C, which the parent handles, and exit when the parent does.

    Objects of the parent are excluded from garbage collection.
    """
    global _work
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.freeze()
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    begin()
    Finalize(None, end, exitpriority=1)


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run_work(item: Any) -> Any:
    return _work(item)
