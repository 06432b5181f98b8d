# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the setting `branches`: the branches that the user keeps, the form of the messages to them,
and their recipients.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from patchpilot.commits.private_config import Use, refuse_untrusted
from patchpilot.commits.repository import Repository
from patchpilot.config import split_list
from patchpilot.errors import UsageError, suggest_valid_words
from patchpilot.history.stable_branches import StableBranch
from patchpilot.model.address import AddressState, check_email_address
from patchpilot.projects.project import StableTrees

SETTING = "patchpilot.branches"
_PICK = "(cherry picked from commit {commit})"
FORMS: Mapping[str, Mapping[str, Any]] = {
    "stable": {},
    "cherry-pick": {"marker": _PICK, "marker_last": True},
    "suse": {"marker": "Git-commit: {commit}", "marker_last": True},
    "quilt": {"has_series_file": True},
}
"""The changes that each form makes to the form of the stable trees.

A word that ends with a colon, such as UPSTREAM:, is a form as well: it precedes the title, and the
line of git cherry-pick is added.
"""


class OwnBranch(NamedTuple):
    """A branch that the user keeps, the name of its form, and the recipients of its patches."""

    name: str
    form: str
    recipients: tuple[str, ...] = ()


def list_own_branches(repository: Repository) -> tuple[OwnBranch, ...]:
    """Return the branches in the setting.

    Raise UsageError for an unknown form, and `UntrustedCommandsError` if the repository's own
    configuration names recipients.
    """
    refuse_untrusted(repository.top, Use.BRANCHES)
    words = split_list(",".join(repository.config(SETTING)))
    return tuple(map(_parse_branch, words))


def _parse_branch(word: str) -> OwnBranch:
    name, _, text = word.partition("=")
    addresses = tuple(part for part in text.split() if "@" in part)
    form = " ".join(part for part in text.split() if "@" not in part)
    branch = OwnBranch(name.strip(), form or "stable", addresses)
    wrong = [text for text in addresses if check_email_address(text).state is AddressState.BAD]
    if wrong:
        raise UsageError(f"{SETTING}: {wrong[0]!r} is no address", hint="use NAME=FORM ADDRESS")
    if branch.form not in FORMS and not branch.form.endswith(":"):
        raise UsageError(
            f"{SETTING}: unknown form {branch.form!r}",
            hint=suggest_valid_words("form", branch.form, (*FORMS, "PREFIX:")),
        )
    return branch


def find_own_branches(repository: Repository) -> Iterator[StableBranch]:
    """Yield the user's branches with their tips. Raise UsageError for a branch that is missing."""
    for branch in list_own_branches(repository):
        yield StableBranch(branch.name, "", repository.resolve(branch.name), None)


def find_form(repository: Repository, name: str) -> OwnBranch | None:
    """Return a branch's entry in the setting, or None."""
    return next((each for each in list_own_branches(repository) if each.name == name), None)


def adopt_form(stable: StableTrees, branch: OwnBranch | None) -> StableTrees:
    """Return the form of a branch's messages, which go to its recipients or the profile's, and to
    no list of the project.

    Without an entry in the setting, this is the form of the stable trees.
    """
    if branch is None:
        return stable
    is_prefix = branch.form not in FORMS
    changes = FORMS["cherry-pick" if is_prefix else branch.form]
    prefix = f"{branch.form} " if is_prefix else ""
    own = stable._replace(
        subject=f"PATCH {branch.name}",
        title_prefix=prefix,
        recipients=branch.recipients or stable.recipients,
        has_own_recipients=True,
    )
    return own._replace(**changes)
