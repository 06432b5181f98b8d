# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the cover letter, tracking data and settings of a branch that `b4 prep` manages.

b4 0.16 stores the cover letter in an empty commit below the patches (cover strategy "commit"), in
an empty commit above them ("tip-commit"), or in git's configuration ("branch-description").
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.objects import EMPTY_TREE
from patchpilot.commits.private_config import (
    Use,
    list_untrusted_commands,
    read_b4_file_entries,
)
from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.model.address import Address, parse_address
from patchpilot.model.commit import Commit
from patchpilot.model.json_form import json_form
from patchpilot.model.trailer import find_last_paragraph


def read_b4_values(repository: Repository, key: str) -> tuple[str, ...]:
    """Return the values of a b4 setting, for example `b4.send-series-to`.

    Values in git's configuration take precedence over the last value in `.b4-config`. Because that
    file is part of the tree, its values are used only if the user trusts it.
    """
    if values := repository.config(key):
        return values
    file_values = [
        entry.value for entry in read_b4_file_entries(repository.top) if entry.key == key
    ]
    if not file_values or list_untrusted_commands(repository.top, Use.B4):
        return ()
    return (file_values[-1],)


MARKER = "--- b4-submit-tracking ---"
COMMIT, TIP_COMMIT, DESCRIPTION = "commit", "tip-commit", "branch-description"
_MAX_VERSION = 10_000
_ADDRESSED = lazy_pattern(r"^(to|cc):\s*(\S.*)$", re.IGNORECASE)
_TAG = lazy_pattern(r"^[A-Za-z][A-Za-z0-9-]*:\s*\S")


@json_form()
class PrepBranch(NamedTuple):
    """The data that b4 stores for a branch.

    `cover` is the cover letter as stored. `revision` is the next revision to send. `base` is the
    commit below the series and its cover commit, or None if the base branch is gone. `history` maps
    sent revisions ("v1") to Message-IDs. `by_us` is set if patchpilot enrolled the branch in order
    to send it with b4.
    """

    branch: str
    strategy: str
    change_id: str
    revision: int
    prefixes: tuple[str, ...]
    cover: str
    history: tuple[tuple[str, tuple[str, ...]], ...] = ()
    by_us: bool = False
    cover_commit: str | None = None
    base: str | None = None
    presubject: str = ""
    prerequisites: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Return the cover letter without b4's comments, To: and Cc: lines."""
        return _split_addresses(_strip_comments(self.cover))[0]

    @property
    def to(self) -> tuple[Address, ...]:
        return _split_addresses(_strip_comments(self.cover))[1]

    @property
    def cc(self) -> tuple[Address, ...]:
        return _split_addresses(_strip_comments(self.cover))[2]


def prep_branch(repository: "Repository", branch: str | None) -> PrepBranch | None:
    """Return b4's data for a branch, or None if b4 does not manage it.

    `branch` is None for a detached HEAD.
    """
    tip = repository.find(f"refs/heads/{branch}" if branch else "HEAD")
    if tip is None:
        return None
    key, settings = f"b4 data of {branch} at {tip}", repository.settings
    read_from, prep = repository.cached_values.get(key, (None, None))
    if read_from is not settings:
        prep = _read_prep_branch(repository, branch, tip)
        repository.cached_values[key] = settings, prep
    result: PrepBranch | None = prep
    return result


def _read_prep_branch(repository: "Repository", branch: str | None, tip: str) -> PrepBranch | None:
    config = read_branch_config(repository, branch) if branch else {}
    strategy = config.get("b4-prep-cover-strategy", ("",))[-1]
    tracking = config.get("b4-tracking", ("",))[-1]
    if branch and tracking and strategy not in (COMMIT, TIP_COMMIT):
        by_us = config.get("patchpilot-enrolled", ("",))[-1] == "true"
        cover = config.get("description", ("",))[-1]
        prep = _parse_branch(repository, branch, DESCRIPTION, tracking, cover, tip)
        return prep._replace(by_us=by_us) if prep else None
    commit = _find_latest_cover(repository, tip, branch, trusted=bool(strategy))
    if commit is None:
        return None
    cover, _, tracking_text = commit.message.partition(MARKER)
    return _parse_branch(repository, branch or "", strategy, tracking_text, cover, tip, commit)


def find_prep_branch_of(repository: "Repository", ids: Sequence[str]) -> PrepBranch | None:
    """Return b4's data for the checked-out branch if these commits are its latest patches,
    otherwise None.

    Also return None if b4 does not manage the branch, or if patchpilot enrolled it.
    """
    branch = repository.branch
    prep = prep_branch(repository, branch) if branch and is_tip(repository, ids) else None
    return None if prep is None or prep.by_us else prep


def is_tip(repository: "Repository", ids: Sequence[str]) -> bool:
    """Return whether the last of these commits is the tip of the checked-out branch.

    b4's cover commit is ignored.
    """
    head = repository.find("HEAD") if ids else None
    return head is not None and ids[-1] in (head, skip_cover_commit(repository, head))


def read_tracking_data(repository: "Repository", prep_branch: PrepBranch) -> dict[str, Any]:
    """Return b4's tracking data for a branch, or {} if it was removed."""
    if prep_branch.cover_commit:
        text = repository.commit(prep_branch.cover_commit).message.partition(MARKER)[2]
    else:
        text = read_branch_config(repository, prep_branch.branch).get("b4-tracking", ("",))[-1]
    return _parse_tracking(text) or {}


def is_cover_commit(commit: Commit) -> bool:
    """Return whether a commit is b4's cover letter commit."""
    return is_cover_message(commit.message)


def is_cover_message(message: str) -> bool:
    """Return whether a commit message belongs to a commit with b4's cover letter."""
    return MARKER in message and _parse_series(message.partition(MARKER)[2]) is not None


def drop_cover_commits(repository: "Repository", ids: Sequence[str]) -> tuple[str, ...]:
    """Remove b4's cover commits from a list of commits.

    Raise `UsageError` if a cover commit also changes files, because b4 would not send these
    changes.
    """
    covers = {
        commit.id
        for commit in repository.commits(ids)
        if is_cover_commit(commit) and _is_empty_commit(repository, commit)
    }
    return tuple(id_ for id_ in ids if id_ not in covers)


def skip_cover_commit(repository: "Repository", commit_id: str) -> str:
    """Return the commit itself or, if it contains b4's cover letter, its nearest ancestor that does
    not.

    Unlike the cover letter, that ancestor may also exist in other repositories.
    """
    commit = repository.commit(commit_id)
    while commit.parents and is_cover_commit(commit):
        commit = repository.commit(commit.parents[0])
    return commit.id


def read_branch_config(repository: "Repository", branch: str) -> dict[str, tuple[str, ...]]:
    """Return the section of a branch in git's configuration; it maps keys to values."""
    prefix = f"branch.{branch}."
    section = repository.config_regexp(r"^branch\..*")
    return {
        key[len(prefix) :]: values
        for key, values in section.items()
        if key.startswith(prefix) and "." not in key[len(prefix) :]
    }


def _is_empty_commit(repository: "Repository", commit: Commit) -> bool:
    parent = repository.commit(commit.parents[0]) if commit.parents else None
    if commit.tree != (parent.tree if parent else EMPTY_TREE):
        raise UsageError(
            f"{commit.short} is b4's cover letter commit, but it also changes files, which b4 would"
            " not send",
            hint=(
                "move the changes to a separate commit: git rebase -i, mark it 'edit', git reset"
                " HEAD^ -- . and commit twice"
            ),
        )
    return True


def _find_latest_cover(
    repository: "Repository", tip: str, branch: str | None, *, trusted: bool
) -> Commit | None:
    """Return the latest commit with b4's cover letter on a branch, unless others have published it.

    `trusted` is set if the configuration of the branch proves that b4 created it.
    """
    for commit_id, message in repository.first_parents(tip):
        if MARKER not in message:
            continue
        commit = repository.commit(commit_id)
        if not is_cover_commit(commit):
            continue
        user_email = (repository.config("user.email") or ("",))[-1]
        if (
            trusted
            or commit.committer.email == user_email
            or not _is_on_other_remote_branch(repository, commit.id, branch)
        ):
            return commit
        return None
    return None


def _is_on_other_remote_branch(
    repository: "Repository", commit_id: str, branch: str | None
) -> bool:
    result = repository.git(
        "for-each-ref",
        f"--contains={commit_id}",
        "--format=%(refname:lstrip=3)",
        "refs/remotes",
    )
    return any(name != branch for name in result.text.split())


def _parse_branch(
    repository: "Repository",
    branch: str,
    strategy: str,
    text: str,
    cover: str,
    tip: str,
    commit: Commit | None = None,
) -> PrepBranch | None:
    series = _parse_series(text)
    if series is None:
        return None
    base_branch = str(series.get("base-branch") or "")
    if commit and strategy not in (COMMIT, TIP_COMMIT):
        # if there are no tracking settings, the base branch is needed only to find a cover letter
        # at the tip
        strategy = TIP_COMMIT if base_branch else COMMIT
    parent = commit.parents[0] if commit and commit.parents and strategy == COMMIT else None
    return PrepBranch(
        branch=branch,
        strategy=strategy,
        change_id=str(series.get("change-id", "")),
        revision=_parse_number(series.get("revision")),
        prefixes=_parse_strings(series.get("prefixes")),
        cover=cover.strip(),
        history=_parse_history(series.get("history")),
        cover_commit=commit.id if commit else None,
        base=parent if strategy == COMMIT else _find_fork_point(repository, base_branch, tip),
        presubject=str(series.get("presubject") or ""),
        prerequisites=_parse_strings(series.get("prerequisites")),
    )


def _parse_series(text: str) -> Mapping[str, Any] | None:
    data = _parse_tracking(text)
    return data["series"] if data else None


def _parse_tracking(text: str) -> dict[str, Any] | None:
    import json

    try:
        data: dict[str, Any] = json.JSONDecoder().raw_decode(text[text.index("{") :])[0]
        return data if isinstance(data["series"], dict) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _parse_number(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MAX_VERSION:
        return value
    return 1


def _parse_strings(value: object) -> tuple[str, ...]:
    return tuple(text for text in value if isinstance(text, str)) if isinstance(value, list) else ()


def _parse_history(value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if isinstance(value, dict):
        return tuple((str(version), _parse_strings(ids)) for version, ids in value.items())
    return ()


def _find_fork_point(repository: "Repository", base_branch: str, tip: str) -> str | None:
    """Return the fork point of a branch, even if its base branch was rewound.

    Return None if there is none.
    """
    start = repository.find(base_branch)
    if start is None or start == tip:
        return None
    output = repository.git("merge-base", "--fork-point", base_branch, tip, ok=())
    if output.code or not output.text.strip():
        output = repository.git("merge-base", start, tip, ok=())
    result = output.text.strip()
    return result if output.code == 0 and result and result != tip else None


def _strip_comments(text: str) -> str:
    """Return a cover letter as b4 sends it.

    Lines that start with `#` are removed, and `>#` becomes `#`.
    """
    text = re.sub(r"^#.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^>(#.*)$", r"\1", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _split_addresses(
    text: str,
) -> tuple[str, tuple[Address, ...], tuple[Address, ...]]:
    """Split a cover letter into its text, To: and Cc: addresses.

    The addresses are in its trailers (the last paragraph above the first `---`), and in the
    paragraphs before the trailers that contain only addresses.
    """
    lines = text.split("\n")
    cut = next(
        (index for index, line in enumerate(lines) if line.rstrip() == "---"),
        len(lines),
    )
    start, end = find_last_paragraph(lines[:cut])
    while any(lines[:start]):
        previous, gap = find_last_paragraph(lines[:start])
        if not all(map(_ADDRESSED.match, lines[previous:gap])):
            break
        start = previous
    if start == 0 or not all(
        not line or _TAG.match(line) or line[:1] in (" ", "\t") for line in lines[start:end]
    ):
        return text, (), ()
    result: dict[str, list[Address]] = {"to": [], "cc": []}
    remaining = []
    for line in lines[start:end]:
        match = _ADDRESSED.match(line)
        address = parse_address(match[2]) if match else None
        if match and address:
            result[match[1].lower()].append(address)
        else:
            remaining.append(line)
    text = "\n".join((*lines[:start], *remaining, *lines[end:]))
    return (
        re.sub(r"\n{3,}", "\n\n", text).strip(),
        tuple(result["to"]),
        tuple(result["cc"]),
    )
