# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers for preprocessor conditionals."""

from patchpilot.lint.fixing.fixer import FOLDED, FixSite, Proposal, delete, fixer
from patchpilot.lint.fixing.version_tests import DIRECTIVE, dropped


@fixer("known-version", FOLDED)
def known_version(site: FixSite) -> Proposal:
    """Resolves a LINUX_VERSION_CODE test that has the same result in this and all later kernels."""
    version = site.context.tree.version if site.context.tree else None
    first = _chain_start(site)
    if not version or not first:
        return None
    masks: list[str] = []
    depth = 0
    while line := site.added(first + len(masks)):
        masks.append(line.text[1 : len(line.raw)])
        directive = DIRECTIVE.match(masks[-1])
        if directive and line.raw.count("/*") > line.raw.count("*/"):
            # a comment that goes on below
            return None
        depth += (
            (directive[1].startswith("if") - (directive[1] == "endif"))
            if directive
            else 0
        )
        if depth == 0:
            break
    gone = dropped(masks, version) if depth == 0 else set()
    return delete(first + at for at in gone) if site.number - first in gone else None


def _chain_start(site: FixSite) -> int:
    """Returns the line of the #if that the finding's condition is, or belongs to as an #elif; 0
    where there is none.
    """
    depth, number = 0, site.number
    while line := site.added(number):
        directive = DIRECTIVE.match(line.text[1 : len(line.raw)])
        word = directive[1] if directive else ""
        if number == site.number and word not in ("if", "elif"):
            return 0
        depth += word == "endif"
        if word.startswith("if"):
            if depth == 0:
                return number
            depth -= 1
        number -= 1
    return 0
