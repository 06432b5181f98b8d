# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask the user to trust code that runs during a build.

If the user trusts a tree, this covers the build files in its remote-tracking branches, because the
user chose to fetch them. Changes by local commits or merges must be trusted separately.
"""

from pathlib import Path

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.private_config import is_trusted_command, make_trust_item
from patchpilot.commits.run import git
from patchpilot.model.action import Action, Hint, OwnCommand, UntrustedCommandsError
from patchpilot.model.patch import parse_diff

_BUILD_FILE = lazy_pattern(
    r"(?:.*/)?(?:Makefile|Kbuild|Kconfig)[^/]*|(?:.*/)?(?:scripts|tools)/.*"
    r"|.*\.(?:mk|sh|pl|py|awk)|(?:.*/)?(?:gen|mk|extract|relocs)[^/]*\.[ch]"
)
"""Files that a build runs, including the sources of host programs."""
_MAKE_CALL = lazy_pattern(r"\$\((?:shell|eval)|\$\((?:success|failure|if-success)")
"""Functions that run a command, in makefiles and in Kconfig (kconfig-macro-language.rst)."""
_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def make_build_trust_item(top: Path) -> OwnCommand:
    """Return the build of a tree as a command that the user can trust.

    The tree is identified by its path, because its content changes with every commit.
    """
    text = (
        "make, with the Makefiles, Kconfig files and scripts of this tree and of every commit"
        " that is built"
    )
    return make_trust_item(top, "build", str(top / "Makefile"), text)


def find_build_change(directory: Path, top: Path, commit: str) -> OwnCommand | None:
    """Return a commit's changes to code that runs during a build, as a trust item.

    Return None if there are none. The commit is in the repository at `directory`. Trust is stored
    for the tree at `top` and applies to all commits that change the same lines.
    """
    base = find_trusted_base(directory, top, commit)
    diff = git(
        directory, "diff-tree", "-p", "-r", "--text", "--no-renames", base, commit
    ).text
    changes = []
    for change in parse_diff(tuple(diff.split("\n")), 1).files:
        is_run = _BUILD_FILE.fullmatch(change.path)
        changes += [f"{change.path} changes"] if is_run else []
        changes += [
            f"{change.path}: {line.kind}{line.text}"
            for hunk in change.hunks
            for line in hunk.lines
            if line.kind in "+-" and (is_run or _MAKE_CALL.search(line.text))
        ]
    text = "\n".join(changes)
    return make_trust_item(top, "build files", commit, text) if text else None


def find_trusted_base(directory: Path, top: Path, commit: str) -> str:
    """Return the latest ancestor of a commit that is on a remote branch of the tree at `top`.

    If there are no remote branches, return the parent of the commit; if it has none, return the
    empty tree.
    """
    commit_and_parents = git(
        directory, "rev-list", "--parents", "--max-count=1", commit
    ).text.split()
    if len(commit_and_parents) < 2:
        return _EMPTY_TREE
    refs = git(top, "for-each-ref", "--format=%(objectname)", "refs/remotes")
    tips = dict.fromkeys(refs.text.split())
    if not tips:
        return commit_and_parents[1]
    base = git(directory, "merge-base", commit_and_parents[1], *tips, ok=(0, 1)).text
    return base.strip() or _EMPTY_TREE


def refuse_untrusted_build(top: Path) -> None:
    """Raise `UntrustedCommandsError` unless the user allows builds of this tree."""
    command = make_build_trust_item(top)
    if is_trusted_command(command):
        return
    target = () if Path.cwd().is_relative_to(top) else (str(top),)
    show_command = Action(
        "trust", ("--build", *target), "if you would run `make` in it: `{}`"
    )
    message = f"building runs code of the tree, and {top} is not trusted for that yet"
    raise UntrustedCommandsError(
        message, hint=Hint((show_command,)), commands=(command,)
    )
