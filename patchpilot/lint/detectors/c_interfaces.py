# SPDX-License-Identifier: GPL-2.0-or-later
"""Which interfaces a patch starts to use, and what it says of its licence."""

from collections.abc import Iterator
from functools import cache

from patchpilot.cache import patterns as re
from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import c_hunks


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
