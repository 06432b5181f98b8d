# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for driver code that repeats what the core already does."""

from collections.abc import Iterator, Sequence

from patchpilot.cache import cached_re
from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import NewLine, added_lines, previous_line


@detector("allocation-message")
def allocation_message(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a message about a failed allocation, for functions that checkpatch.pl does not know."""  # noqa: E501
    for hunk, at, line in added_lines(context, (".c",)):
        message = cached_re.match(r"^(\t+)(?:dev|pr|netdev)_(?:err|warn|info)\s*\(", line.code)
        if not message:
            continue
        check = previous_line(hunk.lines, at)
        found = (
            cached_re.match(
                r"^\t+if \((?:!(?P<not>[\w>.\-]+)|(?P<null>[\w>.\-]+) == NULL)\)(?: \{)?$",
                check.code.rstrip(),
            )
            if check
            else None
        )
        if not check or not found:
            continue
        name = found["not"] or found["null"]
        place = next(above for above in range(at - 1, -1, -1) if hunk.lines[above] is check)
        call = previous_line(hunk.lines, place)
        calls = " ".join(line.code for line in hunk.lines[max(0, place - 3) : place])
        known = cached_re.search(
            (
                rf"{cached_re.escape(name)} = (?:devm_)?(?:dmam?_pool_create|dmam?_alloc_coherent|dma_alloc_\w+|alloc_(?:ordered_)?workqueue"  # noqa: E501
                rf"|create_\w*workqueue|mempool_create\w*|kmem_cache_create\w*|usb_alloc_urb|usb_alloc_coherent|alloc_etherdev\w*"
                rf"|iio_device_alloc|devm_iio_device_alloc|devm_input_allocate_device|input_allocate_device)\("
            ),
            calls,
        )
        if (call and known) or _hidden_allocation(hunk.lines, place, name):
            yield Hit(line.patch_line)


def _hidden_allocation(lines: Sequence[NewLine], check: int, name: str) -> bool:
    """Whether the line above the check allocates, after the end of a statement: checkpatch.pl looks
    at the wrong line there.
    """
    if check < 2 or not lines[check - 2].code.rstrip().endswith(";"):
        return False
    return bool(
        cached_re.search(
            rf"(?:^|\s){cached_re.escape(name)} ="
            r" (?:devm_)?(?:kv?|v)[czm]alloc(?:_array)?(?:_node)?\(.*;$",
            lines[check - 1].code.rstrip(),
        )
    )
