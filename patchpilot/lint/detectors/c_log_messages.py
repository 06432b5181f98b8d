# SPDX-License-Identifier: GPL-2.0-or-later
"""What maintainers say of a driver's messages, to the log and in sysfs."""

from collections.abc import Iterator, Sequence

from patchpilot.cache import patterns as re
from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import NewLine, added_lines, previous_line


@detector("allocation-message")
def allocation_message(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A message right behind the failure of an allocation that checkpatch.pl does not know."""
    for hunk, at, line in added_lines(context, (".c",)):
        message = re.match(r"^(\t+)(?:dev|pr|netdev)_(?:err|warn|info)\s*\(", line.code)
        if not message:
            continue
        check = previous_line(hunk.lines, at)
        found = re.match(r"^\t+if \((?:!(?P<not>[\w>.\-]+)|(?P<null>[\w>.\-]+) == NULL)\)(?: \{)?$", check.code.rstrip()) if check else None
        if not check or not found:
            continue
        name, place = found["not"] or found["null"], hunk.lines.index(check)
        call = previous_line(hunk.lines, place)
        calls = " ".join(line.code for line in hunk.lines[max(0, place - 3) : place])
        known = re.search(
            (
                rf"{re.escape(name)} = (?:devm_)?(?:dmam?_pool_create|dmam?_alloc_coherent|dma_alloc_\w+|alloc_(?:ordered_)?workqueue"
                rf"|create_\w*workqueue|mempool_create\w*|kmem_cache_create\w*|usb_alloc_urb|usb_alloc_coherent|alloc_etherdev\w*"
                rf"|iio_device_alloc|devm_iio_device_alloc|devm_input_allocate_device|input_allocate_device)\("
            ),
            calls,
        )
        if (call and known) or _hidden_allocation(hunk.lines, place, name):
            yield Hit(line.patch_line, "needless message: a failed allocation of memory is reported by the allocator")


def _hidden_allocation(lines: Sequence[NewLine], check: int, name: str) -> bool:
    """Whether the line before the test allocates, behind a line ending a statement: there checkpatch.pl looks at the wrong one."""
    if check < 2 or not lines[check - 2].code.rstrip().endswith(";"):
        return False
    return bool(
        re.search(rf"(?:^|\s){re.escape(name)} = (?:devm_)?(?:kv?|v)[czm]alloc(?:_array)?(?:_node)?\(.*;$", lines[check - 1].code.rstrip())
    )
