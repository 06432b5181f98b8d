# SPDX-License-Identifier: GPL-2.0-or-later
"""What single mails are: by sender and by the words the sender wrote."""

import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchpilot.model.address import parse_address
from patchpilot.threads.classify import classify
from patchpilot.threads.mbox import parse
from tests.kit.mails import ADA, MATT, RITA, applied_by_robot, mail, patch, reply, stable_added, stable_failed, stable_review

SHA = "0123456789abcdef0123456789abcdef01234567"
GREG = "Greg Kroah-Hartman <gregkh@linuxfoundation.org>"
SASHA = "Sasha Levin <sashal@kernel.org>"
RE = "Re: [PATCH net] demo: check the pointer"


def kind_of(raw: bytes, author: str | None = None) -> str:
    return str(classify(parse(raw)[0], parse_address(author) if author else None).kind)


ROBOTS = {one["name"]: one for one in tomllib.loads((Path(__file__).parent / "robots.toml").read_text())["mail"]}


@pytest.mark.parametrize("name", ROBOTS)
def test_a_robot_is_known_by_sender_and_words(name: str) -> None:
    robot = ROBOTS[name]
    extra = {"Auto_Submitted": robot["auto_submitted"]} if "auto_submitted" in robot else {}
    found = classify(parse(mail(robot["subject"], robot["text"], sender=robot["sender"], **extra))[0])
    assert (str(found.kind), found.bot) == (robot["kind"], robot.get("bot", True))
    assert not found.credited


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (applied_by_robot("demo: check the pointer", "0123456789ab"), "applied"),
        (stable_added("demo: check the pointer", SHA, "6.1"), "stable-added"),
        (stable_failed("demo: check the pointer", SHA, "5.10"), "stable-failed"),
        (stable_review("demo: check the pointer", SHA, "6.6"), "stable-review"),
    ],
)
def test_mails_about_a_landing_are_known(raw: bytes, kind: str) -> None:
    found = classify(parse(raw)[0])
    assert (str(found.kind), found.bot, found.credited) == (kind, True, ())


PEOPLE = {
    "a tag": ("Reviewed-by: Rita Reviewer <rita@example.net>", "trailers"),
    "two tags": ("Looks good.\n\nAcked-by: Rita Reviewer <rita@example.net>\nTested-by: Rita Reviewer <rita@example.net>", "trailers"),
    "a misspelt tag": ("Looks good; you can add:\n\nReviewed-off-by: Rita Reviewer <rita@example.net>", "ack"),
    "a formal refusal": ("This breaks the pump.\n\nNacked-by: Rita Reviewer <rita@example.net>", "nack"),
    "a refusal": ("NAK. We do not reserve bits for code that is not there.", "nack"),
    "a refusal within": ("Same comments as for v1.\nNAK from me until that is settled.", "nack"),
    "a device's NAK": ("The device answers with a NAK packet here, please handle that.", "review"),
    "applied": ("Applied, thanks!", "applied"),
    "applied to": ("Thanks, applied to demo-next.", "applied"),
    "queued": ("I've queued this up, thanks!", "applied"),
    "queued with a tag": ("Acked-by: Rita Reviewer <rita@example.net>\n\nApplied to for-next.", "applied"),
    "not applied": ("I have not applied this, it should go through the net tree instead.", "review"),
    "tried out": ("I applied this patch on top of v6.8 and tested it, but the crash is still there. Please have another look.", "review"),
    "dropped": ("Oops, wrong branch, this is now dropped, sorry for the noise.", "other"),
    "assent": ("Looks good to me.", "ack"),
    "question": ("Why is this check needed here? Can the pump be NULL at all?", "question"),
    "remarks": ("Please use the helper instead, and add a Fixes: tag.", "review"),
    "thanks": ("Thanks!", "other"),
    "sorry": ("Sorry, fixed now.", "other"),
    "ping": ("Gentle ping, any comments on this?", "other"),
}


@pytest.mark.parametrize("name", PEOPLE)
def test_a_person_is_read_by_what_they_wrote(name: str) -> None:
    text, kind = PEOPLE[name]
    found = classify(parse(reply("[PATCH net] demo: check the pointer", text))[0])
    assert (str(found.kind), found.bot) == (kind, False)


def test_a_person_who_answers_a_robot_under_its_subject_is_no_robot() -> None:
    text = "On Mon, gregkh@linuxfoundation.org wrote:\n> This is a note that I've just added the patch titled\n\nPlease drop it, it needs another first.\n"
    raw = mail('Re: Patch "demo: check" has been added to the 6.1-stable tree', text, sender=RITA)
    found = classify(parse(raw)[0])
    assert (str(found.kind), found.bot) == ("review", False)


def test_greg_as_a_person_is_a_person() -> None:
    assert kind_of(reply("[PATCH] demo: check", "You forgot a Fixes: tag, please fix up and resend.", sender=GREG)) == "review"


def test_a_patch_and_a_cover_letter_are_told_apart() -> None:
    assert kind_of(patch("[PATCH v2 1/2] demo: check")) == "patch"
    assert kind_of(mail("[PATCH v2 0/2] demo: two checks", "Two checks.\n\n demo.c | 2 ++\n 1 file changed, 2 insertions(+)\n")) == "cover"
    assert kind_of(mail("[GIT PULL] demo for 6.9", "The following changes since commit\n")) == "cover"


def test_b4_thanks_tell_commits() -> None:
    body = (
        "On Mon, 04 Mar 2024 09:00:00 +0000, Ada Fixer wrote:\n> Check.\n\nApplied to\n\n   https://git.example.org/demo.git for-next\n\nThanks!\n\n"
        f"[1/2] demo: check\n      commit: {SHA}\n[2/2] demo: more\n      (no commit info)\n"
    )
    found = classify(parse(mail(RE, body, sender=MATT, id="1.2.b4-ty"))[0])
    assert (str(found.kind), found.semi, found.bot) == ("applied", True, False)
    assert found.place.commits == (SHA,)
    assert [line.commit for line in found.place.landings] == [SHA, None]


def test_a_robot_that_found_nothing_names_no_commit() -> None:
    body = "Hello:\n\nThis series was applied to netdev/net.git (main)\nby X:\n\n"
    body += "Here is the summary with links:\n  - [1/1] demo: check\n    (no matching commit)\n"
    assert classify(parse(mail(RE, body, sender="patchwork-bot+netdevbpf@kernel.org"))[0]).place.commits == ()


def test_versions_of_stable_mails_are_read() -> None:
    def versions(raw: bytes) -> tuple[str, ...]:
        return classify(parse(raw)[0]).place.versions

    assert versions(stable_added("demo: x", SHA, "6.1")) == ("6.1",)
    assert versions(stable_failed("demo: x", SHA, "5.10")) == ("5.10",)
    assert versions(stable_review("demo: x", SHA, "6.6")) == ("6.6",)
    assert versions(mail("[PATCH AUTOSEL 6.19-6.12] demo: x", f"[ Upstream commit {SHA} ]\n", sender=SASHA)) == ("6.19", "6.12")


def test_the_authors_own_will_do_is_no_ack() -> None:
    raw = reply("[PATCH net] demo: check", "Ack, will fix in v2.", sender=ADA)
    assert kind_of(raw, ADA) == "other"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=3000))
def test_any_bytes_are_some_mail(data: bytes) -> None:
    for one in parse(data):
        found = classify(one)
        assert found.kind
        assert found.place is not None


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
def test_odd_mixtures_are_some_mail(subject: str, parts: list[str]) -> None:
    assert classify(parse(mail(subject + "x", "".join(parts)))[0]).kind


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
    ],
)
@pytest.mark.parametrize("where", ["body", "Subject", "From", "To", "References"])
def test_a_long_repetition_takes_no_longer_than_it_is_long(part: str, where: str) -> None:
    long = part * (60_000 // len(part))
    raw = (
        mail("Re: [PATCH] x", long)
        if where == "body"
        else mail("Re: [PATCH] x", "y\n").replace(b"\n\n", f"\nX: y\n{where}: {' '.join(long.split())}\n\n".encode(), 1)
    )
    if where != "body":
        raw = b"\n".join(line for line in raw.split(b"\n") if not line.startswith(f"{where}: ".encode()) or len(line) > 1000)
    started = time.process_time()
    found = classify(parse(raw)[0])
    assert found.place is not None
    assert time.process_time() - started < 20
