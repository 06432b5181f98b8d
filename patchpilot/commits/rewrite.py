# SPDX-License-Identifier: GPL-2.0-or-later
"""Rewrite commit messages, and optionally trees, at object level.

Authors, author dates and all other files are unchanged. As with `git rebase`, the user becomes the
committer of all new commits. New objects and notes are written first, then an undo record; finally
a single `update-ref`, which checks the old value, moves the branch. If the process is killed, the
branch has its old or its new value, and the old one can be restored.
"""

import contextlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

from patchpilot.commits.b4_prep import skip_cover_commit
from patchpilot.commits.branch_managers import refuse_managed_branch
from patchpilot.commits.branch_move_journal import refuse_locked
from patchpilot.commits.git_command import git_environment
from patchpilot.commits.git_state import find_busy_operation
from patchpilot.commits.notes import copy_notes
from patchpilot.commits.objects import parse_ident
from patchpilot.commits.repository import Repository
from patchpilot.commits.rewrite_hooks import run_rewrite_hooks
from patchpilot.commits.run import run
from patchpilot.commits.undo_refs import Undo, record_undo
from patchpilot.errors import GitError, RefusedError, UsageError
from patchpilot.model.action import CLAIM, PUBLISHED, SHARED, Action, Hint
from patchpilot.model.printable import format_count

_SIGNATURE = re.compile(rb"^gpgsig(?:-sha256)? .*\n(?: .*\n)*", re.MULTILINE)
_ENCODING = re.compile(rb"^encoding (.*)\n", re.MULTILINE)
_COMMITTER = re.compile(rb"^committer .*$", re.MULTILINE)
_PLAIN_HEAD = re.compile(
    rb"tree (?P<tree>\w+)\n(?P<parents>(?:parent \w+\n)*)author (?P<author>.+)\n"
    rb"committer (?P<committer>.+)(?:\nencoding (?P<encoding>.+))?"
)
MAX_REWRITTEN = 2000


@dataclass(frozen=True, slots=True)
class RewriteResult:
    """The result of rewriting the commits of a branch.

    `ref` is None for a detached HEAD. `old` and `new` are the values of the branch, `commits` maps
    old ids to new ids in order, and `signed` contains the commits that lose their signature.
    """

    ref: str | None
    old: str
    new: str
    commits: Mapping[str, str]
    signed: tuple[str, ...]


def describe_rewrite_costs(rewriting: RewriteResult, changed: int) -> tuple[str, ...]:
    """Return the side effects of rewriting `changed` commits, as sentences."""
    result = []
    later_count, signed = len(rewriting.commits) - changed, len(rewriting.signed)
    if later_count > 0:
        result.append(f"{format_count(later_count, 'later commit')} will be rewritten")
    if signed:
        loss = (
            "1 commit loses its signature; sign it"
            if signed == 1
            else f"{signed} commits lose their signatures; sign them"
        )
        result.append(f"{loss} again with git rebase --exec 'git commit --amend --no-edit -S'")
    return tuple(result)


def find_branch_to_rewrite(
    repository: Repository, revision: str | None = None
) -> tuple[str | None, str]:
    """Return the full ref and commit id of the branch to rewrite, by default the current one.

    The ref is None for a detached HEAD.
    """
    if revision:
        result = repository.git(
            "rev-parse",
            "--verify",
            "--quiet",
            "--symbolic-full-name",
            "--end-of-options",
            revision,
            ok=(),
        )
        name = result.text.strip()
        if result.code == 0 and name.startswith("refs/heads/"):
            return name, repository.resolve(name)
    return find_current_ref(repository), repository.resolve("HEAD")


def find_current_ref(repository: Repository) -> str | None:
    """Return the full name of the current branch, or None if HEAD is detached.

    The branch may have no commits yet.
    """
    return f"refs/heads/{repository.branch}" if repository.branch else None


def list_commits_above(
    repository: Repository, ref: str | None, head: str, changed: Collection[str]
) -> tuple[str, ...]:
    """Return the commits `changed` and all commits on top of them up to `head`.

    Parents come first; commits of parallel branches may be included. Raise `UsageError` if one of
    the commits is not an ancestor of `head`.
    """
    parents = sorted({parent for commit in changed for parent in repository.commit(commit).parents})
    result = repository.rev_list(
        "--reverse",
        "--topo-order",
        head,
        *(f"^{parent}" for parent in parents if not _may_descend_from(repository, parent, changed)),
    )
    not_found = [commit for commit in changed if commit not in result]
    if not_found:
        raise UsageError(
            f"{not_found[0][:12]} is not on {_short_ref_name(ref)}",
            hint="run `git switch BRANCH` to switch to the branch with the commit, then try again",
        )
    return result


def rewrite_commits(
    repository: Repository,
    ref: str | None,
    head: str,
    messages: Mapping[str, str],
    trees: Mapping[str, str] | None = None,
    *,
    write: bool = True,
    sign: bool = True,
) -> RewriteResult:
    """Write new commits with other messages or trees, up to `head`.

    No ref points to the new commits yet. `messages` and `trees` map commit ids to new messages and
    trees; the commits on top of these are rewritten too. With `sign`, sign the commits if
    commit.gpgSign is set, like `git rebase`; previews do not need this. Without `write`, only
    compute the ids. Raise `UsageError` if a commit is not on the branch.
    """
    messages = {
        message: text
        for message, text in messages.items()
        if repository.commit(message).message.rstrip("\n") != text.rstrip("\n")
    }
    trees = {
        commit: tree
        for commit, tree in (trees or {}).items()
        if repository.commit(commit).tree != tree
    }
    changed = {*messages, *trees}
    if not changed:
        return RewriteResult(ref, head, head, {}, ())
    new: dict[str, str] = {}
    signed: list[str] = []
    committer = repository.committer
    sign = sign and write and repository.flag("commit.gpgsign")
    for commit_id in list_commits_above(repository, ref, head, changed):
        commit = repository.commit(commit_id)
        if commit_id not in changed and not any(parent in new for parent in commit.parents):
            continue
        if len(new) >= MAX_REWRITTEN:
            raise RefusedError(
                f"more than {MAX_REWRITTEN} commits would be rewritten",
                hint="choose a commit nearer to the branch's tip",
            )
        raw = repository.objects.get(commit_id)
        if raw is None:
            raise GitError(f"commit {commit_id[:12]} is not in the repository")
        rebuilt = _set_committer(
            _rebuild_commit(raw[2], new, messages.get(commit_id), trees.get(commit_id)),
            committer,
        )
        if sign and (plain := _PLAIN_HEAD.fullmatch(rebuilt.partition(b"\n\n")[0])):
            new[commit_id] = _sign_commit(repository, plain, rebuilt.partition(b"\n\n")[2])
            continue
        if _SIGNATURE.search(raw[2].partition(b"\n\n")[0] + b"\n"):
            signed.append(commit_id)
        new[commit_id] = _hash_commit(repository, rebuilt, write=write)
    return RewriteResult(ref, head, new[head], new, tuple(signed))


def rebase_without_covers(repository: Repository, ids: Sequence[str]) -> tuple[str, ...]:
    """Return the commits of a linear history without b4's cover commits.

    Commits above a cover commit are copied with the same tree and message. No ref points to the
    copies. This removes commits that exist only in this repository from git's output (base-commit:,
    prerequisites, shortlog, range-diff).
    """
    new: dict[str, str] = {}
    for id_ in ids:
        parents = repository.commit(id_).parents
        for parent in parents:
            base = skip_cover_commit(repository, parent)
            if base != parent:
                new[parent] = new.get(base, base)
        raw = repository.objects.get(id_)
        if raw is not None and any(parent in new for parent in parents):
            new[id_] = _hash_commit(repository, _rebuild_commit(raw[2], new, None), write=True)
    return tuple(new.get(id_, id_) for id_ in ids)


def _may_descend_from(repository: Repository, commit: str, changed: Collection[str]) -> bool:
    return any(
        commit == changed_id or repository.is_ancestor(changed_id, commit) for changed_id in changed
    )


def _rebuild_commit(
    raw: bytes, new: Mapping[str, str], message: str | None, tree: str | None = None
) -> bytes:
    head, _, body = raw.partition(b"\n\n")
    head = _SIGNATURE.sub(b"", head + b"\n")
    if tree is not None:
        head = re.sub(rb"\Atree [0-9a-f]+\n", b"tree " + tree.encode() + b"\n", head)
    head = re.sub(
        rb"^parent ([0-9a-f]+)$",
        lambda match: b"parent " + new.get(match[1].decode(), match[1].decode()).encode(),
        head,
        flags=re.M,
    )
    if message is not None:
        encoding = _ENCODING.search(head)
        try:
            body = message.encode(
                encoding[1].decode("ascii") if encoding else "utf-8",
                "strict" if encoding else "surrogateescape",
            )
        except (LookupError, UnicodeEncodeError):
            head = _ENCODING.sub(b"", head)
            body = message.encode("utf-8", "surrogateescape")
    return head + b"\n" + body


def _set_committer(raw: bytes, committer: str) -> bytes:
    """Set the committer of a commit; if its encoding lacks a character, convert the commit to
    UTF-8.
    """
    head, _, body = raw.partition(b"\n\n")
    match = _ENCODING.search(head + b"\n")
    encoding = match[1].decode("ascii", "replace") if match else "utf-8"
    try:
        value = committer.encode(encoding, "strict" if match else "surrogateescape")
    except (LookupError, UnicodeEncodeError):
        value = committer.encode("utf-8", "surrogateescape")
        with contextlib.suppress(LookupError, UnicodeDecodeError):
            head, body = (part.decode(encoding).encode() for part in (head, body))
            head = _ENCODING.sub(b"", head + b"\n").removesuffix(b"\n")
    return _COMMITTER.sub(lambda _: b"committer " + value, head, count=1) + b"\n\n" + body


def _hash_commit(repository: Repository, raw: bytes, *, write: bool) -> str:
    return repository.git(
        "hash-object", "-t", "commit", *(["-w"] if write else []), "--stdin", stdin=raw
    ).text.strip()


def _sign_commit(repository: Repository, head: "re.Match[bytes]", message: bytes) -> str:
    parts = {
        name: (value or b"").decode("utf-8", "surrogateescape")
        for name, value in head.groupdict().items()
    }
    identities = {}
    for role in ("author", "committer"):
        mailbox, _, date = parts[role].rpartition("> ")
        name, _, email = mailbox.rpartition(" <")
        for field, value in (("NAME", name), ("EMAIL", email), ("DATE", f"@{date}")):
            identities[f"GIT_{role.upper()}_{field}"] = value
    parents = (parent_id for line in parts["parents"].split("\n") for parent_id in line.split()[1:])
    parent_options = [parent_id for parent in parents for parent_id in ("-p", parent)]
    result = run(
        [
            "git",
            "-C",
            str(repository.top),
            "-c",
            f"i18n.commitEncoding={parts['encoding'] or 'UTF-8'}",
            "commit-tree",
            "-S",
            *parent_options,
            "-F",
            "-",
            parts["tree"],
        ],
        stdin=message,
        env=git_environment(repository.extra_environment | identities, repo=repository.top),
    )
    if result.code:
        raise GitError(
            f"git could not sign a commit: {result.error_text}",
            hint="correct the key, or turn off commit.gpgSign: nothing was changed",
        )
    return result.text.strip()


def refuse_unsafe_rewrite(
    repository: Repository,
    ref: str | None,
    head: str,
    oldest: Sequence[str],
    overrides: Collection[str] = (),
) -> None:
    """Raise `RefusedError` if rewriting the `oldest` commits and all commits on top of them is not
    safe.

    It is not safe during an operation such as a rebase. It is also not safe if a remote branch or
    tag contains the commits (override: PUBLISHED), if another local branch contains them (SHARED),
    or if another person committed one of them (CLAIM). The hint names the override. There is none
    if StGit or Jujutsu would lose data.
    """
    operation = find_busy_operation(repository, ref)
    if operation:
        raise RefusedError(f"{operation.label} is in progress", hint=operation.hint)
    commits = list_commits_above(repository, ref, head, oldest) if oldest else ()
    refuse_managed_branch(repository, ref, commits)
    for commit in oldest:
        # ignore the sent/ tags of b4 and patchpilot, because the next version may differ from the
        # sent one
        if PUBLISHED in overrides:
            public = ""
        else:
            public = _find_containing_ref(
                repository,
                commit,
                ("--exclude=sent/*", "--tags", "--remotes"),
                ("refs/remotes", "refs/tags"),
            )
        if public:
            raise RefusedError(
                f"{commit[:12]} is already published in {_short_ref_name(public)}",
                hint=Hint(
                    (
                        (
                            "others may have based work on it: make a new commit instead, or, if"
                            " only you use the branch, "
                        ),
                        Action("", (f"--{PUBLISHED}",), "add {}"),
                    )
                ),
            )
        # StGit 0 keeps its record of a branch in a branch with the suffix .stgit
        own_refs = () if ref is None else (ref, f"{ref}.stgit")
        excluded = [f"--exclude={own_ref.removeprefix('refs/heads/')}" for own_ref in own_refs]
        if SHARED in overrides:
            other = ""
        else:
            other = _find_containing_ref(
                repository, commit, (*excluded, "--branches"), ("refs/heads",), own_refs
            )
        if other:
            raise RefusedError(
                f"{_short_ref_name(other)} also contains {commit[:12]}, and would keep the"
                " old commit",
                hint=Hint(
                    (
                        (
                            f"rebase it afterwards (git rebase --onto {quote(_short_ref_name(ref))}"
                            f" {head[:12]}"
                            f" {quote(_short_ref_name(other))}) and "
                        ),
                        Action("", (f"--{SHARED}",), "add {}"),
                    )
                ),
            )

    if oldest and CLAIM not in overrides:
        refuse_foreign_commits(repository, commits)


def refuse_foreign_commits(repository: Repository, ids: Sequence[str]) -> None:
    """Raise `RefusedError` if another person committed any of these commits.

    Rewriting would make the user the committer.
    """
    own_email = parse_ident(repository.committer)[0].email.lower()
    foreign = [
        commit
        for commit in map(repository.commit, ids)
        if commit.committer.email.lower() != own_email
    ]
    if foreign:
        count_note = f" (and {len(foreign) - 1} more by others)" if len(foreign) > 1 else ""
        raise RefusedError(
            f"{foreign[0].short} was committed by {foreign[0].committer}{count_note}",
            hint=Hint(
                (
                    "rewriting it makes you its committer; if that is right, ",
                    Action("", (f"--{CLAIM}",), "add {}"),
                    ", or for the cover letter of b4 run b4 prep --claim",
                )
            ),
        )


def _find_containing_ref(
    repository: Repository,
    commit: str,
    refs: Sequence[str],
    prefixes: Sequence[str],
    ignored: Collection[str] = (),
) -> str:
    """Return the first ref that contains the commit, or "".

    `refs` are arguments for rev-list, which walks from all refs at once. `for-each-ref --contains`
    takes seconds in a large repository, so it is only used to get the name.
    """
    if repository.git("rev-list", "--max-count=1", commit, "--not", *refs).text:
        return ""
    holders = repository.git(
        "for-each-ref", f"--contains={commit}", "--format=%(refname)", *prefixes
    ).text.split()
    return next(
        (
            name
            for name in holders
            if name not in ignored and not name.startswith("refs/tags/sent/")
        ),
        "",
    )


def move_branch_ref(
    repository: Repository, ref: str | None, new: str, old: str, reflog_message: str
) -> None:
    """Move a branch from `old` to `new`.

    `ref` is None for a detached HEAD. Raise `RefusedError` if the branch is not at `old`.
    """
    result = repository.git(
        "update-ref",
        "--create-reflog",
        "-m",
        reflog_message,
        *([] if ref else ["--no-deref"]),
        ref or "HEAD",
        new,
        old,
        ok=(),
    )
    if result.code:
        refuse_locked(repository, ref)
        reason = (result.error_text.splitlines() or ["git failed"])[-1]
        raise RefusedError(
            f"{_short_ref_name(ref)} could not be moved: {reason}",
            hint="nothing was changed; check the branch with `git log`, then try again",
        )


def apply_rewrite(
    repository: Repository,
    rewriting: RewriteResult,
    command: str,
    move_to: Callable[[Repository, str | None, str, str, str], None] = move_branch_ref,
) -> Undo | None:
    """Write the undo record, then move the branch or detached HEAD, and run the hooks for it.

    Return None if nothing changes.
    """
    if rewriting.old == rewriting.new:
        return None
    with run_rewrite_hooks(repository, rewriting.ref, rewriting.commits):
        copy_notes(repository, rewriting.commits)
        undo = record_undo(
            repository,
            rewriting.ref,
            rewriting.old,
            rewriting.new,
            command,
            rewriting.commits,
        )
        move_to(repository, rewriting.ref, rewriting.new, rewriting.old, f"patchpilot {command}")
    return undo


def _short_ref_name(ref: str | None) -> str:
    return re.sub(r"^refs/(?:heads|tags|remotes)/", "", ref) if ref else "HEAD"
