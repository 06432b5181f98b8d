# SPDX-License-Identifier: GPL-2.0-or-later
"""What refuses a send and what is only told, from facts alone."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from patchpilot.model.address import Address
from patchpilot.model.draft import Draft
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch, Series
from patchpilot.model.recipient import TEAM, Recipient
from patchpilot.model.rendered_mail import RenderedMail
from patchpilot.model.send_problem import NO_SERVER
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing import transports
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.preflight import (
    PreflightFacts,
    is_list,
    refusals,
    upstream_claim,
    warnings,
)
from patchpilot.outgoing.target_tree import AlreadyApplied, Target, TargetFit

ADA = Address("Ada Fixer", "ada@example.org")
TUESDAY = datetime(2026, 3, 3, 12, tzinfo=UTC)


def patch(
    subject: str = "[PATCH] widget: mend",
    body: str = "It was broken.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
) -> Patch:
    """A patch as a mail."""
    head = f"From: Ada Fixer <ada@example.org>\nSubject: {subject}\n\n{body}\n---\n w.c | 2 +-\n\n"
    text = head + "diff --git a/w.c b/w.c\n--- a/w.c\n+++ b/w.c\n@@ -1 +1 @@\n-a\n+b\n"
    return parse_patch(text.encode(), "0001.patch")


def to(email: str, role: str = "maintainer", header: str = "to") -> Recipient:
    """A recipient."""
    return Recipient(Address("", email), role, None, header, ("a reason",))


CHANGED = Draft("c", "/r", "t", version=2, changelogs={"2": "Changes in v2:\n- mended (Bob)"})
ANSWER = RenderedMail(
    "m@x",
    "[PATCH v2] widget: mend",
    ADA,
    (),
    (),
    "v1@example.org",
    ADA.email,
    (),
    b"In-Reply-To: <v1@example.org>\n\nText.\n",
)
LIST = to("widgets@lists.example.org", "list", "cc")
SECRET = Draft("c", "/r", "t", answers={"security": "yes"})
SIGNED = "Signed-off-by: Ada Fixer <ada@example.org>"
NAMES_V1 = f"It was broken.\n\nLink: https://lore.example.org/all/v1%40example.org/\n{SIGNED}"


def account(server: str = "mail.example.org") -> Account:
    """A mail account."""
    return Account("", ADA, None, server, 587, "tls", "", "", "", "", None, None, (), True)


def facts(*patches: Patch, **changed: object) -> PreflightFacts:
    """Facts with nothing against them, and these changed."""
    plain = PreflightFacts(
        request=SendRequest(),
        series=Series(patches or (patch(),)),
        draft=Draft("20260303-mend-0123456789ab", "/r", "topic"),
        version=1,
        recipients=(to("m@example.org"), LIST),
        account=account(),
        mails=(),
        errors=(),
        target=Target("origin/master", "a" * 40, "the default"),
        standing=TargetFit("clean"),
        earlier=(),
        unanswered=(),
        upstream_known={},
        merge_window="",
        now=TUESDAY,
        kernel=True,
    )
    return replace(plain, **changed)


def names(problems: tuple[object, ...]) -> set[str]:
    """The problems' names."""
    return {problem.name for problem in problems}


def test_a_good_patch_is_not_stopped() -> None:
    assert refusals(facts()) == ()
    assert warnings(facts()) == ()


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("nobody", {"recipients": ()}),
        ("no-list", {"recipients": (to("m@example.org"),)}),
        ("check-errors", {"errors": ("widget: mend: trailing whitespace",)}),
        ("does-not-apply", {"standing": TargetFit("conflict", "widget: mend", ("w.c",))}),
        (
            "already-fixed",
            {
                "standing": TargetFit(
                    "clean",
                    already=(AlreadyApplied("widget: mend", None, "it contains the same change"),),
                )
            },
        ),
        ("damaged", {"damaged": (("widget: mend", "its content would differ"),)}),
        ("fixup", {"series": Series((patch("[PATCH] fixup! widget: mend"),))}),
        ("no-signoff", {"series": Series((patch(body="No tags."),))}),
        ("no-changelog", {"version": 2}),
        ("security-on-list", {"draft": SECRET}),
        (
            "public-thread",
            {
                "draft": SECRET,
                "recipients": (to("m@example.org"),),
                "public_parent": "https://lore.example.org/all",
            },
        ),
        ("private-thread", {"mails": (ANSWER,), "private_ids": frozenset({"v1@example.org"})}),
        (
            "private-thread",
            {
                "draft": SECRET,
                "series": Series((patch(body=NAMES_V1),)),
                "private_ids": frozenset({"v1@example.org"}),
            },
        ),
        (
            "names-report",
            {
                "draft": SECRET,
                "series": Series((patch(body=f"Closes: https://bugs.example.org/1\n{SIGNED}"),)),
            },
        ),
        ("names-report", {"draft": SECRET, "series": Series((patch(body=NAMES_V1),))}),
    ],
)
def test_each_refusal_has_its_case(name: str, changed: dict[str, object]) -> None:
    assert name in names(refusals(facts(**changed)))


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("unchecked", {"errors": None}),
        ("unanswered-security", {"unanswered": ("security",)}),
        ("unanswered-regression", {"unanswered": ("regression",)}),
        ("sender", {"series": Series((patch(body="x\n\nSigned-off-by: Bob <bob@example.org>"),))}),
        ("gateway", {"account": account("smtp.office365.com")}),
        ("many", {"recipients": (LIST, *(to(f"m{n}@example.org") for n in range(60)))}),
        ("weekend", {"now": datetime(2026, 3, 7, 12, tzinfo=UTC)}),
        ("merge-window", {"merge_window": "the merge window after v7.0 is open"}),
        ("three-way", {"standing": TargetFit("clean-3way")}),
        ("no-target", {"target": None, "standing": None}),
        ("doubtful-address", {"recipients": (to("root@widgets.test"), LIST)}),
        ("first-time", {"first_time": True}),
        (
            "no-cover",
            {"cover_from": 2, "series": Series((patch(), patch("[PATCH] widget: mend more")))},
        ),
        (
            "version-as-reply",
            {"new_thread": "networking", "version": 2, "draft": CHANGED, "mails": (ANSWER,)},
        ),
        ("too-soon", {"too_soon": "v1 went out 2 hours ago"}),
        ("no-server", {"blocked": NO_SERVER}),
    ],
)
def test_each_warning_has_its_case_and_does_not_refuse(
    name: str, changed: dict[str, object]
) -> None:
    assert name in names(warnings(facts(**changed)))
    assert refusals(facts(**changed)) == ()


def test_a_changelog_may_stand_in_the_draft_or_below_the_cut() -> None:
    assert (
        names(
            refusals(
                facts(
                    version=2,
                    draft=Draft(
                        "c",
                        "/r",
                        "t",
                        version=2,
                        changelogs={"2": "Changes in v2:\n- mended (Bob)"},
                    ),
                )
            )
        )
        == set()
    )
    empty = Draft(
        "c",
        "/r",
        "t",
        version=2,
        changelogs={"2": "Changes in v2:\n- EDITME changed: x\n- Link to v1: https://x/"},
    )
    assert names(refusals(facts(version=2, draft=empty))) == {"no-changelog"}
    text = "\n".join(patch().lines).replace("\n---\n", "\n---\nChanges in v2: mended\n\n", 1)
    assert names(refusals(facts(parse_patch(text.encode(), "p"), version=2))) == set()


@pytest.mark.parametrize(
    "line",
    [
        "[ Upstream commit 0123456789abcdef0123456789abcdef01234567 ]",
        "commit 0123456789abcdef0123456789abcdef01234567 upstream.",
        "(cherry picked from commit 0123456789abcdef0123456789abcdef01234567)",
    ],
)
def test_stable_gets_only_what_mainline_has(line: str) -> None:
    one = patch(body=f"{line}\n\nText.\n\nSigned-off-by: Ada Fixer <ada@example.org>")
    claim = upstream_claim(one)
    assert claim is not None
    stable = (to("stable@vger.kernel.org", "list"),)
    assert names(
        refusals(
            facts(
                one,
                recipients=stable,
                stable_list=stable[0].address.email,
                upstream_known={claim: False},
            )
        )
    ) == {"not-upstream"}
    assert (
        refusals(
            facts(
                one,
                recipients=stable,
                stable_list=stable[0].address.email,
                upstream_known={claim: True},
            )
        )
        == ()
    )
    assert refusals(facts(one, recipients=stable)) == ()


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
def test_lists_are_known_by_their_look(email: str) -> None:
    assert is_list(to(email, "added"))
    assert not is_list(to("jane@vendor.example.com"))


def test_an_editme_line_does_not_leave() -> None:
    told = {"3": "Changes in v3:\n- say why", "2": "Changes in v2:\n- EDITME message reworded: x"}
    draft = Draft("c", "/r", "t", version=3, changelogs=told)
    assert names(refusals(facts(version=3, draft=draft))) == {"unfinished"}


GOOD = Draft("20260303-mend-0123456789ab", "/r", "topic")
CHANGES = {"2": "Changes in v2:\n- mended (Bob)"}
REFUSED: list[tuple[str, dict[str, object], str, str]] = [
    ("nobody", {"recipients": ()}, "nobody", "--to"),
    ("no-list", {"recipients": (to("m@example.org"),)}, "list", "--cc"),
    ("check-errors", {"errors": ("a: b",)}, "a: b", "patchpilot check"),
    (
        "does-not-apply",
        {"standing": TargetFit("conflict", "widget: mend", ("w.c",))},
        "w.c",
        "git rebase",
    ),
    (
        "already-fixed",
        {
            "standing": TargetFit(
                "clean", already=(AlreadyApplied("widget: mend", "c" * 40, "merged"),)
            )
        },
        "c" * 12,
        "rebase",
    ),
    ("fixup", {"series": Series((patch("[PATCH] WIP widget"),))}, "WIP widget", "autosquash"),
    (
        "no-signoff",
        {"series": Series((patch(body="No tags."),))},
        "Signed-off-by",
        "commit --amend -s",
    ),
    ("no-changelog", {"version": 3}, "v2", "--changelog"),
    (
        "unfinished",
        {"version": 2, "draft": replace(GOOD, version=2, changelogs={"2": "v2:\n- a\n- EDITME b"})},
        "EDITME",
        "--edit",
    ),
    (
        "security-on-list",
        {"draft": replace(GOOD, answers={"security": "yes"})},
        LIST.address.email,
        "--security no",
    ),
]


@pytest.mark.parametrize(
    ("name", "changed", "said", "hint"), REFUSED, ids=[one[0] for one in REFUSED]
)
def test_a_refusal_names_the_thing_and_the_command_that_helps(
    name: str, changed: dict[str, object], said: str, hint: str
) -> None:
    (one,) = refusals(facts(**changed))
    assert one.name == name
    assert said in one.message
    assert hint in str(one.hint)


WARNED: list[tuple[str, dict[str, object], str, str]] = [
    ("unchecked", {"errors": None}, "check", "patchpilot check"),
    (
        "sender",
        {"series": Series((patch(body="x\n\nSigned-off-by: Bob <bob@example.org>"),))},
        ADA.email,
        "sendemail.from",
    ),
    (
        "many",
        {"recipients": (LIST, *(to(f"m{n}@example.org") for n in range(50)))},
        "51",
        "drop recipients",
    ),
    ("too-soon", {"too_soon": "v1 went out 2 hours ago"}, "v1 went out 2 hours ago", "wait"),
    ("no-target", {"target": None, "standing": None}, "target", "--base"),
    ("first-time", {"first_time": True}, "no mail was sent", "--to-self"),
    ("no-server", {"blocked": NO_SERVER}, "server", "doctor"),
    ("gateway", {"account": account("smtp.office365.com")}, "alter", "--to-self"),
    ("doubtful-address", {"recipients": (to("root@widgets.test"), LIST)}, "root@widgets.test", ""),
]


@pytest.mark.parametrize(
    ("name", "changed", "said", "hint"), WARNED, ids=[one[0] for one in WARNED]
)
def test_a_warning_names_the_thing_and_what_helps(
    name: str, changed: dict[str, object], said: str, hint: str
) -> None:
    (one,) = warnings(facts(**changed))
    assert one.name == name
    assert said in one.message
    assert hint in str(one.hint)


@pytest.mark.parametrize(
    "changed",
    [
        {"now": datetime(2026, 3, 6, 23, tzinfo=UTC)},
        {"recipients": (LIST, *(to(f"m{n}@example.org") for n in range(49)))},
        {"first_time": True, "request": SendRequest(to_self=True)},
        {"standing": TargetFit("clean", already=())},
        {"standing": None},
        {"series": Series((patch(body="No tags."),))},
        {"account": replace(account(), sender=None)},
    ],
)
def test_what_is_within_bounds_is_not_warned_of(changed: dict[str, object]) -> None:
    assert warnings(facts(**changed)) == ()


@pytest.mark.parametrize(
    ("day", "weekend"), [(2, False), (6, False), (7, True), (8, True), (9, False)]
)
def test_saturday_and_sunday_are_the_weekend(day: int, weekend: bool) -> None:
    assert names(warnings(facts(now=datetime(2026, 3, day, 12, tzinfo=UTC)))) == (
        {"weekend"} if weekend else set()
    )


def test_three_errors_are_shown_and_the_rest_is_counted() -> None:
    (three,) = refusals(facts(errors=("one", "two", "three")))
    assert "one; two; three" in three.message
    assert "…" not in three.message
    (four,) = refusals(facts(errors=("one", "two", "three", "four")))
    assert "4 error" in four.message
    assert "four" not in four.message
    assert "three …" in four.message
    (waived,) = warnings(facts(waived=("one", "two", "three", "four")))
    assert waived.name == "waived"
    assert "three …" in waived.message
    assert "four" not in waived.message
    assert "…" not in warnings(facts(waived=("one", "two", "three")))[0].message


def test_what_does_not_apply_is_not_said_to_be_there_already() -> None:
    already = (AlreadyApplied("widget: a", None, "it contains the same change"),)
    assert names(
        refusals(facts(standing=TargetFit("conflict", "widget: b", ("w.c",), already=already)))
    ) == {"does-not-apply"}
    assert refusals(facts(standing=TargetFit("conflict", "widget: b", ("w.c",)), target=None)) == ()


def test_a_security_fix_needs_no_list() -> None:
    secret = replace(GOOD, answers={"security": "yes"})
    assert refusals(facts(draft=secret, recipients=(to("m@example.org"),))) == ()
    assert names(
        refusals(
            facts(
                draft=replace(GOOD, answers={"security": "no"}), recipients=(to("m@example.org"),)
            )
        )
    ) == {"no-list"}


def test_an_undisclosed_fix_names_neither_the_reporter_nor_a_cve_unnoticed() -> None:
    named = patch(
        body=f"It is CVE-2026-12345.\n\nReported-by: Rob Port <rob@example.net>\n{SIGNED}"
    )
    found = facts(named, draft=SECRET, recipients=(to("m@example.org"),))
    assert refusals(found) == ()
    assert {"names-reporter", "names-cve"} <= names(warnings(found))
    assert not {"names-reporter", "names-cve"} & names(warnings(facts(named)))
    plain = facts(
        patch(body=f"Link: https://vendor.example/datasheet.pdf\n{SIGNED}"),
        draft=SECRET,
        recipients=(to("m@example.org"),),
    )
    assert refusals(plain) == ()


def test_a_security_team_is_no_public_list() -> None:
    team = to("security@lists.example.org", TEAM, "cc")
    assert refusals(facts(draft=SECRET, recipients=(to("m@example.org"), team))) == ()


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
def test_lists_are_known_by_their_role(role: str, list_: bool) -> None:
    assert is_list(to("someone@vendor.example.com", role)) is list_


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
def test_a_changelog_below_the_cut_names_the_version(heading: str) -> None:
    def noted(text: str) -> Patch:
        return parse_patch(
            "\n".join(patch().lines).replace("\n---\n", f"\n---\n{text}\n\n", 1).encode(), "p"
        )

    assert refusals(facts(noted(heading), version=3)) == ()
    assert names(
        refusals(facts(noted(heading.replace("3", "9").replace("2", "8")), version=3))
    ) == {"no-changelog"}


def test_a_resend_needs_no_changelog_and_no_new_version() -> None:
    from patchpilot.outgoing.outbox import Outbox
    from tests.kit.outbox import record

    with Outbox() as outbox:
        sent = record(outbox, version=2)
    assert names(refusals(facts(version=2, same_version=sent))) == {"no-changelog", "version-sent"}
    assert refusals(facts(version=2, same_version=sent, request=SendRequest(resend=True))) == ()
    assert (
        refusals(facts(version=2, same_version=sent, draft=replace(GOOD, prefix="net resend")))
        == ()
    )
    told = replace(GOOD, version=2, changelogs=CHANGES)
    assert names(refusals(facts(version=2, same_version=sent, draft=told))) == {"version-sent"}
    assert (
        refusals(facts(version=2, same_version=sent, draft=told, request=SendRequest(to_self=True)))
        == ()
    )


def test_the_same_patches_are_not_sent_twice_without_saying_so() -> None:
    from patchpilot.model.draft import KnownPatch
    from patchpilot.model.rendered_mail import captured
    from patchpilot.outgoing.mail_state import MailState
    from patchpilot.outgoing.outbox import Outbox, OutboxEntry
    from tests.kit.outbox import record

    with Outbox() as outbox:
        send = record(outbox)
    raw = ("\n".join(patch().lines) + "\n").encode()
    entry = OutboxEntry(
        0, 1, "c" * 40, "p" * 40, raw, captured(raw, "", ()), MailState.ACCEPTED, ""
    )
    sent = replace(
        send,
        version=1,
        entries=(replace(entry, place=0, number=0, patch_id=None), replace(entry, place=1)),
    )
    mine = replace(GOOD, patches=(KnownPatch("p" * 40, "widget: mend"),))
    (one,) = refusals(facts(draft=mine, earlier=(sent,)))
    assert one.name == "already-sent"
    assert "v1" in one.message
    assert sent.begun[:10] in one.message
    assert "--reroll" in str(one.hint)
    for changed in (
        {"request": SendRequest(resend=True)},
        {"request": SendRequest(to_self=True)},
        {"draft": replace(mine, patches=(KnownPatch("q" * 40, "widget: mend"),))},
        {"draft": replace(mine, patches=())},
        {"draft": replace(mine, version=2, changelogs=CHANGES), "version": 2},
        {
            "series": Series(
                (patch(body="Another message.\n\nSigned-off-by: Ada Fixer <ada@example.org>"),)
            )
        },
        {"earlier": (replace(sent, entries=sent.entries[:1]),)},
    ):
        assert refusals(facts(**{"draft": mine, "earlier": (sent,), **changed})) == (), changed
    assert names(refusals(facts(draft=replace(mine, changelogs=CHANGES), earlier=(sent,)))) == {
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
def test_what_damages_a_mail_has_the_way_that_fits_the_transport(
    via: str, wrong: str, hint: str
) -> None:
    (one,) = refusals(
        facts(damaged=(("widget: mend", wrong),), damage_hint=transports.find(via).damage_hint)
    )
    assert one.name == "damaged"
    assert wrong in one.message
    assert hint in str(one.hint)


@pytest.mark.parametrize(
    ("patches", "changed", "is_missing"),
    [
        (2, {"cover_from": 2}, True),
        (2, {"cover_from": 1}, True),
        (1, {"cover_from": 1}, False),
        (2, {"cover_from": 3}, False),
        (3, {"cover_from": 3}, True),
        (3, {"cover_from": 0}, False),
        (2, {"cover_from": 2, "draft": replace(CHANGED, cover_subject="widget: two")}, False),
        (2, {"cover_from": 2, "draft": replace(CHANGED, cover_text="Two.")}, False),
    ],
)
def test_a_cover_letter_is_missing_from_so_many_patches_on(
    patches: int, changed: dict[str, object], is_missing: bool
) -> None:
    several = tuple(patch(f"[PATCH] widget: mend {at}") for at in range(patches))
    found = facts(*several, **changed)
    assert ("no-cover" in names(warnings(found))) is is_missing
    with_cover = replace(found, series=found.series._replace(cover=patch()))
    assert "no-cover" not in names(warnings(with_cover))
