# SPDX-License-Identifier: GPL-2.0-or-later
"""Follow a series in an archive. Tests add messages and read its state and next step."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from patchpilot.archive.open_archive import open_archive
from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.model.action import actions_in_advice
from patchpilot.model.mail import parse_mail
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.threads.tracked import Tracked
from patchpilot.tracking.follow_series import track_named_series
from patchpilot.tracking.poll_archives import UpdateRequest
from patchpilot.tracking.update_series import update_tracked_series
from tests.kit.archive import FilledArchive, serve_archive
from tests.kit.mails import START
from tests.kit.trees import Trees


class FollowedArchive:
    """A series in an archive, and a kernel tree."""

    def __init__(self, folder: Path, archive: FilledArchive) -> None:
        self.trees = Trees(folder / "r")
        self._place, self._archive = folder, archive
        self._now = START
        self.followed = False

    def add_and_wait(self, *mails: bytes, days: float = 0) -> tuple[str, str]:
        """Add messages, let this many days pass, and return the state and next step."""
        series = self.update(*mails, days=days)
        return str(series.state), series.next_step

    def update(self, *mails: bytes, days: float = 0) -> Tracked:
        """Add messages, let this many days pass, and return the series."""
        self._archive.add(*mails)
        mail_dates = [date for mail in mails if (date := parse_mail(mail).date)]
        self._now = max([self._now, *mail_dates]) + timedelta(days=days, minutes=1)
        with (
            Store(self._place / "track.sqlite") as store,
            Repository.open(self.trees.repo.path) as repository,
        ):
            store.reader.now = self._now
            if not self.followed:
                series = self._track(parse_mail(mails[0]).message_id, store, repository)
                self.followed = True
            else:
                request = UpdateRequest((1,), fresh=True)
                (series,) = update_tracked_series(
                    request, store=store, archive_at=open_archive, repository=repository
                )
            assert series.posted
            for patch in series.posted.patches:
                assert patch.proof.date or patch.proof.message_id or patch.proof.commit, (
                    f"no proof for {patch.title}"
                )
            self.series = series
            return series

    def add(self, *mails: bytes) -> None:
        self._archive.add(*mails)

    def track(self, message_id: str, progress: Progress = ignore_progress) -> Tracked:
        """Track the series of a message in the archive."""
        with (
            Store(self._place / "track.sqlite") as store,
            Repository.open(self.trees.repo.path) as repository,
        ):
            return self._track(message_id, store, repository, progress)

    def _track(
        self,
        message_id: str,
        store: Store,
        repository: Repository,
        progress: Progress = ignore_progress,
    ) -> Tracked:
        (series,) = track_named_series(
            message_id,
            lore=self._archive.url,
            store=store,
            archive_at=open_archive,
            repository=repository,
            progress=progress,
        )
        return series

    @property
    def patches(self) -> list[str]:
        assert self.series.posted
        return [str(patch.state) for patch in self.series.posted.patches]

    @property
    def branches(self) -> dict[str, str]:
        return {branch.version: branch.words for branch in self.series.about.stable}

    @property
    def commands(self) -> list[str]:
        return [action.command for action in actions_in_advice(self.series.step.advice)]


@contextmanager
def open_followed_archive(
    folder: Path, archive_kind: str = "stand-in"
) -> Iterator[FollowedArchive]:
    """Yield an empty archive of this kind, which is one of SERVED."""
    with serve_archive(archive_kind, folder / "inbox") as archive:
        yield FollowedArchive(folder, archive)


def convert_days_to_minutes(number: float) -> int:
    return int(number * 1440)
