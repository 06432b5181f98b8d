# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask the user to trust code that runs during a build.

If the user trusts a tree, make runs in it. If this machine cannot confine make, this covers only
the code in the remote-tracking branches of its remotes, because the user chose to fetch them. Each
commit or merge of the range that is built must then be trusted separately, even if a branch of a
remote contains it.
"""

from collections.abc import Iterable
from pathlib import Path

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits import confinement
from patchpilot.commits.git_command import git
from patchpilot.commits.objects import EMPTY_TREE
from patchpilot.commits.private_config import (
    compute_digest,
    find_common_dir,
    is_trusted_command,
    make_trust_item,
    read_trusted_entries,
)
from patchpilot.commits.repository_identity import find_repository_identity, register_identity
from patchpilot.errors import GitError, MissingError
from patchpilot.model.action import Action, Hint, OwnCommand, UntrustedCommandsError
from patchpilot.model.patch import parse_diff
from patchpilot.model.printable import format_count, join_words
from patchpilot.resources import runs_in_ci

_BUILD_FILE = lazy_pattern(
    r"(?:.*/)?(?:Makefile|Kbuild|Kconfig)[^/]*|(?:.*/)?(?:scripts|tools)/.*"
    r"|.*\.(?:mk|sh|pl|py|awk)|(?:.*/)?(?:gen|mk|extract|relocs)[^/]*\.[ch]"
)
"""Files that a build is known to run. They are shown first as the reason of a question."""
_MAKE_CALL = lazy_pattern(r"\$\((?:shell|eval)|\$\((?:success|failure|if-success)")
"""Functions that run a command, in makefiles and in Kconfig (kconfig-macro-language.rst)."""
_BRANCHES = "refs/heads/"
_MOST_NAMES = 20
_CHANGES = "build files"


def make_build_trust_item(top: Path) -> OwnCommand:
    """Return the build of a tree as a command that the user can trust.

    The tree is identified by its path and by the identity of its repository, because its content
    changes with every commit. A repository without an identity gets one.
    """
    return _make_build_item(top, register_identity(find_common_dir(top)))


def is_build_trusted(top: Path) -> bool:
    """Return whether the user allows builds of a tree. Nothing is written."""
    item = _make_build_item(top, find_repository_identity(find_common_dir(top)))
    return is_trusted_command(item)


def _make_build_item(top: Path, identity: str) -> OwnCommand:
    text = (
        "make, with the Makefiles, Kconfig files and scripts of this tree and of every commit"
        " that is built"
    )
    return make_trust_item(top, "build", str(top / "Makefile"), text, identity.encode())


def list_build_changes(
    directory: Path, top: Path, commit: str, start: str | None = None
) -> tuple[OwnCommand, ...]:
    """Return the code of a commit that is not trusted with its tree, as trust items.

    This includes the code of its parent, because a build compiles it as well. There is none if this
    machine confines builds. The commit is in the repository at `directory`. Trust is stored for the
    tree at `top` and applies to all commits with the same files. `start` is the start of the range.
    """
    if confinement.find_confinement().is_complete:
        return ()
    base = find_trusted_base(directory, top, commit, start)
    parents = git(directory, "rev-parse", f"{commit}^@").text.split()[:1]
    items = (
        _find_build_change(directory, top, commit_id, base) for commit_id in (*parents, commit)
    )
    return tuple(dict.fromkeys(filter(None, items)))


def _find_build_change(directory: Path, top: Path, commit: str, base: str) -> OwnCommand | None:
    """Return the code that a commit has in addition to a trusted one, or None."""
    diff = git(directory, "diff-tree", "-p", "-r", "--text", "--no-renames", base, commit).text
    files = parse_diff(tuple(diff.split("\n")), 1).files
    if not files:
        return None
    changes = []
    for change in files:
        is_run = _BUILD_FILE.fullmatch(change.path)
        changes += [f"{change.path} changes"] if is_run else []
        changes += [
            f"{change.path}: {line.kind}{line.text}"
            for hunk in change.hunks
            for line in hunk.lines
            if line.kind in "+-" and (is_run or _MAKE_CALL.search(line.text))
        ]
    if not changes:
        names = [change.path for change in files[:_MOST_NAMES]]
        rest = format_count(len(files) - len(names), "other file") if files[_MOST_NAMES:] else ""
        changes = [f"a build can run code of {join_words([*names, *filter(None, [rest])])}"]
    tree = git(directory, "rev-parse", f"{commit}^{{tree}}").out.strip()
    return make_trust_item(top, _CHANGES, commit, "\n".join(changes), tree)


def find_trusted_base(directory: Path, top: Path, commit: str, start: str | None = None) -> str:
    """Return the latest commit that a branch of a configured remote of the tree at `top` contains.

    It is the start of the range or one of its ancestors; if no range is built, it is an ancestor of
    the commit. If there are no such branches, return the parent of the commit; if it has none,
    return the empty tree.

    In CI, there must be such a branch that does not contain the commit: the checkout can have refs
    for the request itself. If there is none, raise `MissingError`.
    """
    commit_and_parents = git(
        directory, "rev-list", "--parents", "--max-count=1", commit
    ).text.split()
    if len(commit_and_parents) < 2:
        return EMPTY_TREE
    is_ci = runs_in_ci()
    own_refs = _list_refs(top, "--contains", commit) if is_ci and not start else {}
    tips = {tip: None for ref, tip in _list_remote_branches(top).items() if ref not in own_refs}
    ancestor = start or commit_and_parents[1]
    base = git(directory, "merge-base", ancestor, *tips, ok=(0, 1)).text.strip() if tips else ""
    if is_ci and not base:
        limits = confinement.find_confinement()
        raise MissingError(
            f"{limits.describe()}, and no branch of a remote contains the base of the commits, so"
            " in CI no code is trusted",
            hint=f"{limits.remedy}; or fetch the target branch into refs/remotes, and check"
            " TARGET..HEAD",
        )
    return base or (EMPTY_TREE if tips else commit_and_parents[1])


def _list_remote_branches(top: Path) -> dict[str, str]:
    """Map the refs of the branches of configured remotes to their commits.

    Refs that nothing is configured to fetch, or that are fetched from other refs than branches
    (such as pull requests), are not included.
    """
    settings = git(
        top, "config", "--get-regexp", r"^remote\..*\.fetch$", ok=(0, 1)
    ).text.splitlines()
    specs = [setting.partition(" ")[2].lstrip("+") for setting in settings]
    of_branches = [spec for spec in specs if spec.startswith(_BRANCHES)]
    others = [spec for spec in specs if not spec.startswith((_BRANCHES, "^"))]
    return {
        ref: tip
        for ref, tip in _list_refs(top).items()
        if any(_fetches_into(spec, ref) for spec in of_branches)
        and not any(_fetches_into(spec, ref) for spec in others)
    }


def _list_refs(top: Path, *conditions: str) -> dict[str, str]:
    """Map remote-tracking refs to their commits; return none if a commit is unknown."""
    options = "--format=%(refname) %(objectname)", *conditions
    refs = git(top, "for-each-ref", *options, "refs/remotes", ok=(0, 128, 129)).text
    rows = (line.partition(" ") for line in refs.splitlines())
    return {name: tip for name, _, tip in rows}


def _fetches_into(refspec: str, ref: str) -> bool:
    """Return whether a refspec such as `refs/heads/*:refs/remotes/origin/*` can update a ref."""
    before, star, after = refspec.partition(":")[2].partition("*")
    if not star:
        return ref == before
    return len(ref) >= len(before) + len(after) and ref.startswith(before) and ref.endswith(after)


def refuse_untrusted_build(top: Path) -> None:
    """Raise `UntrustedCommandsError` unless the user allows builds of this tree."""
    if is_build_trusted(top):
        return
    command = make_build_trust_item(top)
    target = () if Path.cwd().is_relative_to(top) else (str(top),)
    show_command = Action("trust", ("--build", *target), "if you would run `make` in it: `{}`")
    message = f"building runs code of the tree, and {top} is not trusted for that yet"
    raise UntrustedCommandsError(message, hint=Hint((show_command,)), commands=(command,))


def refuse_unconfined(commands: Iterable[OwnCommand]) -> None:
    """Raise an error if the user does not trust code that this machine cannot confine.

    This is `MissingError` in CI, where nobody can answer, and otherwise `UntrustedCommandsError`.
    """
    trusted = read_trusted_entries()
    untrusted = tuple(command for command in commands if command.digest not in trusted)
    if not untrusted:
        return
    limits = confinement.find_confinement()
    message = f"{limits.describe()}, and no trusted branch contains the code to build"
    if runs_in_ci():
        raise MissingError(message, hint=limits.remedy)
    trust = Action("trust", ("--build-changes", "RANGE"), "`{}` shows and trusts it; ")
    parts = (*([trust] if any(item.name == _CHANGES for item in untrusted) else ()), limits.remedy)
    raise UntrustedCommandsError(message, hint=Hint(parts), commands=untrusted)


def refuse_unconfined_script(top: Path, script: str, content: bytes) -> None:
    """Raise an error like `refuse_unconfined` for a script of the tree at `top`.

    A script that a branch of a remote contains in the same form is trusted.
    """
    if confinement.find_confinement().is_complete:
        return
    try:
        branches = _list_remote_branches(top)
        item = make_trust_item(top, script, str(top / script), "the script as it is now", content)
    except GitError:
        branches, label = {}, f"{top}: {script}"
        digest = compute_digest(((label, content),))
        item = OwnCommand(script, str(top / script), "the script as it is now", digest, label)
    for branch in branches.values():
        blob = git(top, "cat-file", "blob", f"{branch}:{script}", ok=(0, 128))
        if blob.code == 0 and blob.out == content:
            return
    refuse_unconfined((item,))
