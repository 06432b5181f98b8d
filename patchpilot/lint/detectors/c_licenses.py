# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for the license of C files: MODULE_LICENSE() and SPDX lines."""

import re
from collections.abc import Iterator

from patchpilot.lint.detector import Arguments, Hit, detector, hit_on
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import c_hunks
from patchpilot.lint.pack_patterns import compiled


@detector(
    "license-mismatch",
)
def license_mismatch(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a new file whose SPDX line and MODULE_LICENSE() disagree.

    They disagree if only one of them is a choice of licenses, or if MODULE_LICENSE() names the
    GPL and the SPDX line does not.
    """
    for hunk in c_hunks(context, (".c",)):
        if not hunk.is_new or not hunk.lines:
            continue
        head = next(
            (
                re.search(r"SPDX-License-Identifier:\s*(.*?)\s*(?:\*/)?$", line.text)
                for line in hunk.lines[:3]
                if "SPDX" in line.text
            ),
            None,
        )
        for line in hunk.lines:
            match = re.match(r'^MODULE_LICENSE\("([^"]*)"\)', line.text)
            if not head or not match:
                continue
            dual = " or " in head[1].lower()
            free = not re.search(r"GPL|Dual|Proprietary", match[1])
            if dual != match[1].startswith("Dual") or (
                not free and not re.search(r"\bGPL-|\bGFDL", head[1])
            ):
                yield hit_on(line.patch_line, module=match[1], spdx=head[1])


@detector("spdx-license", known_pattern=str)
def spdx_license(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Reports a new file whose SPDX tag has a license name that does not match `known_pattern`."""
    known = compiled(arguments["known_pattern"])
    for change in context.patch.files:
        if change.old_path is not None:
            continue
        for line in list(change.lines("+"))[:3]:
            match = re.search(r"SPDX-License-Identifier:\s*([^*>]*)", line.text)
            names = (
                re.split(r"[\s()]+", re.sub(r"\bWITH \S+", "", match[1].strip()))
                if match
                else []
            )
            wrong = [
                name
                for name in names
                if name and name.upper() not in ("AND", "OR") and not known.match(name)
            ]
            if wrong:
                yield hit_on(line.patch_line, license=wrong[0])
