# SPDX-License-Identifier: GPL-2.0-or-later
"""What a driver need not do because the core does it already."""

from collections.abc import Iterator

from patchpilot.cache import patterns as re
from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import added_lines


@detector("driver-owner")
def driver_owner(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """THIS_MODULE as the owner in the `.driver` of a driver whose registration sets it."""
    for hunk, at, line in added_lines(context, (".c",)):
        found = re.match(r"^\t(?P<deep>\t)?(?P<driver>\.driver)?\.owner\s*=\s*THIS_MODULE\b", line.code)
        if not found or bool(found["deep"]) == bool(found["driver"]):
            continue
        before = [line.code for line in hunk.lines[max(0, at - 12) : at]]
        opening = next((code for code in reversed(before) if re.match(r"^\t\S.*\{$", code)), "")
        kind = next((code for code in reversed(before) if re.match(r"^\S", code)), "")
        if (found["driver"] or re.match(r"^\t\.driver\s*=\s*\{$", opening)) and re.search(
            r"\bstruct (?:platform|i2c|spi|amba|serdev_device|mdio|slim|sdw|usb|pci)_driver\b", kind
        ):
            yield Hit(line.patch_line, "no .owner = THIS_MODULE needed: the registration of the driver sets it")


@detector("told-by-the-core")
def told_by_the_core(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A message about the failure of a function that prints one itself."""
    for hunk, at, line in added_lines(context, (".c",)):
        if not re.search(r"\bdev_err(?:_probe)?\s*\(", line.code):
            continue
        before = [line.code for line in hunk.lines[max(0, at - 3) : at]]
        for back, code in enumerate(reversed(before)):
            found = re.search(r"([\w>.\-]+) = (platform_get_irq(?:_byname)?|devm_(?:platform_)?ioremap_resource(?:_byname)?)\(", code)
            tests = "".join(before[len(before) - back :])
            if found and re.match(rf"^\s*if \((?:IS_ERR\()?{re.escape(found[1])}\b", tests) and tests.count("if (") == 1:
                yield Hit(line.patch_line, f"needless message: {found[2]}() prints one itself when it fails")
                break
