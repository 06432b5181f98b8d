# SPDX-License-Identifier: GPL-2.0-or-later
"""What refuses a send and what is only told, from facts alone."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from patchpilot.model.address import Address
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch, Series
from patchpilot.model.recipient import Recipient
from patchpilot.outgoing.account import Account
from patchpilot.outgoing.draft import Draft
from patchpilot.outgoing.plan import Request
from patchpilot.outgoing.preflight import Facts, is_list, refusals, upstream_claim, warnings
from patchpilot.outgoing.target import Already, Standing, Target

ADA = Address("Ada Fixer", "ada@example.org")
TUESDAY = datetime(2026, 3, 3, 12, tzinfo=UTC)


def patch(subject: str = "[PATCH] widget: mend", body: str = "It was broken.\n\nSigned-off-by: Ada Fixer <ada@example.org>") -> Patch:
    """A patch as a mail."""
    head = f"From: Ada Fixer <ada@example.org>\nSubject: {subject}\n\n{body}\n---\n w.c | 2 +-\n\n"
    text = head + "diff --git a/w.c b/w.c\n--- a/w.c\n+++ b/w.c\n@@ -1 +1 @@\n-a\n+b\n"
    return parse_patch(text.encode(), "0001.patch")


def to(email: str, role: str = "maintainer", header: str = "to") -> Recipient:
    """A recipient."""
    return Recipient(Address("", email), role, None, header, ("a reason",))


LIST = to("widgets@lists.example.org", "list", "cc")


def account(server: str = "mail.example.org") -> Account:
    """A mail account."""
    return Account("", ADA, None, server, 587, "tls", "", "", "", "", None, None, (), True)


def facts(*patches: Patch, **changed: object) -> Facts:
    """Facts with nothing against them, and these changed."""
    plain = Facts(
        request=Request(),
        series=Series(patches or (patch(),)),
        draft=Draft("20260303-mend-0123456789ab", "/r", "topic"),
        version=1,
        recipients=(to("m@example.org"), LIST),
        account=account(),
        mails=(),
        errors=(),
        target=Target("origin/master", "a" * 40, "the default"),
        standing=Standing("clean"),
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
    return {one.name for one in problems}


def test_a_good_patch_is_not_stopped() -> None:
    assert refusals(facts()) == ()
    assert warnings(facts()) == ()


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("nobody", {"recipients": ()}),
        ("bad-address", {"recipients": (to("not an address"), LIST)}),
        ("no-list", {"recipients": (to("m@example.org"),)}),
        ("check-errors", {"errors": ("widget: mend: trailing whitespace",)}),
        ("does-not-apply", {"standing": Standing("conflict", "widget: mend", ("w.c",))}),
        ("already-fixed", {"standing": Standing("clean", already=(Already("widget: mend", None, "its change is there"),))}),
        ("damaged", {"damaged": (("widget: mend", "its content would be another"),)}),
        ("fixup", {"series": Series((patch("[PATCH] fixup! widget: mend"),))}),
        ("no-signoff", {"series": Series((patch(body="No tags."),))}),
        ("no-changelog", {"version": 2}),
        ("security-on-list", {"draft": Draft("c", "/r", "t", answers={"security": "yes"})}),
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
        ("three-way", {"standing": Standing("clean-3way")}),
        ("no-target", {"target": None, "standing": None}),
        ("doubtful-address", {"recipients": (to("root@widgets.test"), LIST)}),
        ("first-time", {"first_time": True}),
        ("too-soon", {"too_soon": "v1 went out 2 hours ago"}),
        ("no-server", {"account": replace(account(), configured=False)}),
    ],
)
def test_each_warning_has_its_case_and_does_not_refuse(name: str, changed: dict[str, object]) -> None:
    assert name in names(warnings(facts(**changed)))
    assert refusals(facts(**changed)) == ()


def test_a_changelog_may_stand_in_the_draft_or_below_the_cut() -> None:
    assert (
        names(refusals(facts(version=2, draft=Draft("c", "/r", "t", version=2, changelogs={"2": "Changes in v2:\n- mended (Bob)"}))))
        == set()
    )
    empty = Draft("c", "/r", "t", version=2, changelogs={"2": "Changes in v2:\n- EDITME changed: x\n- Link to v1: https://x/"})
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
    assert names(refusals(facts(one, recipients=stable, upstream_known={claim: False}))) == {"not-upstream"}
    assert refusals(facts(one, recipients=stable, upstream_known={claim: True})) == ()
    assert refusals(facts(one, recipients=stable)) == ()


@pytest.mark.parametrize(
    "email", ["linux-kernel@vger.kernel.org", "netdev@vger.kernel.org", "dev@dpdk.org", "u-boot@lists.denx.de", "linux-mm@kvack.org"]
)
def test_lists_are_known_by_their_look(email: str) -> None:
    assert is_list(to(email, "added"))
    assert not is_list(to("jane@vendor.example.com"))


def test_an_editme_line_does_not_leave() -> None:
    told = {"3": "Changes in v3:\n- say why", "2": "Changes in v2:\n- EDITME message reworded: x"}
    draft = Draft("c", "/r", "t", version=3, changelogs=told)
    assert names(refusals(facts(version=3, draft=draft))) == {"unfinished"}
