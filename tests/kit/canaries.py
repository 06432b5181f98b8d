# SPDX-License-Identifier: GPL-2.0-or-later
"""Create a repository with a canary command in each configuration key that can run one.

Each canary logs its name when it runs.
"""

import os
import time
from pathlib import Path

from tests.kit.repos import Repo
from tests.kit.topics import SIGNED

_FILTERS = "#!/bin/sh\necho '{name}' >>'{log}'\n{then}\n"
_HOOKS = [
    "applypatch-msg",
    "pre-applypatch",
    "post-applypatch",
    "pre-commit",
    "pre-merge-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "pre-rebase",
    "post-checkout",
    "post-merge",
    "pre-push",
    "post-rewrite",
    "post-index-change",
    "reference-transaction",
    "sendemail-validate",
    "pre-auto-gc",
]


class Canaries:
    """Commands that log their name when they run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self._log = folder / "log"

    def command(self, name: str, next_command: str = "cat") -> str:
        """Return a shell command that logs `name` and then runs `next_command`."""
        file = self.folder / name.replace("/", "-")
        file.write_text(_FILTERS.format(name=name, log=self._log, then=next_command))
        file.chmod(0o755)
        return str(file)

    @property
    def executed_names(self) -> set[str]:
        """Return the names of the commands that ran since the last `reset`."""
        return set(self._log.read_text().split()) if self._log.exists() else set()

    def reset(self) -> None:
        self._log.unlink(missing_ok=True)

    def set_config_canaries(self, repo: Repo, *, process: bool = True) -> None:
        """Set every configuration key that can run a command to a canary.

        If `process` is set, also set a filter process that does not implement git's protocol, so
        that git fails.
        """
        hooks = self.folder / "hooks"
        hooks.mkdir()
        for hook in _HOOKS:
            (hooks / hook).symlink_to(self.command(f"hook.{hook}", "exit 0"))
        for key, next_command in _commands_by_config_key().items():
            if key == "filter.piped.process" and not process:
                continue
            repo.git("config", key, self.command(key, next_command))
        for key, value in {
            "core.hooksPath": str(hooks),
            "filter.run.required": "true",
            "alias.log": f"!{self.command('alias')}",
            "alias.status": f"!{self.command('alias')}",
            "protocol.ext.allow": "always",
            "remote.far.url": f"ext::{self.command('remote.ext')}",
            "remote.far.promisor": "true",
            "remote.far.partialclonefilter": "blob:none",
            "remote.near.url": str(repo.path),
            "remote.near.promisor": "true",
            "submodule.sub.url": f"ext::{self.command('submodule.url')}",
            "submodule.sub.update": f"!{self.command('submodule.update')}",
            "submodule.sub.active": "true",
            "submodule.recurse": "true",
            "log.showSignature": "true",
            "diff.piped.cachetextconv": "false",
        }.items():
            repo.git("config", key, value)
        (repo.path / ".git" / "info" / "attributes").write_text(
            "*.c filter=run diff=run merge=run\n*.h filter=piped diff=piped merge=union\n"
        )
        self.touch(repo.path)

    def add_submodule_canaries(self, repo: Repo) -> None:
        """Add a modified submodule with canaries in its configuration.

        The repository's settings make git examine the submodule whenever possible.
        """
        submodule = Repo(repo.path / "sub")
        submodule.commit("sub: start\n", {"s.c": "int s;\n"})
        config_command = ("config", "--file", ".gitmodules")
        repo.git(*config_command, "submodule.inner.path", "sub")
        repo.git(*config_command, "submodule.inner.url", "./sub")
        repo.git(*config_command, "submodule.inner.ignore", "none")
        repo.commit(f"frob: use a submodule\n\nIt is needed.\n\n{SIGNED}")
        repo.commit(
            f"frob: add a file\n\nIt was missing.\n\n{SIGNED}",
            {"more.c": "int more;\n"},
        )
        for key, value in {
            "commit.verbose": "2",
            "diff.ignoreSubmodules": "none",
            "diff.submodule": "diff",
            "fetch.recurseSubmodules": "true",
            "status.submoduleSummary": "true",
            "submodule.inner.active": "true",
            "submodule.inner.ignore": "none",
            "submodule.inner.url": "./sub",
            "submodule.recurse": "true",
        }.items():
            repo.git("config", key, value)
        hooks = self.folder / "inner hooks"
        hooks.mkdir()
        for hook in _HOOKS:
            (hooks / hook).symlink_to(self.command(f"inner.hook.{hook}", "exit 0"))
        submodule.git("config core.hooksPath", str(hooks))
        for key, next_command in _commands_by_config_key().items():
            if key != "filter.piped.process":
                submodule.git("config", key, self.command(f"inner.{key}", next_command))
        (submodule.path / ".git/info/attributes").write_text("*.c filter=run diff=run merge=run\n")
        self.touch(submodule.path)

    def touch(self, folder: Path) -> None:
        """Set the files' modification times to the future, so that git runs its clean filters on
        them.
        """
        mtime = max(time.time(), *(file.stat().st_mtime for file in folder.glob("*.[ch]"))) + 10
        for file in folder.glob("*.[ch]"):
            os.utime(file, (mtime, mtime))


def _commands_by_config_key() -> dict[str, str]:
    """Map each configuration key to the command that its canary runs after logging its name."""
    return {
        "filter.run.clean": "cat",
        "filter.run.smudge": "cat",
        "filter.piped.process": "exit 1",
        "diff.run.textconv": 'cat "$1"',
        "diff.piped.textconv": 'cat "$1"',
        "diff.run.command": "exit 0",
        "diff.external": "exit 0",
        "merge.run.driver": "exit 1",
        "merge.union.driver": "exit 1",
        "core.fsmonitor": "exit 1",
        "core.sshCommand": "exit 1",
        "core.editor": "exit 0",
        "core.pager": "cat",
        "core.askPass": "exit 1",
        "core.gitProxy": "exit 1",
        "core.alternateRefsCommand": "exit 0",
        "sequence.editor": "exit 0",
        "pager.log": "cat",
        "gpg.program": "exit 1",
        "gpg.ssh.program": "exit 1",
        "gpg.ssh.defaultKeyCommand": "exit 1",
        "credential.helper": "exit 0",
        "uploadpack.packObjectsHook": '"$@"',
        "remote.near.uploadpack": "exit 1",
        "remote.near.receivepack": "exit 1",
        "trailer.sign.command": "exit 0",
        "interactive.diffFilter": "cat",
        "tar.tar.gz.command": "cat",
        "difftool.run.cmd": "exit 0",
        "mergetool.run.cmd": "exit 0",
        "b4.send-auto-to-cmd": "exit 0",
        "b4.send-auto-cc-cmd": "exit 0",
        "b4.prep-perpatch-check-cmd": "exit 0",
    }


def create_conflicting_patches(path: Path, end: str = "   ") -> Repo:
    """Create two commits that change files that a stable branch also changes.

    Changed lines end with this text.
    """
    repo = Repo(path)
    lines = [f"int line{number};\n" for number in range(30)]
    files = {
        "frob.c": "".join(lines),
        "frob.h": "".join(lines),
        "Makefile": "VERSION = 6\nPATCHLEVEL = 1\n",
        "MAINTAINERS": _MAINTAINERS,
    }
    repo.commit(f"frob: begin\n\n{SIGNED}", files)
    repo.tag("v6.1")
    repo.branch("linux-6.1.y")
    repo.commit(
        f"frob: change what stable has\n\n{SIGNED}",
        {name: "int more;\n" + files[name] for name in ("frob.c", "frob.h")},
    )
    repo.git("update-ref refs/remotes/stable/linux-6.1.y HEAD")
    repo.checkout("master")
    lines[20] = "int broken;\n"
    culprit = repo.commit(
        f"frob: break line 20\n\n{SIGNED}",
        {"frob.c": "".join(lines), "frob.h": "".join(lines)},
    )
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.branch("topic")
    repo.git("branch -q -u master")
    for number, name in ((1, "frob.c"), (2, "frob.h")):
        lines[20] = f"long mended{number};{end}\n"
        reason = (
            f'It crashes and always did.\n\nFixes: {culprit[:12]} ("frob: break line 20")\n{SIGNED}'
        )
        repo.commit(f"frob: fix line 20 of file {number}\n\n{reason}", {name: "".join(lines)})
    return repo


_MAINTAINERS = """List of maintainers
===================

Maintainers List
----------------

FROB
M:\tMax Keeper <max@example.org>
L:\tfrob@lists.example.org
S:\tMaintained
F:\tfrob.*
"""
