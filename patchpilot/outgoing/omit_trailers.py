# SPDX-License-Identifier: GPL-2.0-or-later
"""Leave trailers out of messages that only mean something in the sender's repository.

`patchpilot.omit-trailers` names them, for example Change-Id and Upstream-Status.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from patchpilot.errors import UsageError
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch

_NAME = re.compile(r"[A-Za-z0-9-]+")
_KEPT = ("signed-off-by", "from", "subject", "date")
"""Names that must not be omitted, because the commit that `git am` makes depends on them."""


def check_omitted_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the setting; raise UsageError for one that must not be omitted."""
    for name in names:
        if not _NAME.fullmatch(name) or name.lower() in _KEPT:
            raise UsageError(
                f"patchpilot.omit-trailers: {name!r} cannot be omitted",
                hint="use names such as Change-Id and Upstream-Status, separated by commas",
            )
    return tuple(names)


def omit_trailers(
    lines: Sequence[str], names: Iterable[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the lines of a commit message without these trailers, and the omitted lines.

    Lines that continue a trailer are indented. Lines after `---` are kept. A blank line after an
    omitted line is omitted if one comes before it, or nothing comes after it.
    """
    pattern = "|".join(map(re.escape, names))
    if not pattern:
        return tuple(lines), ()
    end = next((at for at, line in enumerate(lines) if line.rstrip() == "---"), len(lines))
    kept: list[str] = []
    omitted: list[str] = []
    is_after = is_continued = False
    for line in lines[:end]:
        is_named = re.match(rf"(?i:{pattern}):", line) is not None
        if is_named or (is_continued and re.match(r"[ \t]+\S", line)):
            omitted.append(line)
            is_after = is_continued = True
            continue
        is_continued = False
        if is_after and not line.strip() and (not kept or not kept[-1].strip()):
            continue
        is_after = is_after and not line.strip()
        kept.append(line)
    while omitted and kept and not kept[-1].strip():
        kept.pop()
    return (*kept, *lines[end:]), tuple(omitted)


def omit_from_patch(patch: Patch, names: Sequence[str]) -> Patch:
    """Return the patch of a commit as it is in a message without these trailers."""
    start = patch.message_line - 1
    kept, omitted = omit_trailers(patch.message, names)
    if not omitted:
        return patch
    lines = (*patch.lines[:start], *kept, *patch.lines[start + len(patch.message) :])
    content = "\n".join((*lines, "")).encode("utf-8", "surrogateescape")
    return parse_patch(content, patch.source, patch.commit)


def describe_omitted_trailers(patches: Iterable[Patch], names: Sequence[str]) -> Iterator[str]:
    """Yield a note for the preview about each omitted trailer."""
    omitted = (line for patch in patches for line in omit_trailers(patch.message, names)[1])
    for line in dict.fromkeys(omitted):
        yield f"omitted, as patchpilot.omit-trailers names it: {line.strip()}"
