# SPDX-License-Identifier: GPL-2.0-or-later
"""Name the commit of a finding in the commands of its fix.

Rule packs name HEAD. For an older commit of a series, these commands would change another commit.
"""

import re
from functools import cache

from patchpilot.checking.result import CheckResult
from patchpilot.commits.amend_advice import AMEND, name_rewrite
from patchpilot.commits.repository import Repository
from patchpilot.model.patch import Patch
from patchpilot.model.rule import Finding


def name_commits(result: CheckResult, repository: Repository) -> CheckResult:
    """Return the result with fix texts whose commands work for the commit of each finding."""
    find_head = cache(lambda: repository.find("HEAD"))

    def name_commit(finding: Finding, patch: Patch | None) -> Finding:
        commit, fix = patch.commit if patch else None, finding.fix
        is_about_head = fix and (AMEND in fix.text or "HEAD`" in fix.text)
        if not commit or fix is None or not is_about_head or commit == find_head():
            return finding
        short = commit[:12]
        text = re.sub(r"(`patchpilot [^`]*)\bHEAD`", rf"\g<1>{short}`", fix.text)
        return finding._replace(fix=fix._replace(text=name_rewrite(text, short)))

    patches = tuple(
        checked._replace(every=tuple(name_commit(each, checked.patch) for each in checked.every))
        for checked in result.patches
    )
    of_series = tuple(name_commit(each, each.of_patch) for each in result.every_of_series)
    return result._replace(patches=patches, every_of_series=of_series)
