# SPDX-License-Identifier: GPL-2.0-or-later
"""Which interfaces a patch starts to use, and what it says of its licence."""

import re
from collections.abc import Iterator

from patchpilot.lint.context import Context
from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.newlines import added_lines, c_hunks


@detector("licence-mismatch")
def licence_mismatch(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """An SPDX line that allows a choice of licences, and a MODULE_LICENSE() that does not, or the other way round."""
    for hunk in c_hunks(context, (".c",)):
        if not hunk.is_new or not hunk.lines:
            continue
        head = next(
            (re.search(r"SPDX-License-Identifier:\s*(.*?)\s*(?:\*/)?$", line.text) for line in hunk.lines[:3] if "SPDX" in line.text), None
        )
        for line in hunk.lines:
            said = re.match(r'^MODULE_LICENSE\("([^"]*)"\)', line.text)
            if not head or not said:
                continue
            dual = " or " in head[1].lower()
            if dual != said[1].startswith("Dual"):
                yield Hit(line.patch_line, f'MODULE_LICENSE("{said[1]}") does not fit the SPDX license "{head[1]}"')


@detector("deprecated-interface", names=list)
def deprecated_interface(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """More uses than before of an interface that is being removed; `names` are "pattern => what to use", patterns matched as words."""
    pairs = [entry.split(" => ", 1) for entry in arguments["names"]]
    union = re.compile("|".join(f"(?:{name})" for name, _ in pairs))
    for change in context.patch.files:
        if not (change.new_path or "").endswith((".c", ".h")):
            continue
        gone = " ".join(line.text for line in change.lines("-") if union.search(line.text))
        for line in change.lines("+"):
            if not union.search(line.text) or line.text.lstrip().startswith(("*", "/*", "//")):
                continue
            for name, instead in pairs:
                found = re.search(name, line.text)
                if found and not re.search(name, gone):
                    yield Hit(line.patch_line, f"{found[0].strip(' (')} is deprecated: use {instead}")
                    break


@detector("added-call", names=list, paths_pattern=str, say=str)
def added_call(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """The first new call of each of these functions in a file; `say` is the message, with {name}."""
    wanted = re.compile(arguments["paths_pattern"])
    pattern = re.compile(rf"(?<![\w.>])({'|'.join(arguments['names'])})\s*\(")
    told: set[tuple[str, str]] = set()
    for hunk, _, line in added_lines(context, (".c", ".h")):
        if not wanted.search(hunk.change.path):
            continue
        for found in pattern.finditer(line.code):
            key = (hunk.change.path, found[1])
            gone = any(re.search(rf"\b{found[1]}\s*\(", one.text) for one in hunk.change.lines("-"))
            if key not in told and not gone:
                told.add(key)
                yield Hit(line.patch_line, arguments["say"].format(name=found[1]), column=found.start() + 1)
