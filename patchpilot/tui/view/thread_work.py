# SPDX-License-Identifier: GPL-2.0-or-later
"""Work in a thread."""

from collections.abc import Callable

from textual.dom import DOMNode


def in_new_thread(node: DOMNode, work: Callable[[], object], group: str) -> None:
    """Run `work`, which reports its errors itself; a newer one of its group replaces it."""
    node.run_worker(work, thread=True, group=group, exclusive=True, exit_on_error=False)
