# SPDX-License-Identifier: GPL-2.0-or-later
"""Which interfaces a patch starts to use, and what it says of its licence."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache

from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import added_lines, c_hunks
from patchpilot.lint.pack_patterns import any_of, compiled


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
            free = not re.search(r"GPL|Dual|Proprietary", said[1])
            if dual != said[1].startswith("Dual") or (not free and not re.search(r"\bGPL-|\bGFDL", head[1])):
                yield Hit(line.patch_line, f'MODULE_LICENSE("{said[1]}") does not fit the SPDX license "{head[1]}"')


@detector("licence-text", pattern=str)
def licence_text(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """The words of a licence in a new file whose first lines have its SPDX tag."""
    text = compiled(arguments["pattern"])
    for change in context.patch.files:
        lines = list(change.lines("+"))
        if change.old_path is None and any("SPDX-License-Identifier" in line.text for line in lines[:3]):
            found = next((line for line in lines[:40] if text.search(line.text)), None)
            if found:
                yield Hit(found.patch_line, "the SPDX tag says it all: leave the text of the license out")


@detector("licence-name")
def licence_name(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A new file whose SPDX tag has a name that is none of the list."""
    for change in context.patch.files:
        if change.old_path is not None:
            continue
        for line in list(change.lines("+"))[:3]:
            said = re.search(r"SPDX-License-Identifier:\s*([^*>]*)", line.text)
            names = re.split(r"[\s()]+", re.sub(r"\bWITH \S+", "", said[1].strip())) if said else []
            wrong = [name for name in names if name and name.upper() not in ("AND", "OR") and not _known_licence().match(name)]
            if wrong:
                yield Hit(line.patch_line, f'"{wrong[0]}" is no SPDX license name: see LICENSES/ (GPL-2.0-only, GPL-2.0-or-later …)')


@cache
def _known_licence() -> re.Pattern[str]:
    return re.compile(
        r"^(?:L?GPL-(?:1\.0|2\.0|2\.1|3\.0)(?:\+|-only|-or-later)?|BSD-[1234]-Clause(?:-\w+)*|MIT|ISC|X11|CC-BY-[\w.-]+|CC0-1\.0"
        r"|Apache-2\.0|CDDL-1\.[01]|Zlib|GFDL-1\.[1-3](?:-[\w-]+)?|MPL-[12]\.[01]|Linux-OpenIB|OFL-1\.1|copyleft-next-[\d.]+|BSL-1\.0"
        r"|0BSD|Unlicense|FTL|EPL-[12]\.0|Linux-man-pages-[\w-]+|NCSA|eCos-2\.0|U?PL-1\.0|PSF-2\.0|Python-2\.0|IBM-pibs|AGPL-[\w.-]+)$"
    )


@detector("deprecated-interface", "name instead", generic=True, names=list)
def deprecated_interface(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Lines with an interface that is being removed, as many as there are more than before; `names` are "pattern => what to use"."""
    pairs = [entry.split(" => ", 1) for entry in arguments["names"]]
    union = any_of(tuple(name for name, _ in pairs))
    changes = [change for change in context.patch.files if (change.new_path or change.path).endswith((".c", ".h"))]
    gone = Counter(name for change in changes for line in change.lines("-") if (name := _named(line.text, union, pairs)))
    for change in changes:
        for line in change.lines("+"):
            name = _named(line.text, union, pairs)
            if name is None:
                continue
            if gone[name]:
                gone[name] -= 1
                continue
            found = compiled(name).search(line.text)
            word = found[0].strip(" \t(;") if found else name
            yield Hit(line.patch_line, values={"name": word, "instead": dict(pairs)[name]})


def _named(text: str, union: re.Pattern[str], pairs: Sequence[Sequence[str]]) -> str | None:
    """The first pattern that a line of code has."""
    if not union.search(text) or text.lstrip().startswith(("*", "/*", "//")):
        return None
    return next((name for name, _ in pairs if compiled(name).search(text)), None)


@detector("added-call", "name", generic=True, names=list, paths_pattern=str)
def added_call(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """The first new call of each of these functions in a file."""
    wanted = compiled(arguments["paths_pattern"])
    pattern = any_of(tuple(arguments["names"]), r"(?<![\w.>])(?P<name>", r")\s*\(")
    told: set[tuple[str, str]] = set()
    for hunk, _, line in added_lines(context, (".c", ".h")):
        if not wanted.search(hunk.change.path):
            continue
        for found in pattern.finditer(line.code):
            key = (hunk.change.path, found["name"])
            if key in told:
                continue
            told.add(key)
            if not any(re.search(rf"\b{re.escape(found['name'])}\s*\(", line.text) for line in hunk.change.lines("-")):
                yield Hit(line.patch_line, column=found.start("name") + 1, values={"name": found["name"]})
