# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot find`: find the commits that may fix a symptom, or the thread of a commit."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.cli.options import Common, common_options, progress_of
from patchpilot.cli.verb_command import argument, option, verb
from patchpilot.errors import ExitCode, InputError, findings_exit

if TYPE_CHECKING:
    from patchpilot.topic.workplace import Workplace

_MAX_LOG = 1 << 20


@verb(
    epilog=(
        "\b\nExamples:\n"
        "  dmesg | patchpilot find - --in v6.1\n"
        "  patchpilot find 'mpt2sas0: _ctl_do_mpt_command: timeout'\n"
        "  patchpilot find drivers/net/acme.c --in stable/linux-6.1.y\n"
        "  patchpilot find HEAD --mails"
    )
)
@common_options("text", "json")
@option(
    "--in",
    "within",
    metavar="REV",
    help="version with the bug  [default: the version that the log names, or HEAD]",
)
@option(
    "--mails", "with_mails", is_flag=True, help="COMMIT: show the text of each reply"
)
@option(
    "--lore",
    metavar="URL|PATH",
    help=(
        "archive to query: a URL, or a public-inbox directory, maildir or mbox  [default:"
        " patchpilot.lore or https://lore.kernel.org/all]"
    ),
)
@argument("what")
def command(
    common: Common,
    within: str | None,
    with_mails: bool,
    lore: str | None,
    what: str,
) -> int:
    """Find the commits of mainline that may fix WHAT, or the thread in which a commit was posted.

    WHAT is a symptom: a file with the output of dmesg (`-`: standard input), a message of a driver,
    the '<message-id>' of a report, a function, or a source file. The commits since REV are ranked:
    it is a short list to try. The exit code is 1 if no commit fits.

    If WHAT is a commit, the archive is searched for the messages that the commit links to, then for
    its patch-id, its subject and author, and the files that it changes. For a commit of a stable
    branch, the search is for the upstream commit that it names.
    """
    from patchpilot.services.find.find_fix import is_commit

    with common.workplace() as place:
        text = _symptom_text(place, what, lore)
        if text is None and is_commit(place.repository, what):
            return _posted(common, place, what, lore, with_mails=with_mails)
        return _fixes(common, place, text or what, within or "")


def _symptom_text(place: "Workplace", what: str, lore: str | None) -> str | None:
    """Return the text of a log or message; None for the name of a commit, function or file."""
    from patchpilot.services.find.find_fix import report_text

    if what == "-":
        return sys.stdin.buffer.read(_MAX_LOG).decode("utf-8", "replace")
    if what.startswith(("<", "http://", "https://")):
        return report_text(what, lore, offline=place.offline, where=place.repo)
    file = Path(what)
    repository = place.repository
    tracked = repository.find("HEAD") and repository.blob("HEAD", what) is not None
    if tracked or not file.is_file():
        return None
    try:
        with file.open("rb") as stream:
            return stream.read(_MAX_LOG).decode("utf-8", "replace")
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror or error}") from error


def _fixes(common: Common, place: "Workplace", what: str, tree: str) -> int:
    from patchpilot.services.find.find_fix import find_fixes, read_symptom

    with progress_of(common) as progress:
        found = find_fixes(
            place.repository,
            read_symptom(place.repository, what),
            tree=tree,
            profile=place.settings().get("profile"),
            progress=progress,
        )
    if common.format == "json":
        from patchpilot.cli.output.json_document import document

        common.write(document("find", found))
    else:
        from patchpilot.cli.output.find_text import fixes_text

        common.write(fixes_text(found), fold=True)
    return findings_exit(not found.fits)


def _posted(
    common: Common,
    place: "Workplace",
    commit: str,
    lore: str | None,
    *,
    with_mails: bool,
) -> int:
    from patchpilot.services.track.posted_commit import find_posted
    from patchpilot.topic.archive_target import archive_setting
    from patchpilot.topic.followed.follow_series import default_archive

    with progress_of(common) as progress:
        found = find_posted(
            place.repository,
            commit,
            lore=lore or archive_setting(common.repo),
            archive_at=default_archive(
                offline=common.offline, progress=progress, where=common.repo
            ),
            progress=progress,
        )
    if common.format == "json":
        from patchpilot.cli.output.json_document import document

        common.write(document("find", found))
    else:
        from patchpilot.cli.output.find_text import posted_text

        common.write(posted_text(found, room=common.room, with_mails=with_mails))
    return ExitCode.OK
