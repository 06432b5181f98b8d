# SPDX-License-Identifier: GPL-2.0-or-later
"""What maintainers say of a driver's messages, to the log and in sysfs."""

import re
from collections.abc import Iterator, Sequence

from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import NewLine, added_lines, previous_line, spaced


@detector("func-in-message")
def func_in_message(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """__func__ in a message of the driver model, which says already which device it is about, and dynamic debug where."""

    def hits() -> Iterator[Hit]:
        for hunk, at, line in added_lines(context, (".c",)):
            if "__func__" not in line.code:
                continue
            statement = " ".join(line.code for line in hunk.lines[max(0, at - 3) : at + 1])
            found = re.findall(
                (
                    r"\b((?:dev|netdev|netif|wiphy|hid|ibdev|drm|pci|usb|phydev)_(?:err|warn|info|notice|dbg|crit|alert)(?:_\w+)?|pr_debug"
                    r"|pr_err|pr_warn|pr_info)\s*\("
                ),
                statement,
            )
            if found:
                yield Hit(line.patch_line, f"__func__ in {found[-1]}() is redundant: the message must say what failed, not where")

    yield from spaced(hits())


@detector("show-without-emit")
def show_without_emit(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A sysfs or configfs show function that prints by hand."""
    for hunk, at, line in added_lines(context, (".c",)):
        found = re.search(r"\b(sprintf|snprintf|scnprintf|strcpy|strscpy)\s*\(\s*(buf|page)\b(?! *[+\[])", line.code)
        if not found:
            continue
        above = "\n".join(line.code for line in hunk.lines[max(0, at - 40) : at + 1])
        head = hunk.hunk.section
        if re.search(r"\b\w*show\w*\s*\(|\bchar \*(?:buf|page)\b", above + head) and not re.search(r"\bchar \*?(?:buf|page)\[", above):
            yield Hit(line.patch_line, f"{found[1]}() into a sysfs buffer: sysfs_emit() is made for this and knows its size")


@detector("prefer-dev-message")
def prefer_dev_message(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """pr_*() in a driver that has a device at hand."""

    def hits() -> Iterator[Hit]:
        for hunk, at, line in added_lines(context, (".c",)):
            found = re.search(r"\bpr_(err|warn|info|notice|debug|crit)(?:_once|_ratelimited)?\s*\(", line.code)
            if not found or not re.match(r"(?:drivers|sound)/", hunk.change.path):
                continue
            near = " ".join(line.code for line in hunk.lines[max(0, at - 30) : at + 12]) + hunk.hunk.section
            if re.search(
                (
                    r"\bdev_(?:err|warn|info|dbg)\b|\bstruct device \*|&\w+->dev\b|\bdev->\w+|struct (?:platform_device|i2c_client"
                    r"|spi_device|usb_\w+|pci_dev|net_device) \*"
                ),
                near,
            ):
                level = {"debug": "dbg"}.get(found[1], found[1])
                yield Hit(line.patch_line, f"pr_{found[1]}() in a driver: dev_{level}() says which device it is about")

    yield from spaced(hits())


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
