# SPDX-License-Identifier: GPL-2.0-or-later
"""Assigns the options of each verb to sections of its help.

This is the only such table, for --help, the man pages and the documentation.
"""

from collections.abc import Iterable, Iterator

Sections = tuple[tuple[str, tuple[str, ...]], ...]

_REPOSITORY = (
    "Repository",
    ("repo", "tree", "profile", "base", "explain_base", "offline"),
)
_OUTPUT = ("Output", ("format", "json", "output", "quiet", "verbose", "color"))
_HELP = ("Help", ("short_help_", "help_"))
LONG_ONLY = frozenset(("Repository", "Output", "Advanced"))
"""Sections that only --help shows."""

SECTIONS: dict[str, Sections] = {
    "check": (
        (
            "What to check",
            (
                "base",
                "whole_files",
                "tree",
                "repo",
                "profile",
                "kernel",
            ),
        ),
        (
            "Selection",
            (
                "strict",
                "select",
                "ignore",
                "since_version",
                "fail_on",
                "max_line_length",
            ),
        ),
        ("Fixing", ("fix", "diff", "unsafe_fixes", "published", "shared", "claim")),
        ("Suppression", ("waive", "unwaive", "baseline", "write_baseline")),
        (
            "Output",
            (
                "format",
                "json",
                "output",
                "quiet",
                "verbose",
                "color",
            ),
        ),
        (
            "Advanced",
            (
                "explain_base",
                "config_from",
                "data",
                "jobs",
                "build",
                "checkers",
                "checkpatch",
                "checkpatch_compat",
                "offline",
            ),
        ),
    ),
    "maintainers": (
        ("Recipients", ("per_patch", "brief", "security")),
        (
            "Changes, remembered for the topic",
            ("add_to", "add_cc", "drop", "restore", "reset"),
        ),
    ),
    "fixes": (("Search", ("limit", "bisect_log", "verify")),),
    "stable": (("The line", ("fixes",)),),
    "backport": (
        ("Branches", ("onto", "fixes", "effort")),
        ("Patches to send", ("folder", "signoff", "note", "in_reply_to", "request")),
        ("Conflicts and builds", ("adapt", "resolve", "build")),
        ("Exit code", ("fail_on",)),
    ),
    "prepare": (
        (
            "Tags",
            (
                "fixes",
                "stable",
                "regression",
                "signoff",
                "trailers",
                "no_fix",
            ),
        ),
        ("Writing", ("dry_run", "yes", "published", "shared", "claim")),
    ),
    "trailers": (
        (
            "Writing",
            (
                "changed",
                "fuzzy",
                "again",
                "also",
                "dry_run",
                "yes",
                "published",
                "shared",
                "claim",
            ),
        ),
    ),
    "send": (
        ("Before sending", ("dry_run", "to_self", "outbox", "yes")),
        ("Version", ("version", "reroll", "range_diff", "resend")),
        ("Recipients", ("to", "cc", "no_auto")),
        (
            "Mails",
            ("subject_prefix", "cover_letter", "in_reply_to", "security", "regression"),
        ),
        ("Transport", ("via", "identity")),
        ("Problems", ("resume", "unknown", "drop", "force")),
    ),
    "draft": (
        (
            "Texts",
            (
                "edit",
                "cover_subject",
                "text",
                "changelog",
                "notes",
                "compile_tested",
                "export_to",
                "imported",
            ),
        ),
        ("Next version", ("prefix", "version", "in_reply_to", "ping")),
        ("Reset", ("forget", "no_b4")),
    ),
}


def sections_of(
    verb: str, options: Iterable[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the sections of a verb in order, each with those of its options that the verb has.

    Options that are in no section form the first one.
    """
    names = list(options)
    own = SECTIONS.get(verb, ())
    taken = {key for _, keys in own for key in keys}
    shared = tuple(
        (title, tuple(key for key in keys if key not in taken))
        for title, keys in (_REPOSITORY, _OUTPUT, _HELP)
    )
    every = (
        *own,
        *(
            section
            for section in shared
            if section[0] not in {title for title, _ in own}
        ),
    )
    known = {key for _, keys in every for key in keys}
    if rest := tuple(name for name in names if name not in known):
        yield "Options", rest
    for title, keys in every:
        if present := tuple(key for key in keys if key in names):
            yield title, present
