# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for references that other people cannot look up: internal numbers, markers of other
trees, broken links.
"""

from collections.abc import Iterator

from patchpilot.cache import cached_re
from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.lint_context import Context
from patchpilot.lint.message_prose import pasted


@detector("split-link", {"rewritten": "", "no-link": "start", "broken": ""})
def split_link(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a link that is split over two lines, or rewritten by a mail gateway."""
    patch = context.patch
    for at, line in enumerate(patch.message):
        if at in pasted(context):
            continue
        if cached_re.search(
            r"safelinks\.protection|urldefense\.|clicktime\.|proofpoint\.com/v\d", line
        ):
            yield Hit(patch.message_line + at, case="rewritten")
        if context.options.kernel < LINKS_JUDGED and (
            found := cached_re.match(r"(?:Link|Closes)\s*:\s*(?!\[\d|<\S+@|\S*://\S)(\S.*)$", line)
        ):
            yield Hit(patch.message_line + at, case="no-link", values={"start": found[1][:40]})
        following = patch.message[at + 1] if at + 1 < len(patch.message) else ""
        broken = (
            line.endswith(_GOES_ON)
            and cached_re.search(r"https?://", line.split()[-1])
            and cached_re.match(r"\s{0,8}[\w%.=&?/#-]{6,}(?:\s|[,.)]|$)", following)
        )
        if (
            broken
            and len(line) >= 25
            and cached_re.search(r"[-_/=%.\d]", following.split()[0][1:-1])
        ):
            yield Hit(patch.message_line + at, case="broken")


_GOES_ON = ("-", "_", "/", "=", "%", "?", "&")


LINKS_JUDGED = (6, 4)
"""The kernels whose checkpatch.pl introduced the checks of links in tags, and of archives."""
