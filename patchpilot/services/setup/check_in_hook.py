# SPDX-License-Identifier: GPL-2.0-or-later
"""The check that an installed hook runs: a commit in the making, or a mail of a topic."""

from collections.abc import Sequence

from patchpilot.lint.rule_store import load_rules
from patchpilot.services.check.check_patches import check
from patchpilot.services.check.check_result import CheckResult
from patchpilot.services.check.topic_waivers import suppressions_of
from patchpilot.services.settings import check_request
from patchpilot.services.setup.trusted_packs import packs_if_trusted
from patchpilot.services.workplace import Workplace


def check_in_hook(place: Workplace, target: str, ignored: Sequence[str] = ()) -> tuple[CheckResult, str]:
    """The check of a patch file under the settings of its repository, errors alone failing it; and why the tree's rule packs were left out, or ""."""
    repository, settings = place.repository, place.settings()
    packs, problem = packs_if_trusted(settings, place.source())
    request = check_request(
        settings,
        targets=[target],
        ignore=(*settings.words("ignore"), *ignored),
        fail_on="error",
        packs=packs,
        # the file is of the branch's topic
        suppressions=suppressions_of(repository, settings, (), settings.get("base") or None, among=load_rules(packs)),
    )
    return check(request, repository=repository), problem
