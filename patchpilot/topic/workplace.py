# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide each command with its repository, tree and settings."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.errors import GitError, MissingError

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository
    from patchpilot.commits.tree_readers import DirectoryTree
    from patchpilot.config import Settings
    from patchpilot.errors import PatchpilotError
    from patchpilot.model.patch import Series
    from patchpilot.settings.source import Source


class Workplace:
    """The repository, the tree and the settings of one command.

    Close it, or use it as a context manager. `repo` and `tree` are directories named by the caller;
    `profile` is the project named on the command line. `explain` is called with each line that
    explains the choice of the base. `warn` is called once with each setting in git's configuration
    whose name is unknown, but similar to the name of a setting that the command reads. Without
    `uses_repository`, settings and rules are not read from any repository, even if there is one.
    """

    def __init__(
        self,
        repo: Path | None = None,
        tree: Path | None = None,
        *,
        profile: str | None = None,
        offline: bool = False,
        explain: Callable[[str], None] | None = None,
        uses_repository: bool = True,
        warn: "Callable[[PatchpilotError], None] | None" = None,
    ) -> None:
        self.repo, self.tree, self.profile, self.offline = repo, tree, profile, offline
        self._explain, self._uses_repository = explain, uses_repository
        self._warn, self._warned = warn, set[str]()
        self._opened: Repository | None = None
        self._missing: MissingError | None = None

    def __enter__(self) -> "Workplace":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the git processes that read the repository."""
        if self._opened:
            self._opened.close()
            self._opened = None

    def forget(self) -> None:
        """Open the repository again on next use, in a process that was forked."""
        self._opened = None

    @property
    def repository(self) -> "Repository":
        """Return the repository, opened on first use; raise MissingError if there is none."""
        if self._missing:
            raise self._missing
        if self._opened is None:
            from patchpilot.commits.repository import Repository

            try:
                self._opened = Repository.open(self.repo)
            except MissingError as error:
                self._missing = error
                raise
        return self._opened

    def repository_if_any(self) -> "Repository | None":
        """Return the repository, or None if there is none.

        Also return None if the command uses no repository. Raise MissingError if the user named a
        directory that does not exist.
        """
        if not self._uses_repository:
            return None
        try:
            return self.repository
        except MissingError as error:
            if self.repo and (isinstance(error, GitError) or not self.repo.is_dir()):
                raise
            return None

    def source_tree(self, *, or_working_tree: bool = False) -> "DirectoryTree | None":
        """Return the named unpacked tree, or None.

        With `or_working_tree`, return the working tree if no tree was named.
        """
        repository = self.repository_if_any() if or_working_tree and self.tree is None else None
        directory = repository.top if repository else self.tree
        if directory is None:
            return None
        from patchpilot.commits.tree_readers import DirectoryTree

        return DirectoryTree(directory)

    def source(self) -> "Source | None":
        """Return the source of the tree's settings: the named tree, or the working tree."""
        from patchpilot.settings.source import find_settings_source

        return find_settings_source(self.repository_if_any(), self.tree)

    def settings(
        self,
        flags: Mapping[str, str | None] | None = None,
        source: "Source | None" = None,
    ) -> "Settings":
        """Return the effective settings; if some are invalid, raise the error for the first of
        them.
        """
        from patchpilot.settings.read_settings import read_settings

        settings = read_settings(
            self.repository_if_any(),
            source=source or self.source(),
            flags={"profile": self.profile, **(flags or {})},
        )
        return settings._replace(report=self._warn_once)

    def _warn_once(self, warning: "PatchpilotError") -> None:
        if self._warn and warning.message not in self._warned:
            self._warned.add(warning.message)
            self._warn(warning)

    def settings_with_problems(self) -> "tuple[Settings, list[PatchpilotError]]":
        """Return the settings and the problems; invalid settings have their default values.

        Commands use this if they report the problems themselves.
        """
        from patchpilot.settings.read_settings import read_settings, read_user_settings

        problems: list[PatchpilotError] = []
        flags = {"profile": self.profile}
        repository = self.repository_if_any()
        if repository is None and self.tree is None:
            return read_user_settings(problems=problems, flags=flags), problems
        return (
            read_settings(repository, source=self.source(), flags=flags, problems=problems),
            problems,
        )

    def verify_profile(self) -> None:
        """Raise UsageError with the nearest name if neither patchpilot nor the settings define the
        project named on the command line.

        Untrusted or broken files of projects raise no error here: the commands that need them
        report these.
        """
        from patchpilot.errors import PackError
        from patchpilot.projects.loading import find_project, projects
        from patchpilot.settings.tree_data import UntrustedError

        if not self.profile or self.profile in projects():
            return
        _, problems = self.settings_with_problems()
        if not any(isinstance(problem, (PackError, UntrustedError)) for problem in problems):
            find_project(self.profile)

    def base(
        self,
        settings: "Settings",
        base_name: str | None,
        targets: Sequence[str | None] = (),
    ) -> str | None:
        """Return the base that the caller or the settings name.

        If the user requested an explanation, print it.
        """
        base = base_name or settings.get("base") or None
        if self._explain:
            for line in self._explain_base(base, [target for target in targets if target]):
                self._explain(line)
        return base

    def _explain_base(self, base_name: str | None, targets: Sequence[str]) -> Sequence[str]:
        repository = self.repository_if_any()
        if targets or repository is None:
            return [
                "base: not searched:"
                f" {' '.join(targets) + ' names the patches' if targets else 'no repository'}"
            ]
        from patchpilot.history.stable_branches import find_mainline
        from patchpilot.topic.base import find_base, find_likeliest_bases

        mainline = find_mainline(repository)
        no_mainline = (
            "mainline: none: no remote has a branch called master or main; `git config"
            " patchpilot.mainline REF` sets it"
        )

        base = find_base(repository, base_name)
        return [
            *base.explain(),
            *(
                f"  also possible: {other.name}, {other.counted_commits}: {other.reason}"
                for other in find_likeliest_bases(repository, base_name)
                if other.start != base.start
            ),
            *(mainline.explain() if mainline else (no_mainline,)),
        ]

    def from_archive(self, target: str) -> "Series":
        """Return the series that contains a message, given its Message-ID or URL.

        A URL names the archive from which the series is read; for a Message-ID, it is the
        configured archive.
        """
        from patchpilot.topic.archive_target import (
            fetch_named_series,
            read_archive_setting,
        )

        return fetch_named_series(
            target,
            lore=read_archive_setting(self.repo),
            offline=self.offline,
            directory=self.repo,
        )
