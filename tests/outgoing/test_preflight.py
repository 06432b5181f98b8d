# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which facts block a send, and which cause only a warning."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from patchpilot.history.earlier_fixes import EarlierFix, StableBase, UpstreamState
from patchpilot.model.action import actions_in_advice
from patchpilot.model.address import Address
from patchpilot.model.draft import Draft, KnownPatch
from patchpilot.model.mail import parse_patch
from patchpilot.model.message import Message, parse_message
from patchpilot.model.patch import Patch, Series
from patchpilot.model.recipient import TEAM, Recipient
from patchpilot.model.send_problem import SendProblem, SentRecord
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing import transports
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.preflight import (
    PreflightFacts,
    blockers,
    find_send_warnings,
    is_mailing_list,
)
from patchpilot.outgoing.target_tree import TargetFit, TargetTree
from patchpilot.outgoing.transport import Sending
from patchpilot.projects.commit_marks import claimed_upstream_commit
from patchpilot.projects.loading import default_project
from tests.kit.outbox import build_send
from tests.kit.patches import ADA
from tests.kit.topics import SIGNED

TUESDAY = datetime(2026, 3, 3, 12, tzinfo=UTC)


def make_patch(
    subject: str = "[PATCH] widget: mend",
    body: str = "It was broken.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
) -> Patch:
    head = f"From: Ada Fixer <ada@example.org>\nSubject: {subject}\n\n{body}\n---\n w.c | 2 +-\n\n"
    patch_text = head + "diff --git a/w.c b/w.c\n--- a/w.c\n+++ b/w.c\n@@ -1 +1 @@\n-a\n+b\n"
    return parse_patch(patch_text.encode(), "0001.patch")


def make_recipient(email: str, role: str = "maintainer", header: str = "to") -> Recipient:
    return Recipient(Address("", email), role, None, header, ("a reason",))


CHANGED = Draft("c", "/r", "t", version=2, changelogs={"2": "Changes in v2:\n- mended (Bob)"})
ANSWER = parse_message(
    b"From: ada@example.org\nSubject: [PATCH v2] widget: mend\n"
    b"In-Reply-To: <v1@example.org>\n\nText.\n"
)
LIST = make_recipient("widgets@lists.example.org", "list", "cc")
SECRET = Draft("c", "/r", "t", answers={"security": "yes"})
NAMES_V1 = f"It was broken.\n\nLink: https://lore.example.org/all/v1%40example.org/\n{SIGNED}"


def make_account(server: str = "mail.example.org") -> Account:
    return Account("", ADA, None, server, 587, "tls", "", "", "", "", None, None, (), True)


def make_facts(
    *patches: Patch,
    version: int = 1,
    mails: tuple[Message, ...] = (),
    via: str = "git-send-email",
    **changed_fields: Any,
) -> PreflightFacts:
    """Return facts without any problem, except for the given changes."""
    linux_project = default_project()
    mail = {name: changed_fields.pop(name, 0) for name in ("cover_from", "new_thread")}
    stable_list = changed_fields.pop("stable_list", "")
    topic = Sending(
        request=changed_fields.pop("request", SendRequest()),
        transport=transports.find_transport(via),
        account=changed_fields.pop("account", make_account()),
        draft=changed_fields.pop("draft", Draft("20260303-mend-0123456789ab", "/r", "topic")),
        send=build_send(*mails, version=version),
        series=changed_fields.pop("series", Series(patches or (make_patch(),))),
        ids=changed_fields.pop("ids", ()),
        recipients=changed_fields.pop("recipients", (make_recipient("m@example.org"), LIST)),
        before=changed_fields.pop("before", ()),
    )
    plain_facts = PreflightFacts(
        topic=topic,
        project=linux_project._replace(
            title="netdev",
            mail=linux_project.mail._replace(**mail),
            lists=linux_project.lists._replace(stable=stable_list),
        ),
        target=TargetTree("origin/master", "a" * 40),
        target_fit=TargetFit("clean"),
        now=TUESDAY,
    )
    return plain_facts._replace(**changed_fields)


def list_problem_names(problems: tuple[SendProblem, ...]) -> set[str]:
    return {problem.name for problem in problems}


def find_blocking_problems(*patches: Patch, **changed_fields: Any) -> set[str]:
    return list_problem_names(blockers(make_facts(*patches, **changed_fields)))


def find_warning_names(*patches: Patch, **changed_fields: Any) -> set[str]:
    return list_problem_names(find_send_warnings(make_facts(*patches, **changed_fields)))


def test_good_patch_is_not_blocked() -> None:
    assert find_blocking_problems() == set()
    assert find_warning_names() == set()


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("fixup", {"series": Series((make_patch("[PATCH] fixup! widget: mend"),))}),
        ("fixup", {"series": Series((make_patch("[PATCH] WIP widget"),))}),
        (
            "private-thread",
            {"mails": (ANSWER,), "private_ids": frozenset({"v1@example.org"})},
        ),
        (
            "private-thread",
            {
                "draft": SECRET,
                "series": Series((make_patch(body=NAMES_V1),)),
                "private_ids": frozenset({"v1@example.org"}),
            },
        ),
        (
            "names-report",
            {
                "draft": SECRET,
                "series": Series(
                    (make_patch(body=f"Closes: https://bugs.example.org/1\n{SIGNED}"),)
                ),
            },
        ),
        (
            "names-report",
            {"draft": SECRET, "series": Series((make_patch(body=NAMES_V1),))},
        ),
    ],
)
def test_each_problem_blocks_a_send(name: str, changed: dict[str, object]) -> None:
    assert name in find_blocking_problems(**changed)


def test_changelog_below_separator_is_accepted() -> None:
    assert find_blocking_problems(version=2, draft=CHANGED) == set()
    empty = Draft(
        "c",
        "/r",
        "t",
        version=2,
        changelogs={"2": "Changes in v2:\n- EDITME changed: x\n- Link to v1: https://x/"},
    )
    assert find_blocking_problems(version=2, draft=empty) == {"unfinished"}
    text = "\n".join(make_patch().lines).replace("\n---\n", "\n---\nChanges in v2: mended\n\n", 1)
    assert find_blocking_problems(parse_patch(text.encode(), "p"), version=2) == set()


@pytest.mark.parametrize(
    "line",
    [
        "[ Upstream commit 0123456789abcdef0123456789abcdef01234567 ]",
        "commit 0123456789abcdef0123456789abcdef01234567 upstream.",
        "(cherry picked from commit 0123456789abcdef0123456789abcdef01234567)",
    ],
)
def test_stable_gets_mainline_commits_only(line: str) -> None:
    claim = "0123456789abcdef0123456789abcdef01234567"
    backport = make_patch(body=f"{line}\n\nText.\n\n{SIGNED}")
    assert claimed_upstream_commit(backport) == claim
    email = "stable@vger.kernel.org"
    stable = {"recipients": (make_recipient(email, "list"),), "stable_list": email}
    unknown = {**stable, "upstream_known": {claim: False}}
    assert [
        list_problem_texts(problem) for problem in blockers(make_facts(backport, **unknown))
    ] == [
        (
            "not-upstream",
            "widget: mend: sent to stable@ as a backport of 0123456789ab, which is not in your copy"
            " of mainline",
            "git fetch mainline, or name the right commit: stable takes only commits that are in"
            " mainline",
        )
    ]
    assert find_blocking_problems(**unknown) == set()
    assert find_blocking_problems(backport, **stable) == set()
    assert find_blocking_problems(backport, **stable, upstream_known={claim: True}) == set()
    assert find_blocking_problems(backport, recipients=stable["recipients"]) == set()


@pytest.mark.parametrize(
    "email",
    [
        "linux-kernel@vger.kernel.org",
        "netdev@vger.kernel.org",
        "dev@dpdk.org",
        "u-boot@lists.denx.de",
        "linux-mm@kvack.org",
    ],
)
def test_lists_are_recognized(email: str) -> None:
    assert is_mailing_list(make_recipient(email, "added"))
    assert not is_mailing_list(make_recipient("jane@vendor.example.com"))


GOOD = Draft("20260303-mend-0123456789ab", "/r", "topic")
CHANGES = {"2": "Changes in v2:\n- mended (Bob)"}


@pytest.mark.parametrize(
    "changed",
    [
        {"now": datetime(2026, 3, 6, 23, tzinfo=UTC)},
        {
            "recipients": (
                LIST,
                *(make_recipient(f"m{n}@example.org") for n in range(49)),
            )
        },
        {"first_time": True, "request": SendRequest(to_self=True)},
        {"target_fit": TargetFit("clean", already=())},
        {"target_fit": None},
        {"series": Series((make_patch(body="No tags."),))},
        {"account": replace(make_account(), sender=None)},
    ],
)
def test_ordinary_settings_cause_no_warning(changed: dict[str, object]) -> None:
    assert find_warning_names(**changed) == set()


@pytest.mark.parametrize(
    ("day", "weekend"), [(2, False), (6, False), (7, True), (8, True), (9, False)]
)
def test_weekend_is_saturday_and_sunday(day: int, weekend: bool) -> None:
    assert find_warning_names(now=datetime(2026, 3, day, 12, tzinfo=UTC)) == (
        {"weekend"} if weekend else set()
    )


def test_first_three_errors_are_shown() -> None:
    (three,) = blockers(make_facts(errors=("one", "two", "three")))
    assert "one; two; three" in three.message
    assert "…" not in three.message
    (four,) = blockers(make_facts(errors=("one", "two", "three", "four")))
    assert "4 error" in four.message
    assert "four" not in four.message
    assert "three …" in four.message
    (waived,) = find_send_warnings(make_facts(waived=("one", "two", "three", "four")))
    assert waived.name == "waived"
    assert "three …" in waived.message
    assert "four" not in waived.message
    assert "…" not in find_send_warnings(make_facts(waived=("one", "two", "three")))[0].message


def test_failing_patch_is_not_applied() -> None:
    assert find_blocking_problems(
        target_fit=TargetFit("conflict", "widget: b", ("w.c",), already=("widget: a",))
    ) == {"does-not-apply"}
    assert (
        find_blocking_problems(target_fit=TargetFit("conflict", "widget: b", ("w.c",)), target=None)
        == set()
    )


def test_undisclosed_fix_hides_reporter_and_cve() -> None:
    named_patch = make_patch(
        body=f"It is CVE-2026-12345.\n\nReported-by: Rob Port <rob@example.net>\n{SIGNED}"
    )
    facts_ = make_facts(named_patch, draft=SECRET, recipients=(make_recipient("m@example.org"),))
    assert blockers(facts_) == ()
    assert {"names-reporter", "names-cve"} <= list_problem_names(find_send_warnings(facts_))
    assert not {"names-reporter", "names-cve"} & find_warning_names(named_patch)
    plain = make_facts(
        make_patch(body=f"Link: https://vendor.example/datasheet.pdf\n{SIGNED}"),
        draft=SECRET,
        recipients=(make_recipient("m@example.org"),),
    )
    assert blockers(plain) == ()


def test_security_team_is_not_public() -> None:
    team = make_recipient("security@lists.example.org", TEAM, "cc")
    assert (
        find_blocking_problems(draft=SECRET, recipients=(make_recipient("m@example.org"), team))
        == set()
    )


@pytest.mark.parametrize(
    ("role", "list_"),
    [
        ("list", True),
        ("open list", True),
        ("stable list", True),
        ("supporter", False),
        ("listener", False),
        ("mailinglist", True),
    ],
)
def test_role_identifies_a_list(role: str, list_: bool) -> None:
    assert is_mailing_list(make_recipient("someone@vendor.example.com", role)) is list_


@pytest.mark.parametrize(
    "heading",
    [
        "Changes in v3: mended",
        "v3: mended",
        "changes since v2",
        "v2 -> v3 mended",
        "v2→: mended",
        "CHANGES SINCE V2",
    ],
)
def test_changelog_heading_names_version(heading: str) -> None:
    def make_patch_with_notes(notes: str) -> Patch:
        return parse_patch(
            "\n".join(make_patch().lines).replace("\n---\n", f"\n---\n{notes}\n\n", 1).encode(),
            "p",
        )

    assert find_blocking_problems(make_patch_with_notes(heading), version=3) == set()
    assert find_blocking_problems(
        make_patch_with_notes(heading.replace("3", "9").replace("2", "8")), version=3
    ) == {"no-changelog"}


def test_resend_needs_no_changelog() -> None:
    from patchpilot.outgoing.outbox import Outbox
    from tests.kit.outbox import record_send

    with Outbox() as outbox:
        recorded_send = record_send(outbox, version=2, change_id=GOOD.change_id)
    assert find_blocking_problems(version=2, before=(recorded_send,)) == {
        "no-changelog",
        "version-sent",
    }
    assert (
        find_blocking_problems(version=2, before=(recorded_send,), request=SendRequest(resend=True))
        == set()
    )
    assert (
        find_blocking_problems(
            version=2, before=(recorded_send,), draft=replace(GOOD, prefix="net resend")
        )
        == set()
    )
    reported = replace(GOOD, version=2, changelogs=CHANGES)
    assert find_blocking_problems(version=2, before=(recorded_send,), draft=reported) == {
        "version-sent"
    }
    assert (
        find_blocking_problems(
            version=2,
            before=(recorded_send,),
            draft=reported,
            request=SendRequest(to_self=True),
        )
        == set()
    )


def test_identical_patches_need_confirmation() -> None:
    from patchpilot.model.draft import KnownPatch
    from patchpilot.model.message import MailState, parse_message
    from patchpilot.outgoing.outbox import Outbox
    from tests.kit.outbox import record_send

    with Outbox() as outbox:
        send = record_send(outbox)
    raw_mail = ("\n".join(make_patch().lines) + "\n").encode()
    entry = replace(
        parse_message(raw_mail),
        commit="c" * 40,
        patch_id="p" * 40,
        state=MailState.ACCEPTED,
    )
    sent = replace(
        send,
        version=1,
        entries=(
            replace(entry, position=0, number=0, patch_id=None),
            replace(entry, position=1),
        ),
    )
    mine = replace(GOOD, patches=(KnownPatch("p" * 40, "widget: mend"),))
    (problem,) = blockers(make_facts(draft=mine, before=(sent,)))
    assert problem.name == "already-sent"
    assert "v1" in problem.message
    assert sent.begun[:10] in problem.message
    assert "--reroll" in str(problem.hint)
    for changed in (
        {"request": SendRequest(resend=True)},
        {"request": SendRequest(to_self=True)},
        {"draft": replace(mine, patches=(KnownPatch("q" * 40, "widget: mend"),))},
        {"draft": replace(mine, patches=())},
        {"draft": replace(mine, version=2, changelogs=CHANGES), "version": 2},
        {
            "series": Series(
                (make_patch(body="Another message.\n\nSigned-off-by: Ada Fixer <ada@example.org>"),)
            )
        },
        {"before": (replace(sent, entries=sent.entries[:1]),)},
    ):
        assert find_blocking_problems(**{"draft": mine, "before": (sent,), **changed}) == set(), (
            changed
        )
    assert find_blocking_problems(draft=replace(mine, changelogs=CHANGES), before=(sent,)) == {
        "already-sent"
    }


@pytest.mark.parametrize(
    ("via", "wrong", "hint"),
    [
        ("b4", "its content would differ", "--via git-send-email"),
        ("git-send-email", "its author would be Ada", "parentheses"),
        ("git-send-email", "its message would end early", "indent or reword"),
    ],
)
def test_damage_hint_depends_on_transport(via: str, wrong: str, hint: str) -> None:
    (problem,) = blockers(
        make_facts(
            damaged=(("widget: mend", wrong),),
            via=via,
        )
    )
    assert problem.name == "damaged"
    assert wrong in problem.message
    assert hint in str(problem.hint)


@pytest.mark.parametrize(
    ("patches", "changed", "is_missing"),
    [
        (2, {"cover_from": 2}, True),
        (2, {"cover_from": 1}, True),
        (1, {"cover_from": 1}, False),
        (2, {"cover_from": 3}, False),
        (3, {"cover_from": 3}, True),
        (3, {"cover_from": 0}, False),
        (
            2,
            {"cover_from": 2, "draft": replace(CHANGED, cover_subject="widget: two")},
            False,
        ),
        (2, {"cover_from": 2, "draft": replace(CHANGED, cover_text="Two.")}, False),
    ],
)
def test_long_series_needs_a_cover_letter(
    patches: int, changed: dict[str, object], is_missing: bool
) -> None:
    several = tuple(make_patch(f"[PATCH] widget: mend {index}") for index in range(patches))
    facts_ = make_facts(*several, **changed)
    assert ("no-cover" in list_problem_names(find_send_warnings(facts_))) is is_missing
    with_cover = facts_._replace(
        topic=replace(facts_.topic, series=facts_.topic.series._replace(cover=make_patch())),
    )
    assert "no-cover" not in list_problem_names(find_send_warnings(with_cover))
    backports = tuple(make_patch(f"[PATCH 6.1.y] widget: mend {index}") for index in range(2))
    assert "no-cover" not in list_problem_names(
        find_send_warnings(make_facts(*backports, cover_from=2))
    )


def list_problem_texts(problem: SendProblem) -> tuple[str, str, str]:
    return problem.name, problem.message, str(problem.hint)


TWO_OF_THREE = TargetFit("conflict", "widget: mend", ("a.c", "b.c", "c.c", "d.c"))
IDS = ("e" * 40,)
THERE = TargetFit("clean", already=("widget: mend",))
FIXED = EarlierFix("c" * 40, "widget: repair", "v6.4", True, True)
ON_STABLE = StableBase("6.6", "d" * 40, "origin/master")
NOTED = KnownPatch("1" * 40, "widget: mend")
UNWRITTEN = replace(GOOD, cover_subject="EDITME: what", cover_text="Why.")
COVER = parse_patch(
    b"From: Ada Fixer <ada@example.org>\nSubject: [PATCH 0/1] *** SUBJECT HERE ***\n\n"
    b"*** BLURB HERE ***\n\nAda Fixer (1):\n  widget: mend\n",
    "0000-cover-letter.patch",
)
PAIR = Series(
    (
        make_patch("[PATCH 1/2] widget: a"),
        make_patch("[PATCH 2/2] widget: b", "No tags."),
    )
)
NAMED_LIST = make_recipient("linux-widget@example.net", "cc")._replace(
    address=Address("Widget Management", "linux-widget@example.net")
)
"""A list with the display name of anything else, as a message may give it."""
BLOCKED: list[tuple[dict[str, object], str, str, str]] = [
    (
        {"recipients": ()},
        "nobody",
        "no recipients: nobody would receive these messages",
        "use --to and --cc to add recipients",
    ),
    (
        {"recipients": (make_recipient("m@example.org"),)},
        "no-list",
        "no mailing list among the recipients",
        "add the subsystem's list with --cc: `patchpilot maintainers` names it",
    ),
    (
        {
            "draft": SECRET,
            "recipients": (LIST, make_recipient("b@vger.kernel.org", "list")),
        },
        "security-on-list",
        "a security problem would be sent to public mailing lists: widgets@lists.example.org,"
        " b@vger.kernel.org",
        "answer --security no if it is not a security problem",
    ),
    (
        {"draft": SECRET, "recipients": (NAMED_LIST,)},
        "security-on-list",
        "a security problem would be sent to public mailing lists: linux-widget@example.net",
        "answer --security no if it is not a security problem",
    ),
    (
        {
            "draft": SECRET,
            "recipients": (make_recipient("m@example.org"),),
            "public_parent": "lore",
        },
        "public-thread",
        "an undisclosed fix would be a reply to a mail in lore has",
        "start a separate thread: patchpilot draft --in-reply-to ''",
    ),
    (
        {"errors": ("widget: mend: a", "widget: mend: b")},
        "check-errors",
        "check reports 2 errors: widget: mend: a; widget: mend: b",
        "see them: patchpilot check",
    ),
    (
        {"target_fit": TWO_OF_THREE, "ids": IDS},
        "does-not-apply",
        "widget: mend: does not apply to origin/master (aaaaaaaaaaaa): a.c, b.c, c.c",
        "git fetch && git rebase origin/master",
    ),
    (
        {"target_fit": THERE, "ids": IDS},
        "already-fixed",
        "origin/master contains the same change: widget: mend",
        "git fetch, then rebase and drop the commit",
    ),
    (
        {"upstream": UpstreamState((FIXED,))},
        "already-fixed",
        "fixed by cccccccccccc in v6.4: widget: repair",
        "if a stable tree lacks it, see what is next: patchpilot backport cccccccccccc",
    ),
    (
        {"upstream": UpstreamState((None,), ON_STABLE), "target_fit": TWO_OF_THREE},
        "stable-base",
        "based on stable 6.6, but patches are for mainline first",
        "if mainline has the bug: git rebase --onto origin/master dddddddddddd; for stable only,"
        " add the prefix PATCH 6.6.y",
    ),
    (
        {"series": PAIR, "ids": IDS},
        "no-signoff",
        "widget: b: no Signed-off-by",
        "add it: patchpilot prepare --signoff",
    ),
    (
        {"series": Series((make_patch("[PATCH] x", "No tags."),)), "ids": IDS},
        "no-signoff",
        "no Signed-off-by",
        "add it: patchpilot prepare --signoff",
    ),
    (
        {"series": Series((make_patch("[PATCH] amend! widget: mend"),)), "ids": IDS},
        "fixup",
        "amend! widget: mend: the subject marks the commit as not ready to be sent",
        "git rebase -i --autosquash",
    ),
    (
        {"draft": UNWRITTEN, "request": SendRequest(cover=True)},
        "cover-subject",
        "the cover letter's subject is not written: EDITME: what",
        "patchpilot draft --cover-subject 'description of the series', or patchpilot draft --edit",
    ),
    (
        {"draft": replace(GOOD, cover_text="Why."), "request": SendRequest(cover=True)},
        "cover-subject",
        "the cover letter's subject is not written: empty",
        "patchpilot draft --cover-subject 'description of the series', or patchpilot draft --edit",
    ),
    (
        {
            "draft": replace(GOOD, cover_subject="widget: all"),
            "request": SendRequest(cover=True),
        },
        "cover-text",
        "the cover letter's text is not written",
        "patchpilot draft --cover 'the purpose of the whole series, and the reason for it',"
        " or patchpilot draft --edit",
    ),
    (
        {"version": 3},
        "no-changelog",
        "v3 does not state what changed since v2",
        "patchpilot draft --changelog '- what changed', or patchpilot draft --edit",
    ),
    (
        {
            "version": 2,
            "draft": replace(GOOD, version=2, changelogs={"2": "- a\n- EDITME b"}),
        },
        "unfinished",
        "the changelog is not filled in: - EDITME b",
        "write it or delete the line: patchpilot draft --edit",
    ),
    (
        {"version": 2, "draft": replace(GOOD, version=2, changelogs={"2": "- EDITME review: b"})},
        "unfinished",
        "the changelog is not filled in: - EDITME review: b",
        "write it or delete the line: patchpilot draft --edit",
    ),
    (
        {
            "series": Series(
                (make_patch(body=f"Broken.\n{SIGNED}\n---\n[ your name: what differs, and why ]"),)
            )
        },
        "placeholder",
        "a text is not filled in: [ your name: what differs, and why ]",
        "write it or delete the line: edit the patch file",
    ),
    (
        {"draft": replace(GOOD, notes={NOTED.patch_id: "EDITME: why"}, patches=(NOTED,))},
        "placeholder",
        "widget: mend: the note is not filled in: EDITME: why",
        "patchpilot draft --edit",
    ),
]


@pytest.mark.parametrize(
    ("changed", "name", "message", "hint"), BLOCKED, ids=[row[1] for row in BLOCKED]
)
def test_blocking_problems_have_hints(
    changed: dict[str, object], name: str, message: str, hint: str
) -> None:
    assert [list_problem_texts(problem) for problem in blockers(make_facts(**changed))] == [
        (name, message, hint)
    ]


BACKPORT = make_patch(
    "[PATCH 5.10.y] widget: mend", f"commit {'f' * 40} upstream.\n\nIt was broken.\n\n{SIGNED}"
)
FILES: list[tuple[dict[str, object], str, str]] = [
    (
        {"target_fit": TWO_OF_THREE},
        "does-not-apply",
        "correct the file, or write it again with git format-patch on a branch that has"
        " aaaaaaaaaaaa",
    ),
    (
        {
            "series": Series((BACKPORT,)),
            "target": TargetTree("stable/linux-5.10.y", "a" * 40),
            "target_fit": TWO_OF_THREE,
        },
        "does-not-apply",
        "see what the branch needs, and write it again:"
        " patchpilot backport ffffffffffff --onto stable/linux-5.10.y",
    ),
    ({"target_fit": THERE}, "already-fixed", "do not send this file"),
    (
        {"series": PAIR},
        "no-signoff",
        "add it to the file, or write the file again with git format-patch --signoff",
    ),
    (
        {"series": Series((make_patch("[PATCH] amend! widget: mend"),))},
        "fixup",
        "squash its commit, and write the files again with git format-patch",
    ),
]


@pytest.mark.parametrize(("changed", "name", "hint"), FILES, ids=[row[1] for row in FILES])
def test_hints_for_patch_files_change_no_branch(
    changed: dict[str, object], name: str, hint: str
) -> None:
    problems = [list_problem_texts(problem) for problem in blockers(make_facts(**changed))]
    assert [(problem[0], problem[2]) for problem in problems] == [(name, hint)]


def test_cover_letter_is_written_to_its_file() -> None:
    blocked = [
        list_problem_texts(problem)
        for problem in blockers(make_facts(series=Series((make_patch(),), COVER)))
    ]
    assert [(name, hint) for name, _, hint in blocked] == [
        ("cover-subject", "write it in 0000-cover-letter.patch"),
        ("cover-text", "write it in 0000-cover-letter.patch"),
    ]
    assert blocked[0][1].endswith("not written: *** SUBJECT HERE ***")


@pytest.mark.parametrize(
    ("changed", "is_judged"),
    [
        ({}, False),
        ({"request": SendRequest(cover=True)}, True),
        (
            {"series": Series((make_patch("[PATCH 1/2] a"), make_patch("[PATCH 2/2] b")))},
            True,
        ),
        ({"draft": GOOD, "request": SendRequest(cover=True)}, True),
    ],
)
def test_cover_letter_is_checked(changed: dict[str, object], is_judged: bool) -> None:
    problems = find_blocking_problems(**{"draft": UNWRITTEN, **changed})
    assert ("cover-subject" in problems) is is_judged


def test_changelog_can_be_the_cover_text() -> None:
    draft = replace(GOOD, version=2, cover_subject="widget: all", changelogs=CHANGES)
    request = SendRequest(cover=True)
    assert find_blocking_problems(draft=draft, version=2, request=request) == set()
    assert find_blocking_problems(draft=replace(draft, changelogs={}), request=request) == {
        "cover-text"
    }


@pytest.mark.parametrize(
    ("version", "changelogs", "is_unfinished"),
    [
        (2, {"2": "- a\n- EDITME b"}, True),
        (3, {"2": "- a\n- EDITME b", "3": "- c"}, True),
        (2, {"2": "- a", "3": "- EDITME c"}, False),
        (2, {"1": "- EDITME a", "2": "- b"}, False),
    ],
)
def test_unfinished_changelog_is_not_sent(
    version: int, changelogs: dict[str, str], is_unfinished: bool
) -> None:
    draft = replace(GOOD, version=version, changelogs=changelogs)
    problems = find_blocking_problems(version=version, draft=draft)
    assert problems == ({"unfinished"} if is_unfinished else set())


MANY_TO = (LIST, *(make_recipient(f"m{n}@example.org") for n in range(50)))
SHOWN: list[tuple[dict[str, object], str, str, str]] = [
    ({"errors": None}, "unchecked", "the checks could not run", "patchpilot check"),
    (
        {"waived": ("a",)},
        "waived",
        "1 error of check waived: a",
        "remove a waiver: patchpilot check --unwaive RULE",
    ),
    (
        {"cautions": ("a", "b")},
        "check-warnings",
        "check reports 2 warnings: a; b",
        "see them: patchpilot check",
    ),
    (
        {"cautions": ("a",), "hidden": 4},
        "check-warnings",
        "check reports 1 warning: a; 4 more with --strict",
        "see them: patchpilot check",
    ),
    (
        {"unanswered": ("security",)},
        "unanswered-security",
        "security question not answered: a security problem must not be sent to a public list",
        "answer once: --security no, or --security yes",
    ),
    (
        {"unanswered": ("regression",)},
        "unanswered-regression",
        "regression question not answered: a regression fix is also reported to the regression"
        " tracker",
        "answer once: --regression no, or --regression yes",
    ),
    (
        {"series": Series((make_patch(body="x\n\nSigned-off-by: Bob <bob@example.org>"),) * 2)},
        "sender",
        "you send as ada@example.org, but widget: mend is not signed off with that address",
        "sign off what you forward; otherwise, check sendemail.from and user.email",
    ),
    (
        {"account": replace(make_account(""), configured=False)},
        "no-server",
        "no mail server configured",
        "run `patchpilot setup mail` to set it up",
    ),
    (
        {"first_time": True},
        "first-time",
        "no patch was sent from here yet",
        "send the series to yourself first: patchpilot send --to-self",
    ),
    (
        {"recipients": MANY_TO},
        "many",
        "51 recipients: some lists hold messages with that many for moderation",
        "drop recipients who do not need it",
    ),
    (
        {"now": datetime(2026, 3, 7, 12, tzinfo=UTC)},
        "weekend",
        "weekend: expect few reviews before Monday",
        "",
    ),
    (
        {"too_soon": "v1 was sent an hour ago"},
        "too-soon",
        "v1 was sent an hour ago",
        "wait for more replies, unless a maintainer asked for a new version",
    ),
    ({"merge_window": "v6.19 is out"}, "merge-window", "v6.19 is out", ""),
    (
        {"target_fit": TargetFit("clean-3way")},
        "three-way",
        "the patches apply to the target's tip only by a three-way merge",
        "correct the file, or write it again with git format-patch on a branch that has"
        " aaaaaaaaaaaa",
    ),
    (
        {"target": None},
        "no-target",
        "no target tree found: not checked whether the patches apply",
        "git remote add, or --base REF",
    ),
    (
        {
            "recipients": (
                LIST,
                *(make_recipient(f"{name}@widgets.test") for name in "abcde"),
            )
        },
        "doubtful-address",
        "not a public internet address: a@widgets.test, b@widgets.test, c@widgets.test,"
        " d@widgets.test",
        "",
    ),
    (
        {"series": Series((make_patch(), make_patch())), "cover_from": 2},
        "no-cover",
        "a series of 2 patches without a cover letter",
        "patchpilot draft --cover-subject 'description of the series', or patchpilot draft --edit",
    ),
    (
        {"version": 2, "draft": CHANGED, "mails": (ANSWER,), "new_thread": True},
        "version-as-reply",
        "v2 is sent as a reply; netdev asks for a new thread for each version",
        "use `patchpilot draft --in-reply-to ''`: the changelog links to the last version",
    ),
]


@pytest.mark.parametrize(
    ("changed", "name", "message", "hint"), SHOWN, ids=[row[1] for row in SHOWN]
)
def test_warnings_have_hints(
    changed: dict[str, object], name: str, message: str, hint: str
) -> None:
    assert [
        list_problem_texts(problem) for problem in find_send_warnings(make_facts(**changed))
    ] == [(name, message, hint)]
    assert find_blocking_problems(**changed) == set()


def test_provider_that_alters_messages_is_reported() -> None:
    ((name, message, hint),) = map(
        list_problem_texts,
        find_send_warnings(make_facts(account=make_account("smtp.office365.com"))),
    )
    assert (name, hint) == (
        "gateway",
        "send the series to yourself first: patchpilot send --to-self",
    )
    assert message.partition(" is known to alter messages: ")[2]


@pytest.mark.parametrize(
    "changed",
    [
        {"version": 1, "mails": (ANSWER,), "new_thread": True},
        {"version": 2, "mails": (ANSWER,), "new_thread": False},
        {"version": 2, "mails": (), "new_thread": True},
        {
            "version": 2,
            "mails": (replace(ANSWER, in_reply_to=None),),
            "new_thread": True,
        },
    ],
)
def test_reply_with_a_new_version_is_a_warning(
    changed: dict[str, object],
) -> None:
    assert find_warning_names(**changed) == set()


def test_error_in_several_patches_is_shown_once() -> None:
    both = Series((make_patch("[PATCH 1/2] widget: a"), make_patch("[PATCH 2/2] widget: b")))
    errors = ("widget: a: no name", "widget: b: no name", "widget: b: too long")
    (problem,) = blockers(make_facts(series=both, errors=errors))
    assert problem.message == ("check reports 3 errors: no name (2 times); widget: b: too long")


def make_sent_record(
    version: int = 1, *, is_same: bool = True, topic: bool = True, date: str = ""
) -> SentRecord:
    return SentRecord(version, date, "the archive has it", is_same, topic)


AMEND = (
    "amend the commits and state what changed with `patchpilot draft --changelog '- what"
    " changed'`; or send it again, marked RESEND, with --resend"
)
AGAIN = "the same patches were sent as v1: the archive has it"


@pytest.mark.parametrize(
    ("version", "changelogs", "records", "expected"),
    [
        (1, {}, [make_sent_record()], [("already-sent", AGAIN, AMEND)]),
        (
            1,
            {},
            [make_sent_record(), make_sent_record(2)],
            [("already-sent", AGAIN, AMEND)],
        ),
        (
            1,
            {},
            [make_sent_record(date="2026-03-01")],
            [
                (
                    "already-sent",
                    "the same patches were sent as v1 on 2026-03-01: the archive has it",
                    AMEND,
                )
            ],
        ),
        (2, CHANGES, [make_sent_record()], []),
        (
            1,
            {},
            [
                make_sent_record(is_same=False, date="2026-03-01"),
                make_sent_record(is_same=False),
            ],
            [
                (
                    "version-sent",
                    "v1 of this topic was sent on 2026-03-01: the archive has it",
                    "`patchpilot draft -v 2` sends the next version",
                )
            ],
        ),
        (1, {}, [make_sent_record(is_same=False, topic=False)], []),
        (1, {}, [make_sent_record(2, is_same=False)], []),
        (
            1,
            {},
            [make_sent_record(2, is_same=False), make_sent_record()],
            [("already-sent", AGAIN, AMEND)],
        ),
    ],
)
def test_recorded_external_send_blocks_a_resend(
    version: int,
    changelogs: dict[str, str],
    records: list[SentRecord],
    expected: list[tuple[str, str, str]],
) -> None:
    draft = replace(GOOD, version=version, changelogs=changelogs)
    facts_ = make_facts(version=version, draft=draft, records=tuple(records))
    assert [list_problem_texts(problem) for problem in blockers(facts_)] == expected
    for request in (SendRequest(resend=True), SendRequest(to_self=True)):
        assert blockers(facts_._replace(topic=replace(facts_.topic, request=request))) == ()


def test_hint_after_a_send_depends_on_its_state() -> None:
    from patchpilot.model.message import MailState
    from patchpilot.outgoing.outbox import Outbox
    from tests.kit.outbox import record_send

    with Outbox() as outbox:
        mine = GOOD.change_id
        recorded_send = record_send(outbox, change_id=mine)
        states = MailState.ACCEPTED, MailState.REJECTED
        started = record_send(outbox, *states, change_id=mine)
    whole, part = (
        list_problem_texts(blockers(make_facts(before=(send,)))[0])
        for send in (recorded_send, started)
    )
    assert whole == (
        "version-sent",
        f"v1 of this topic was sent on {recorded_send.begun[:10]}",
        "`patchpilot send --reroll` sends the next version",
    )
    assert part == (
        "version-sent",
        f"part of v1 of this topic was sent on {started.begun[:10]}",
        "`patchpilot send --resume` sends the rest as previewed; `patchpilot send --reroll` sends"
        " the next version",
    )


@pytest.mark.parametrize(
    ("state", "version", "hint"),
    [
        (
            "partial",
            1,
            "`patchpilot send --resume` sends the messages that were not accepted",
        ),
        (
            "partial",
            2,
            "`patchpilot send --resume` sends the messages that were not accepted",
        ),
        (
            "sent",
            2,
            "no patch has changed: amend the commits and state what changed with `patchpilot draft"
            " --changelog '- what changed'`; or send it again, marked RESEND, with --resend",
        ),
        (
            "sent",
            1,
            "send a new version with --reroll, or the same version again, marked RESEND, with"
            " --resend",
        ),
    ],
)
def test_hint_for_sent_patches_depends_on_their_state(state: str, version: int, hint: str) -> None:
    from patchpilot.model.draft import KnownPatch
    from patchpilot.model.message import MailState, parse_message
    from patchpilot.outgoing.outbox import Outbox
    from tests.kit.outbox import record_send

    raw_mail = ("\n".join(make_patch().lines) + "\n").encode()
    mail_state = MailState.ACCEPTED if state == "sent" else MailState.UNKNOWN
    entry = replace(parse_message(raw_mail), commit="c" * 40, patch_id="p" * 40, state=mail_state)
    with Outbox() as outbox:
        send = replace(record_send(outbox), version=1, entries=(entry,))
    mine = replace(GOOD, version=version, patches=(KnownPatch("p" * 40, "widget: mend"),))
    hints = [
        list_problem_texts(problem)
        for problem in blockers(make_facts(draft=mine, version=version, before=(send, send)))
    ]
    date = send.begun[:10]
    assert hints[-1] == (
        "already-sent",
        f"the same patches were sent as v1 on {date} ({state})",
        hint,
    )
    assert [name for name, _, _ in hints[:-1]] == ["no-changelog"] * (version - 1)


def test_hint_for_many_recipients_suggests_dropping() -> None:
    ((action,),) = (
        actions_in_advice(problem.hint)
        for problem in find_send_warnings(make_facts(recipients=MANY_TO))
    )
    assert action.command == "patchpilot maintainers --drop ADDRESS"


NOREPLY = Address("Ada", "1+ada@users.noreply.github.com")


def test_noreply_address_blocks_as_sender_and_as_author() -> None:
    account = replace(make_account(), sender=NOREPLY)
    assert "noreply-sender" in find_blocking_problems(account=account)
    patch = make_patch()._replace(author=NOREPLY)
    assert "noreply-author" in find_blocking_problems(patch)


def test_maintainers_of_one_patch_are_asked_about_without_a_cover_letter() -> None:
    series = Series((make_patch("[PATCH 1/2] a: b"), make_patch("[PATCH 2/2] c: d")))
    first = make_recipient("a@example.org")._replace(patches=(1,))
    facts = {"series": series, "recipients": (first, LIST)}
    (problem,) = blockers(make_facts(**facts))
    assert "a@example.org receives only 1/2" in problem.message
    for answer in ("all", "own"):
        draft = Draft("c", "/r", "t", answers={"to-cover": answer})
        assert find_blocking_problems(draft=draft, **facts) == set()
    with_cover = {**facts, "series": series._replace(cover=make_patch("[PATCH 0/2] all"))}
    assert "split-recipients" not in find_blocking_problems(**with_cover)


def test_evidence_of_a_security_problem_requires_an_answer_for_a_public_list() -> None:
    evidence = {"unanswered": ("security",), "security_evidence": ("use after free",)}
    assert find_blocking_problems(**evidence) == {"unanswered-security"}
    assert "unanswered-security" not in find_warning_names(**evidence)
    assert "unanswered-security" in find_warning_names(unanswered=("security",))


def test_unsent_cover_letter_of_a_single_patch_is_reported() -> None:
    draft = Draft("c", "/r", "t", cover_subject="one fix", cover_text="Tested.")
    assert "single-cover" in find_warning_names(draft=draft)


@pytest.mark.parametrize(
    ("problem", "word"),
    [
        ("its author would be x <y>", "quotes"),
        ("its subject would be 'x'", "[text]"),
        ("its message would differ", "end of the message"),
    ],
)
def test_hint_for_a_damaged_commit_names_the_cause(problem: str, word: str) -> None:
    (found,) = blockers(make_facts(damaged=(("a: b", problem),)))
    assert word in str(found.hint)


@pytest.mark.parametrize(
    "author",
    [
        Address("Ada Fixer via widget", "widget@lists.example.net"),
        Address("'Ada Fixer' via Widget Devel", "widget-devel@groups.example.org"),
        Address("Ada Fixer via B4 Relay", "devnull+ada.example.org@kernel.org"),
        Address("Ada Fixer", "widget@lists.example.net"),
    ],
)
def test_mailing_list_blocks_as_author(author: Address) -> None:
    assert "list-author" in find_blocking_problems(make_patch()._replace(author=author))


@pytest.mark.parametrize("name", ["Anna Via Silva", "Ada Fixer", "Ada via Berlin"])
def test_person_does_not_block_as_author(name: str) -> None:
    patch = make_patch()._replace(author=Address(name, "anna.silva@example.org"))
    assert "list-author" not in find_blocking_problems(patch)
