# SPDX-License-Identifier: GPL-2.0-or-later
"""Test classifying single messages by their sender and their text."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchpilot.model.address import parse_address
from patchpilot.projects.commit_marks import list_upstream_marks
from patchpilot.projects.project import UpstreamMark
from patchpilot.reading.mail_classifier import classify, classify_for
from patchpilot.reading.mbox import parse
from patchpilot.reading.series_messages import parse_title
from tests.kit.growth import measure_seconds
from tests.kit.mails import (
    ADA,
    MATT,
    RITA,
    build_applied_notice,
    build_mail,
    build_patch_mail,
    build_reply,
    build_stable_failure_notice,
    build_stable_queue_notice,
    build_stable_review,
)
from tests.kit.story import SHA

GREG = "Greg Kroah-Hartman <gregkh@linuxfoundation.org>"
SASHA = "Sasha Levin <sashal@kernel.org>"
RE = "Re: [PATCH net] demo: check the pointer"


def classify_as_kind(raw_mail: bytes, author: str | None = None) -> str:
    return str(classify(parse(raw_mail)[0], parse_address(author) if author else None).kind)


ROBOTS = {
    load["name"]: load
    for load in tomllib.loads((Path(__file__).parent / "robots.toml").read_text())["mail"]
}


@pytest.mark.parametrize("name", ROBOTS)
def test_robot_is_recognized(name: str) -> None:
    robot = ROBOTS[name]
    extra = {"Auto_Submitted": robot["auto_submitted"]} if "auto_submitted" in robot else {}
    classification = classify(
        parse(build_mail(robot["subject"], robot["text"], sender=robot["sender"], **extra))[0]
    )
    assert (str(classification.kind), classification.bot) == (
        robot["kind"],
        robot.get("bot", True),
    )
    assert not classification.credited


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (build_applied_notice("demo: check the pointer", "0123456789ab"), "applied"),
        (
            build_stable_queue_notice("demo: check the pointer", SHA, "6.1"),
            "stable-added",
        ),
        (
            build_stable_failure_notice("demo: check the pointer", SHA, "5.10"),
            "stable-failed",
        ),
        (build_stable_review("demo: check the pointer", SHA, "6.6"), "stable-review"),
    ],
)
def test_landing_mails_are_recognized(raw: bytes, kind: str) -> None:
    classification = classify(parse(raw)[0])
    assert (str(classification.kind), classification.bot, classification.credited) == (
        kind,
        True,
        (),
    )


PEOPLE = {
    name: (text, kind)
    for kind, texts in tomllib.loads(
        (Path(__file__).parent / "people.toml").read_text(encoding="utf-8")
    ).items()
    for name, text in texts.items()
}


@pytest.mark.parametrize("name", PEOPLE)
def test_person_is_classified_by_content(name: str) -> None:
    text, kind = PEOPLE[name]
    classification = classify(parse(build_reply("[PATCH net] demo: check the pointer", text))[0])
    assert (str(classification.kind), classification.bot) == (kind, False)


PATCH_ID = "20240304090000.77-1-ada@example.org"
WISH = (
    "I think the other way is wrong here, and most of the machines that I know of have a pump which"
    " starts at once."
)


def make_thread_reply(text: str) -> bytes:
    """Return a reply to a patch that git send-email sent for Ada."""
    body = f"On Mon, 04 Mar 2024, somebody wrote:\n> [...]\n\n{text}\n"
    return build_mail(RE, body, sender=RITA, to=ADA, id="x", In_Reply_To=f"<{PATCH_ID}>")


@pytest.mark.parametrize("text", [WISH, "This is not taken. Convert the file first."])
def test_reply_that_requests_a_change_is_a_review(text: str) -> None:
    assert classify_as_kind(make_thread_reply(text)) == "review"


def test_quoted_diff_context_is_code() -> None:
    quote = "> +\tif (!pump)\n> +\t\treturn;\n>  \tuse(pump);\n"
    raw_mail = build_mail(
        RE,
        f"On Mon, Ada Fixer wrote:\n{quote}\nThis makes it hard to find out what was used.\n",
        sender=RITA,
    )
    assert classify(parse(raw_mail)[0]).body.own[-2].on_code


def test_c_operator_is_not_a_question() -> None:
    code = (
        "The length is what counts:\n\n\ta = b < c ? b : c;\n\td = e ? f : g;\n\nas the manual"
        " says."
    )
    assert classify_as_kind(make_thread_reply(code)) != "question"


def test_stable_test_report_is_a_test_result() -> None:
    raw_mail = build_mail(
        "Re: [PATCH 6.1 0/6] 6.1.13-stable review",
        "> thanks\n\nAll tests pass.\n\nTest results for 6.1:\n  13 builds: 13 pass\n",
        sender=RITA,
    )
    classification = classify(parse(raw_mail)[0])
    assert (str(classification.kind), classification.bot) == ("test-result", False)


def test_person_replying_to_a_robot_is_not_a_robot() -> None:
    text = (
        "On Mon, gregkh@linuxfoundation.org wrote:\n> This is a note that I've just added the patch"
        " titled\n\nPlease drop it, it needs another first.\n"
    )
    raw_mail = build_mail(
        'Re: Patch "demo: check" has been added to the 6.1-stable tree',
        text,
        sender=RITA,
    )
    classification = classify(parse(raw_mail)[0])
    assert (str(classification.kind), classification.bot) == ("review", False)


def test_greg_is_a_person() -> None:
    assert (
        classify_as_kind(
            build_reply(
                "[PATCH] demo: check",
                "You forgot a Fixes: tag, please fix up and resend.",
                sender=GREG,
            )
        )
        == "review"
    )


def test_patch_and_cover_letter_differ() -> None:
    assert classify_as_kind(build_patch_mail("[PATCH v2 1/2] demo: check")) == "patch"
    assert (
        classify_as_kind(
            build_mail(
                "[PATCH v2 0/2] demo: two checks",
                "Two checks.\n\n demo.c | 2 ++\n 1 file changed, 2 insertions(+)\n",
            )
        )
        == "cover"
    )
    assert (
        classify_as_kind(
            build_mail("[GIT PULL] demo for 6.9", "The following changes since commit\n")
        )
        == "cover"
    )


def test_b4_thanks_mails_name_commits() -> None:
    body = (
        "On Mon, 04 Mar 2024 09:00:00 +0000, Ada Fixer wrote:\n> Check.\n\nApplied to\n\n  "
        " https://git.example.org/demo.git for-next\n\nThanks!\n\n[1/2] demo: check\n      commit:"
        f" {SHA}\n[2/2] demo: more\n      (no commit info)\n"
    )
    classification = classify(parse(build_mail(RE, body, sender=MATT, id="1.2.b4-ty"))[0])
    assert (str(classification.kind), classification.semi, classification.bot) == (
        "applied",
        True,
        False,
    )
    assert classification.placement.commits == (SHA,)
    assert [line.commit for line in classification.placement.landings] == [SHA, None]


def test_clean_robot_report_names_no_commit() -> None:
    body = "Hello:\n\nThis series was applied to netdev/net.git (main)\nby X:\n\n"
    body += "Here is the summary with links:\n  - [1/1] demo: check\n    (no matching commit)\n"
    assert (
        classify(
            parse(build_mail(RE, body, sender="patchwork-bot+netdevbpf@kernel.org"))[0]
        ).placement.commits
        == ()
    )


def test_stable_mail_versions_are_read() -> None:
    def read_versions(raw_mail: bytes) -> tuple[str, ...]:
        return classify(parse(raw_mail)[0]).placement.versions

    assert read_versions(build_stable_queue_notice("demo: x", SHA, "6.1")) == ("6.1",)
    assert read_versions(build_stable_failure_notice("demo: x", SHA, "5.10")) == ("5.10",)
    assert read_versions(build_stable_review("demo: x", SHA, "6.6")) == ("6.6",)
    assert read_versions(
        build_mail(
            "[PATCH AUTOSEL 6.19-6.12] demo: x",
            f"[ Upstream commit {SHA} ]\n",
            sender=SASHA,
        )
    ) == ("6.19", "6.12")


@pytest.mark.parametrize("mark", list_upstream_marks(), ids=lambda mark: mark.example)
def test_commit_of_a_backport_is_read_in_each_form(mark: UpstreamMark) -> None:
    line = mark.example.replace("{id}", SHA).replace("{subject}", "demo: x")
    text = f"From: {ADA}\n\n{line}\n\nCheck.\n"
    raw_mail = build_mail("[PATCH AUTOSEL 6.19-6.12] demo: x", text, sender=SASHA)
    assert classify(parse(raw_mail)[0]).placement.commits == (SHA,)


def test_will_do_is_not_an_ack() -> None:
    raw_mail = build_reply("[PATCH net] demo: check", "Ack, will fix in v2.", sender=ADA)
    assert classify_as_kind(raw_mail, ADA) == "other"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=3000))
def test_any_bytes_are_classified(data: bytes) -> None:
    for message in parse(data):
        classification = classify(message)
        assert classification.kind
        assert classification.placement is not None


PIECES = [
    "> ",
    "-- ",
    "Reviewed-by: ",
    "Applied ",
    "NAK",
    "\n",
    "diff --git a/x b/x\n",
    "--- a/x\n+++ b/x\n",
    "On X wrote:\n",
    "@",
    "<",
    ">",
    "?",
    "\t",
    "é",
]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["", "Re: ", "RE: [tip: x] ", "FAILED: patch ", "[PATCH 1/", 'Patch "']),
    st.lists(st.sampled_from(PIECES), max_size=60),
)
def test_random_mixtures_are_classified(subject: str, parts: list[str]) -> None:
    assert classify(parse(build_mail(subject + "x", "".join(parts)))[0]).kind


@pytest.mark.long
@pytest.mark.parametrize(
    "part",
    [
        "https://",
        "[",
        "> ",
        "applied ",
        "On 1 x ",
        "Reviewed-by: a b\n",
        "a@",
        "<",
        '"',
        "- [1/1] x\n    ",
        "=?",
        "From: a@b\n",
        "with ",
        "NAK ",
        "Could you fix it? ",
    ],
)
@pytest.mark.parametrize("where", ["body", "Subject", "From", "To", "References"])
def test_long_repetition_takes_linear_time(part: str, where: str) -> None:
    long = part * (60_000 // len(part))
    raw_mail = (
        build_mail("Re: [PATCH] x", long)
        if where == "body"
        else build_mail("Re: [PATCH] x", "y\n").replace(
            b"\n\n", f"\nX: y\n{where}: {' '.join(long.split())}\n\n".encode(), 1
        )
    )
    if where != "body":
        raw_mail = b"\n".join(
            line
            for line in raw_mail.split(b"\n")
            if not line.startswith(f"{where}: ".encode()) or len(line) > 1000
        )

    def classify_message() -> None:
        assert classify(parse(raw_mail)[0]).placement is not None

    assert measure_seconds(classify_message) < 20


def test_maintainer_applies_their_own_patch() -> None:
    raw_mail = build_mail(
        RE,
        "Hi,\n\nOn Fri, Mar 4, 2022 at 5:22 PM Matt Maintainer <matt@example.com> wrote:\n> This"
        " adds a pump.\n\nPushed.\n",
        sender=MATT,
    )
    assert classify_as_kind(raw_mail) == "applied"
    assert classify_as_kind(raw_mail, MATT) == "applied"


def test_advice_about_applying_is_not_acceptance() -> None:
    raw_mail = build_mail(
        RE,
        "On Fri, Mar 4, 2022 at 5:22 PM Rita Reviewer <rita@example.net> wrote:\n> Use the"
        " helper.\n\nApplied.\n",
        sender=ADA,
    )
    assert classify_as_kind(raw_mail, ADA) == "other"


def test_tree_is_identified_by_name() -> None:
    listed = f"\n\n[1/1] demo: check it\n      commit: {'0123456789' * 4}"
    trees = {
        text: classify(parse(build_mail(RE, f"> x\n\n{text}\n", sender=MATT))[0]).placement.tree
        for text in (
            *("Applied to it, thanks.", "Applied to demo-next."),
            *(f"Applied to {words}{listed}" for words in ("fixes, thanks.", "pumps for-6.9")),
        )
    }
    assert list(trees.values()) == [None, "demo-next", "fixes", "pumps for-6.9"]


def test_second_signer_is_not_the_author() -> None:
    quoted = (
        "> Building fails.\n>\n> Signed-off-by: Ada Fixer <ada@example.org>\n> Signed-off-by: Matt"
        " Maintainer <matt@example.com>\n"
    )
    assert (
        classify_as_kind(
            build_mail(
                RE,
                f"Hello,\n\nAda Fixer wrote:\n{quoted}\nApplied to demo-next.\n",
                sender=MATT,
            )
        )
        == "applied"
    )


def test_reply_to_a_robot_requests_nothing() -> None:
    text = (
        "On 14/11/25 12:17, kernel test robot wrote:\n> [auto build test ERROR]\n\nWrong tree; the"
        " prerequisite patch is missing there.\n"
    )
    assert classify_as_kind(build_mail(RE, text, sender=RITA)) == "other"


IN_A_DISCUSSION = {
    "what is so": ("It is used on old boards, which can't be broken by it.", "other"),
    "who takes it": (
        "Sure, I can take the series. If there is no problem with the bindings, please tell.",
        "other",
    ),
    "to a question": (
        (
            "> Do we need to stop the pump each time?\n\nYes, it must be stopped, and the valve"
            " should be open instead."
        ),
        "other",
    ),
    "wants more": (
        "This is wrong, please use the helper instead, and the bindings are missing.",
        "review",
    ),
}


@pytest.mark.parametrize("name", IN_A_DISCUSSION)
def test_reply_to_a_reply_rarely_asks_for_changes(name: str) -> None:
    sentence, kind = IN_A_DISCUSSION[name]
    classification = classify(parse(build_mail(RE, f"> It is slow.\n{sentence}\n", sender=RITA))[0])
    assert classify_for(classification, classification.sender, False, "other").kind == kind


@pytest.mark.parametrize(
    "subject",
    [
        "Re: [tip: x86/pump] x86/pump: Check the pointer",
        "Re: pump stalls since v6.8",
        "Re: [Bug 1] pump stalls",
    ],
)
def test_unrelated_discussion_requests_nothing(subject: str) -> None:
    text = (
        "The second generation should not care at all: the pump knows its own state already there,"
        " so it makes no difference whether we look or not."
    )
    assert classify_as_kind(build_mail(subject, text, sender=RITA)) == "other"


def test_two_line_date_and_name_are_an_attribution() -> None:
    text = (
        "On Sun, 23 Oct 2022 15:22:58 +0200\nAda Fixer <ada@example.org> wrote:\n\n> Check"
        " it.\nApplied\n"
    )
    classification = classify(parse(build_mail(RE, text, sender=RITA))[0])
    assert str(classification.kind) == "applied"
    assert classification.body.text == "Applied"


def test_quoted_list_is_not_code() -> None:
    text = "On Sun, 23 Oct 2022 Ada Fixer wrote:\n> - faster pumps\n\nNice to see them.\n"
    assert not any(
        line.on_code for line in classify(parse(build_mail(RE, text, sender=RITA))[0]).body.own
    )


def test_unmarked_reply_to_a_bot_is_from_a_person() -> None:
    words = (
        "    This is automated email and please do not reply to this email!\n    ---Test"
        " result---\n"
    )
    text = (
        f"Hi Ada,\n\nOn 2/23/21, bluez.test.bot@gmail.com wrote:\n\n{words}\nThe machine was"
        " broken.\n"
    )
    classification = classify(
        parse(build_mail(RE, text, sender='"An, Tedd" <tedd.an@example.com>'))[0]
    )
    assert (str(classification.kind), classification.bot) == ("other", False)


def test_accents_do_not_split_a_person() -> None:
    text = "Acked-by: Zoe Ames <zoe.ames@example.com>\n"
    assert classify(
        parse(build_mail(RE, text, sender="=?utf-8?q?Zo=C3=AB_Ames?= <noname.zoe@example.net>"))[0]
    ).credited


def test_authors_request_to_the_maintainer_is_not_a_question() -> None:
    text = (
        "Otto: May I kindly ask you to replace the two patches in your tree with these newer"
        " versions?"
    )
    raw_mail = build_reply("[PATCH v2] demo: x", text, sender=ADA, id="r", reply_to="p")
    assert classify_as_kind(raw_mail, ADA) == "other"


@pytest.mark.parametrize("title", ["demo: check", 'Revert "demo: check"'])
@pytest.mark.parametrize(
    "subject",
    [
        'Patch "{}" has been added to the 6.1-stable tree',
        '[demo-devel] Patch "{}" has been added to the 6.1-stable tree',
        'FAILED: patch "[PATCH] {}" failed to apply to 6.1-stable tree',
        'WTF: patch "[PATCH] {}" was seriously submitted to be applied to the 6.1-stable tree?',
    ],
)
def test_stable_notice_is_about_the_quoted_title(subject: str, title: str) -> None:
    failed = build_stable_failure_notice("TITLE", SHA, "6.1", id="g", X_stable="commit")
    mail = parse(failed)[0]._replace(subject=subject.format(title))
    assert parse_title(classify(mail)) == title
