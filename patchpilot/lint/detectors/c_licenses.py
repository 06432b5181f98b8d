# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for the license of C files: MODULE_LICENSE() and SPDX lines."""

import re
from collections.abc import Iterator

from patchpilot.lint.detector import Arguments, Hit, detector, make_hit
from patchpilot.lint.lint_context import Context
from patchpilot.lint.pack_patterns import compiled


@detector("spdx-license", known_pattern=str)
def spdx_license(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Report a new file whose SPDX license does not match `known_pattern`."""
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
                yield make_hit(line.patch_line, license=wrong[0])
