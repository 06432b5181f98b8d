# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs work in a thread."""

from collections.abc import Callable

from textual.dom import DOMNode


def in_new_thread(node: DOMNode, work: Callable[[], object], group: str) -> None:
    """Run `work` in a new thread; it must report its errors itself.

    A running job of the same group is replaced.
    """
    node.run_worker(work, thread=True, group=group, exclusive=True, exit_on_error=False)
