# SPDX-License-Identifier: GPL-2.0-or-later
"""How a finding stands to those of an earlier revision, in words."""

from patchpilot.cli.output.plain import one_line
from patchpilot.model.finding import Finding


def age(finding: Finding, since: str | None) -> str:
    """ " (new since v2)" or " (as in v2)"; "" where no earlier revision was compared with."""
    if finding.new is None or since is None:
        return ""
    return f" ({'new since' if finding.new else 'as in'} {one_line(since)})"
