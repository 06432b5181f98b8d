# SPDX-License-Identifier: GPL-2.0-or-later
"""Test parsing a bisect log."""

from patchpilot.tags.bisect_log import parse_bisection
from patchpilot.tags.message_evidence import find_commit_ids


def test_first_bad_commit_is_blamed() -> None:
    assert (
        find_commit_ids("# first bad commit: [0123456789abcdef0123456789abcdef01234567] x")[
            "0123456789abcdef0123456789abcdef01234567"
        ]
        == 1.0
    )
    for command in ("introduced:", "^introduced:", "^introduced"):
        ids = find_commit_ids(f"#regzbot {command} 0123456789ab")
        assert ids == {"0123456789ab": 1.0}


LOG = """\
git bisect start '--term-new' 'broken' '--term-old' 'fine'
# broken: [1111111111] x
git bisect broken 1111111111
git bisect fine 2222222222
git bisect skip 3333333333 4444444444
"""


def test_custom_bisect_terms_are_parsed() -> None:
    bisection = parse_bisection(LOG)
    assert (bisection.first_bad, bisection.bad, bisection.good, bisection.skipped) == (
        None,
        ("1111111111",),
        ("2222222222",),
        ("3333333333", "4444444444"),
    )
    assert parse_bisection(LOG + "# first broken commit: [5555555555] y").first_bad == "5555555555"


def test_names_in_the_start_command_have_their_commits_on_the_lines_before() -> None:
    first, later, good = "a" * 40, "b" * 40, "c" * 40
    bisection = parse_bisection(
        f"# bad: [{first}] Linux 6.1\n# good: [{good}] Linux 5.15\n"
        f"git bisect start 'v6.1' 'v5.15'\n# bad: [{later}] Linux 5.18\ngit bisect bad {later}\n"
    )
    assert bisection.bad == (first, later)
    assert bisection.good == (good,)
