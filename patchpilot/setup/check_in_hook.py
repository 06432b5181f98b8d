# SPDX-License-Identifier: GPL-2.0-or-later
"""Check a new commit, or a message of a topic, in a git hook."""

import re
from pathlib import Path

from patchpilot.checking.driver import Driver, PatchSource, options_of
from patchpilot.checking.result import CheckResult
from patchpilot.checking.topic_waivers import suppressions_of
from patchpilot.commits.message_mail import make_commit_message_mail
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.errors import InputError
from patchpilot.lint.rule_store import load_rules
from patchpilot.settings.trusted_packs import read_trusted_packs
from patchpilot.topic.workplace import Workplace


def check_patch_in_hook(
    workplace: Workplace, file: Path, base: str = ""
) -> tuple[CheckResult, str]:
    """Check a patch file in a git hook with the settings of its repository.

    Only errors make the check fail. Return the result, and the reason why the tree's rule packs
    were not used, or "". The patch is checked against the tree of `base`. By default, this is the
    parent of the commit that git format-patch names in the file, or HEAD for other files.
    """
    repository, settings = workplace.repository, workplace.settings()
    base_id = repository.find(base or _read_parent_commit(file))
    packs, problem = read_trusted_packs(settings, workplace.source())
    driver = Driver(
        options_of(settings, fail_on="error", packs=packs),
        # the new commit belongs to the branch's topic, so its waivers apply
        suppressions=suppressions_of(
            repository,
            settings,
            (),
            settings.get("base") or None,
            among=load_rules(packs),
        ),
        repository=repository,
        tree=CommitTree(repository, base_id) if base_id else None,
    )
    return driver.check_source(PatchSource([str(file)])), problem


def check_message_in_hook(workplace: Workplace, file: Path) -> tuple[CheckResult, str]:
    """Check a new commit in a git hook.

    `file` contains its message. Return the same values as `check_patch_in_hook`.
    """
    with TemporaryFolder("hook") as folder:
        mail = folder / "commit.patch"
        content, base = make_commit_message_mail(workplace.repository, file)
        mail.write_bytes(content)
        return check_patch_in_hook(workplace, mail, base)


def _read_parent_commit(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            match = re.match(rb"From ([0-9a-f]{40}) ", stream.readline(200))
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror or error}") from error
    return f"{match[1].decode()}^" if match else ""
