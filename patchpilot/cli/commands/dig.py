# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot dig`: find the thread in which a commit was posted."""

from patchpilot.cli.options import Common, common_options, progress_of
from patchpilot.cli.verb_command import argument, option, verb


@verb(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot dig HEAD\n"
        "  patchpilot dig HEAD --mails\n"
        "  patchpilot dig HEAD --lore https://lore.kernel.org/netdev"
    )
)
@common_options("text", "json")
@option("--mails", "with_mails", is_flag=True, help="show the text of each reply")
@option(
    "--fresh", is_flag=True, help="do not use cached answers of the last ten minutes"
)
@option(
    "--lore",
    metavar="URL|PATH",
    help=(
        "archive to query: a URL, or a public-inbox directory, maildir or mbox  [default:"
        " patchpilot.lore or https://lore.kernel.org/all]"
    ),
)
@argument("commit")
def command(
    common: Common, with_mails: bool, fresh: bool, lore: str | None, commit: str
) -> int:
    """Find the thread in which COMMIT was posted, with its versions, reviews and backports.

    The archive is searched for the messages that the commit links to, then for its patch-id, its
    subject and author, and the files that it changes. For a commit of a stable branch, the search
    is for the upstream commit that it names.
    """
    from patchpilot.services.track.dig_commit import dig
    from patchpilot.topic.archive_target import archive_setting
    from patchpilot.topic.followed.follow_series import default_archive

    with common.workplace() as place, progress_of(common) as progress:
        found = dig(
            place.repository,
            commit,
            lore=lore or archive_setting(common.repo),
            fresh=fresh,
            archive_at=default_archive(
                offline=common.offline, progress=progress, where=common.repo
            ),
            progress=progress,
        )
    if common.format == "json":
        from patchpilot.cli.output.json_document import document

        common.write(document("dig", found))
    else:
        from patchpilot.cli.output.dig_text import dig_text

        common.write(dig_text(found, room=common.room, with_mails=with_mails))
    return 0
