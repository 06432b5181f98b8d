# SPDX-License-Identifier: GPL-2.0-or-later
"""What single mails are: by sender and by the words the sender wrote."""

import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchpilot.model.address import parse_address
from patchpilot.reading.mail_classifier import classify
from patchpilot.reading.mbox import parse
from tests.kit.mails import (
    ADA,
    MATT,
    RITA,
    applied_by_robot,
    mail,
    patch,
    reply,
    stable_added,
    stable_failed,
    stable_review,
)

SHA = "0123456789abcdef0123456789abcdef01234567"
GREG = "Greg Kroah-Hartman <gregkh@linuxfoundation.org>"
SASHA = "Sasha Levin <sashal@kernel.org>"
RE = "Re: [PATCH net] demo: check the pointer"


def kind_of(raw: bytes, author: str | None = None) -> str:
    return str(classify(parse(raw)[0], parse_address(author) if author else None).kind)


ROBOTS = {
    load["name"]: load
    for load in tomllib.loads((Path(__file__).parent / "robots.toml").read_text())[
        "mail"
    ]
}


@pytest.mark.parametrize("name", ROBOTS)
def test_a_robot_is_known_by_sender_and_words(name: str) -> None:
    robot = ROBOTS[name]
    extra = (
        {"Auto_Submitted": robot["auto_submitted"]} if "auto_submitted" in robot else {}
    )
    found = classify(
        parse(mail(robot["subject"], robot["text"], sender=robot["sender"], **extra))[0]
    )
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
    "two tags": (
        (
            "Looks good.\n\nAcked-by: Rita Reviewer <rita@example.net>\nTested-by: Rita Reviewer"
            " <rita@example.net>"
        ),
        "trailers",
    ),
    "a misspelt tag": (
        "Looks good; you can add:\n\nReviewed-off-by: Rita Reviewer <rita@example.net>",
        "ack",
    ),
    "a formal refusal": (
        "This breaks the pump.\n\nNacked-by: Rita Reviewer <rita@example.net>",
        "nack",
    ),
    "agreement to a suggestion": ("Sure, that works for me too.", "ack"),
    "a refusal within": (
        "Same comments as for v1.\nNAK from me until that is settled.",
        "nack",
    ),
    "a device's NAK": (
        "The device answers with a NAK packet here, please handle that.",
        "review",
    ),
    "applied": ("Applied, thanks!", "applied"),
    "applied to": ("Thanks, applied to demo-next.", "applied"),
    "a patch that added something": (
        "Ah, your second patch added that, so please make it four patches.",
        "review",
    ),
    "queued with a tag": (
        "Acked-by: Rita Reviewer <rita@example.net>\n\nApplied to for-next.",
        "applied",
    ),
    "not applied": (
        "I have not applied this, it should go through the net tree instead.",
        "review",
    ),
    "tried out": (
        (
            "I applied this patch on top of v6.8 and tested it, but the crash is still there."
            " Please have another look."
        ),
        "review",
    ),
    "applied this one": ("Applied this one, thanks Ada.", "applied"),
    "applied with a nit": (
        "Applied with nit. I had to move the enum to the end, otherwise it breaks the ABI.",
        "applied",
    ),
    "applied for testing": (
        (
            "Series applied, but note that a table is missing.\n\nApplied to the pump branch and"
            " pushed out as testing."
        ),
        "applied",
    ),
    "applied with a tag": (
        "Applied with Rafael's reviewed-by to pumps for v6.9, thanks!",
        "applied",
    ),
    "applied with fixups": ("Applied with a couple fixups.  Thanks!", "applied"),
    "applied, some": ("Patches 10,14,16,37 applied.  Thanks.", "applied"),
    "applied, some of them": (
        "I have applied all but 4/, that is for Matt I guess.",
        "applied",
    ),
    "applied to a testing branch": (
        "Applied to pumps-next/testing, fixed some typos.",
        "other",
    ),
    "applied and changed": (
        "I've applied this but changed the patch title.  It's now \"pump: remove a word\".",
        "applied",
    ),
    "pushed out to a branch": ("Pushed out to pumps#for-6.9/signal.", "applied"),
    "picked, with their number": (
        "I picked these four to the pump tree, thanks",
        "applied",
    ),
    "took": ("Took patches (1) and (3) in pump/next, thanks.", "applied"),
    "queueing": ("Thanks, queuing it up for v6.9 then.", "applied"),
    "changed in applying": (
        "The file should be sorted alphabetically, fixed while applying.",
        "applied",
    ),
    "to be changed in applying": (
        "The file should be sorted alphabetically; that can be fixed while applying.",
        "review",
    ),
    "suggestions applied": (
        "I have applied these comments already, they were mine.",
        "other",
    ),
    "a queue that works": (
        "I have two of them on two different systems, and queued trim works fine for me.",
        "test-result",
    ),
    "a maintainer's one word": ("Applied\n\nRita", "applied"),
    "applied to a tree of two words": (
        "Applied to powerboards next, thanks.\n\nhttps://git.example.org/c/0123456789ab",
        "applied",
    ),
    "people added": (
        "I've added in the pump-related folks.\n\nCould the tests be built as a module as well?",
        "question",
    ),
    "finally applied": ("[Finally] applied.\n\nThanks,\nRita", "applied"),
    "misspelt": (
        "Great.  Appiled to the pump branch and pushed out as testing.",
        "applied",
    ),
    "applied with those tweaks": (
        "Applied with those tweaks to the pump branch.",
        "applied",
    ),
    "applied by hand": (
        "Please base one on top of the other next time. Anyhow, fixed up and applied by hand.",
        "applied",
    ),
    "applied and marked": (
        "Applied and marked for stable - with tweaks to the order.",
        "applied",
    ),
    "after they are in the tree": (
        "Ah. We can't change changelogs after they are in the tree, sorry.",
        "other",
    ),
    "probably": (
        "Please send it as a new patch, I'll probably queue it up as a fix.",
        "review",
    ),
    "changed and applied": ("Tweaked that and applied.", "applied"),
    "added to a list": (
        (
            "I added it to our list, and made a note of it for the next meeting with the others who"
            " care about such pumps."
        ),
        "other",
    ),
    "it makes sense to": (
        "FWIW, I think it makes sense to wait for the other one.",
        "other",
    ),
    "just checking": (
        (
            "Just checking if this is meant: can the pump change registers that nobody uses? What"
            " am I missing here?"
        ),
        "question",
    ),
    "you are right": (
        (
            "You're right, it is used on all boards. Looks like the comment needs to be updated, it"
            " should name them instead."
        ),
        "other",
    ),
    "once it is merged": (
        (
            "This one should go through the board tree once the binding and driver patches have"
            " been merged."
        ),
        "review",
    ),
    "merged elsewhere": (
        "It depends on another patch which has been merged in demo-next, as the cover letter says.",
        "other",
    ),
    "built with it": (
        (
            "I see lots of these warnings when building with this patch series applied, and two"
            " options set."
        ),
        "other",
    ),
    "not without": (
        "So I won't apply this without the two changes above, please respin.",
        "review",
    ),
    "another version, politely": ("Could you send a v2 with that?", "review"),
    "thanks for the patch": (
        (
            "Thanks for your patch. There is no secret in the pool, so the memset can be dropped"
            " and should not be here."
        ),
        "review",
    ),
    "thanks for the review": (
        (
            "Thanks for your review. I see that the drivers nearby should do the same, the comment"
            " is missing there."
        ),
        "other",
    ),
    "talk": (
        (
            "This is how the pumps of the first generation behave as well, they only look at the"
            " low bits of the register."
        ),
        "other",
    ),
    "dropped": (
        "Oops, wrong branch, this is now dropped, sorry for the noise.",
        "other",
    ),
    "assent": ("Looks good to me.", "ack"),
    "question": (
        "Why is this check needed here? Can the pump be NULL at all?",
        "question",
    ),
    "what would be better, on code": (
        (
            "> +\tif (!pump)\n\nI think it would be much cleaner to leave the watchdog"
            " running."
        ),
        "review",
    ),
    "what about": ("This looks odd. What about the lock?", "question"),
    "should be": (
        "This should be a bool. I fixed the same in the other pump.",
        "review",
    ),
    "should be there": (
        "The counter should be there, too, as it is missing now.",
        "review",
    ),
    "questions with what is known": (
        (
            "Is there an option for it? I mean that the second one has no register like that. Do"
            " you know by chance what we need it for? E.g. which machine has it?"
        ),
        "question",
    ),
    "asks for news": ("Just wanted to check in, did you get my mail?", "other"),
    "just checking in": (
        "Just checking in on this one, has anybody had the time to look at it?",
        "other",
    ),
    "a short question": ("Is the caller checked?", "question"),
    "a short question in the negative": (
        "Shouldn't the name change, too?",
        "question",
    ),
    "is there": ("Is there a typo?", "question"),
    "thanks": ("Thanks!", "other"),
    "sorry": ("Sorry, fixed now.", "other"),
    "ping": ("Gentle ping, any comments on this?", "other"),
    "a tag for a part": (
        "For the pumps: Acked-by: Rita Reviewer <rita@example.net>",
        "trailers",
    ),
    "likes that": ("Yes, I like that very much. =)", "ack"),
    "waits before applying": (
        "I'm good with this patchset but I'll wait before applying to give Otto the time to look.",
        "ack",
    ),
    "merged onto a branch": ("I've merged this onto pumps-next.", "applied"),
    "merged, more to be done": (
        "merged into pumps-2.6.git for-next pending more review and testing",
        "applied",
    ),
    "pushed, after something else": (
        "Added the acked-bys and pushed to pumps-for-next",
        "applied",
    ),
    "applied long ago": (
        "This was applied a while ago: https://git.example.org/c/0123456789ab",
        "applied",
    ),
    "applied, and the changelog edited": (
        "Applied for fixes and by adding some words to the changelog.",
        "applied",
    ),
    "the first few": (
        "JFYI, I have pushed the first 3 cleanup patches into pumps.git, branch rework.",
        "applied",
    ),
    "on a branch": ("Thanks, this is on for-next.", "applied"),
    "already in a tree": ("this one is already in pumps-next.", "applied"),
    "upstream now": (
        "Thanks! This was included in my pull request today and is now upstream in Linus' tree.",
        "applied",
    ),
    "can take it": ("I can take it now, thanks!", "applied"),
    "did take": (
        "I left out 2 as it needs an ack. But I did take all the others.",
        "applied",
    ),
    "sends it upstream": (
        "I'll send this upstream, with the tag of the report added.",
        "applied",
    ),
    "in a tree, and wrong there": (
        "It's in pumps-next but broken. Please send a fix.",
        "review",
    ),
    "something already committed": (
        "If you refer to something already committed, please use its hash.",
        "review",
    ),
    "there is one queued": (
        "There's a binding for taps now queued for 6.9. You should use that.",
        "review",
    ),
    "out of office": (
        (
            "Thanks for the new version. I will be away until Monday, so please expect some delays"
            " in my answers."
        ),
        "other",
    ),
    "put me down": (
        (
            "I have taken the patches and built a new pump with them. Everything looks good to me"
            " here. It is acting as I had hoped it would. You can put me down for an ACK or"
            " whatever is best."
        ),
        "ack",
    ),
    "on top of": ("I'll apply them on top of the -rc5. Thanks!", "applied"),
    "a question, see below": (
        (
            "All looks good to me, just one question, please see below: does any code use that"
            " assumption?"
        ),
        "question",
    ),
    "pulled to try it": (
        "I'll pull this into my test trees and give it a run.",
        "other",
    ),
    "a question and a wish": (
        "Why is this one here? If Otto wrote it, please add a tag for him. What does it fix?",
        "review",
    ),
    "a condition in another sentence": (
        (
            "It is odd when read alone.\n\nI will apply it with the other tag, as you sent"
            " it\nshortly after."
        ),
        "applied",
    ),
    "it is merged": ("It's merged now. Thanks!", "applied"),
    "both are picked": ("Thanks, both are picked", "applied"),
    "applied by another": (
        "It's been already applied by Arnd, no need to do anything :)",
        "applied",
    ),
    "is applied, of code": (
        "The offset is applied to the second register as well, please check that.",
        "review",
    ),
    "going to refuse": (
        (
            "However, I'm going to nack all patches that add such messages. They are unhelpful most"
            " of the time."
        ),
        "nack",
    ),
    "a test that went well": (
        "I can confirm that this patch also works. No hang any more.",
        "test-result",
    ),
    "a version picked": (
        "Okay, so I have picked v1 instead, for fixes, thanks!",
        "applied",
    ),
    "did not get lost": (
        "Before the merge window closes, I just wanted to make sure this didn't get\nlost.",
        "other",
    ),
    "updates and applies": (
        "There are still some left.\n\nI will directly update your patch and apply it.",
        "applied",
    ),
    "remarks as questions": (
        (
            "> +\tint speed = 0;\nNo need to set it. Nit: one variable a line please.\n> +\tif"
            " (pump)\nIs this only for the first one?\n> +\tuse(pump);\nDo we need this for all of"
            " them?"
        ),
        "review",
    ),
    "so applied": (
        "Thanks, Ada. I see that Otto asked for it, so applied for the next merge window.",
        "applied",
    ),
    "at length, where it was committed": (
        (
            "JFYI, I have committed the series into pumps.git, branch for-6.9/tests.\n\nI have"
            " changed the wrong name in the first patch as Otto\nwanted. Also I have replaced two"
            " calls in the second script, which he named in his review. Personally I would prefer"
            " such\nchanges in a patch of their own, but it should not need another version just"
            " for that. Many thanks to everybody."
        ),
        "applied",
    ),
    "a sentence over two lines": (
        (
            "It did not apply to the fixes branch, only to next. That said, I\nhave queued this up"
            " for next."
        ),
        "applied",
    ),
    "the driver queued": (
        "I have now queued the driver in pumps.git#for-6.9/taps.",
        "applied",
    ),
    "queued, with a remark in parentheses": (
        "I have now queued this series (with the acked tap patches) via my pump tree.",
        "applied",
    ),
    "landed": ("I landed them in master now.", "applied"),
    "dared to": ("I dared to reword the comment and merge it.", "applied"),
    "queueing now": (
        "Don't hesitate to ping me. Queuing this up now, with Ottos tag. Sorry for the delay.",
        "applied",
    ),
    "applying into a branch": (
        "Thanks applying patches 1 to 3 into pumps-for-v6.6/dt.",
        "applied",
    ),
    "goes ahead": (
        (
            "I'm going to go ahead and merge this into pumps/dev, if Otto minds I can always"
            " revert it."
        ),
        "other",
    ),
    "only some": (
        "This fails to build as a module, so I've only applied the first four patches for now.",
        "applied",
    ),
    "fixed when it was applied": (
        "No need, I fixed this up by hand when I applied it, thanks.",
        "other",
    ),
    "code that applies": (
        "The pump is applying the limit to all valves, is that meant?",
        "question",
    ),
    "resend and I will": (
        (
            "Please resend this patch with a signed-off-by line, and I will queue it for the next"
            " merge window."
        ),
        "review",
    ),
    "what is in the branch": (
        "Please resubmit against what is in the main branch.",
        "review",
    ),
    "reluctant": (
        "I'm reluctant to merge the tap part, as I can't test it. Please split it.",
        "review",
    ),
    "would love to": (
        "I'd love to see this patch applied to the next stable kernel, my pump stalls without it.",
        "other",
    ),
    "tested after applying": (
        (
            "I applied this series and the pump starts again.\n\nTested-by: Rita Reviewer"
            " <rita@example.net>"
        ),
        "trailers",
    ),
    "it seems to work": (
        "I tried it with two pumps and a tap, seems to work here.",
        "test-result",
    ),
    "to another maintainer": ("Otto, can you pick this up please?", "other"),
    "to another maintainer, with thanks": (
        "Hi Otto,\n\nplease can you merge this patch?\n\nAda, thank you for the new version!",
        "other",
    ),
    "for an ack": ("I bounced it to you. Please consider acking it.", "other"),
    "a request to fold": ("Please merge this with the previous patch.", "review"),
    "take it yourself": ("Put it in your tree then.", "ack"),
    "no more concerns": ("This resolves my concerns.", "ack"),
    "agrees to take, later": (
        "> Could you apply patches 1 and 2?\n\nSure, once the merge window is over.",
        "other",
    ),
    "agrees to something": (
        "> Could you test patches 1 and 2?\n\nSure, will do so now.",
        "other",
    ),
    "no content": (
        (
            "Please don't send content free pings and please allow a reasonable time for review."
            " People get busy, so please wait some weeks."
        ),
        "form-letter",
    ),
}


@pytest.mark.parametrize("name", PEOPLE)
def test_a_person_is_read_by_what_they_wrote(name: str) -> None:
    text, kind = PEOPLE[name]
    found = classify(parse(reply("[PATCH net] demo: check the pointer", text))[0])
    assert (str(found.kind), found.bot) == (kind, False)


PATCH_ID = "20240304090000.77-1-ada@example.org"
WISH = (
    "I think the other way is wrong here, and most of the machines that I know of have a pump which"
    " starts at once."
)


def in_thread(
    text: str, *, sender: str = RITA, to: str = ADA, above: str = ""
) -> bytes:
    """A reply in the thread of a patch that git send-email sent for Ada: to the patch, or with
    `above` to a reply.
    """
    references = f"<{PATCH_ID}>{f' <{above}>' if above else ''}"
    return mail(
        RE,
        f"On Mon, 04 Mar 2024, somebody wrote:\n> [...]\n\n{text}\n",
        sender=sender,
        to=to,
        id="x",
        references=references,
        In_Reply_To=f"<{above or PATCH_ID}>",
    )


ABOVE = "r1@example.net"
IN_A_THREAD = {
    "to the patch": (in_thread(WISH), "review"),
    "two others talk": (in_thread(WISH, to=MATT, above=ABOVE), "other"),
    "by whom git put into the Message-ID of the patch": (
        in_thread(WISH, sender=ADA, to=RITA, above=ABOVE),
        "other",
    ),
    "what to do": (
        in_thread(
            "Changes of text files have not been taken for long. Convert the file first."
        ),
        "review",
    ),
    "what to do, between others": (
        in_thread("Convert the file first.", to=MATT, above="1.other@example.net"),
        "other",
    ),
}


@pytest.mark.parametrize("name", IN_A_THREAD)
def test_whom_a_reply_answers_shows_in_its_thread(name: str) -> None:
    raw, kind = IN_A_THREAD[name]
    assert kind_of(raw) == kind


def test_context_lines_of_a_quoted_diff_are_code() -> None:
    quote = "> +\tif (!pump)\n> +\t\treturn;\n>  \tuse(pump);\n"
    raw = mail(
        RE,
        f"On Mon, Ada Fixer wrote:\n{quote}\nThis makes it hard to find out what was used.\n",
        sender=RITA,
    )
    assert classify(parse(raw)[0]).body.own[-2].on_code


def test_the_operator_of_c_asks_nothing() -> None:
    code = (
        "The length is what counts:\n\n\ta = b < c ? b : c;\n\td = e ? f : g;\n\nas the manual"
        " says."
    )
    assert kind_of(in_thread(code)) != "question"


def test_a_test_report_of_a_stable_kernel_is_a_test_result() -> None:
    raw = mail(
        "Re: [PATCH 6.1 0/6] 6.1.13-stable review",
        "> thanks\n\nAll tests pass.\n\nTest results for 6.1:\n  13 builds: 13 pass\n",
        sender=RITA,
    )
    found = classify(parse(raw)[0])
    assert (str(found.kind), found.bot) == ("test-result", False)


def test_a_person_who_answers_a_robot_under_its_subject_is_no_robot() -> None:
    text = (
        "On Mon, gregkh@linuxfoundation.org wrote:\n> This is a note that I've just added the patch"
        " titled\n\nPlease drop it, it needs another first.\n"
    )
    raw = mail(
        'Re: Patch "demo: check" has been added to the 6.1-stable tree',
        text,
        sender=RITA,
    )
    found = classify(parse(raw)[0])
    assert (str(found.kind), found.bot) == ("review", False)


def test_greg_as_a_person_is_a_person() -> None:
    assert (
        kind_of(
            reply(
                "[PATCH] demo: check",
                "You forgot a Fixes: tag, please fix up and resend.",
                sender=GREG,
            )
        )
        == "review"
    )


def test_a_patch_and_a_cover_letter_are_reported_apart() -> None:
    assert kind_of(patch("[PATCH v2 1/2] demo: check")) == "patch"
    assert (
        kind_of(
            mail(
                "[PATCH v2 0/2] demo: two checks",
                "Two checks.\n\n demo.c | 2 ++\n 1 file changed, 2 insertions(+)\n",
            )
        )
        == "cover"
    )
    assert (
        kind_of(mail("[GIT PULL] demo for 6.9", "The following changes since commit\n"))
        == "cover"
    )


def test_b4_thanks_tell_commits() -> None:
    body = (
        "On Mon, 04 Mar 2024 09:00:00 +0000, Ada Fixer wrote:\n> Check.\n\nApplied to\n\n  "
        " https://git.example.org/demo.git for-next\n\nThanks!\n\n[1/2] demo: check\n      commit:"
        f" {SHA}\n[2/2] demo: more\n      (no commit info)\n"
    )
    found = classify(parse(mail(RE, body, sender=MATT, id="1.2.b4-ty"))[0])
    assert (str(found.kind), found.semi, found.bot) == ("applied", True, False)
    assert found.place.commits == (SHA,)
    assert [line.commit for line in found.place.landings] == [SHA, None]


def test_a_robot_that_found_nothing_names_no_commit() -> None:
    body = "Hello:\n\nThis series was applied to netdev/net.git (main)\nby X:\n\n"
    body += "Here is the summary with links:\n  - [1/1] demo: check\n    (no matching commit)\n"
    assert (
        classify(
            parse(mail(RE, body, sender="patchwork-bot+netdevbpf@kernel.org"))[0]
        ).place.commits
        == ()
    )


def test_versions_of_stable_mails_are_read() -> None:
    def versions(raw: bytes) -> tuple[str, ...]:
        return classify(parse(raw)[0]).place.versions

    assert versions(stable_added("demo: x", SHA, "6.1")) == ("6.1",)
    assert versions(stable_failed("demo: x", SHA, "5.10")) == ("5.10",)
    assert versions(stable_review("demo: x", SHA, "6.6")) == ("6.6",)
    assert versions(
        mail(
            "[PATCH AUTOSEL 6.19-6.12] demo: x",
            f"[ Upstream commit {SHA} ]\n",
            sender=SASHA,
        )
    ) == ("6.19", "6.12")


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
    st.sampled_from(
        ["", "Re: ", "RE: [tip: x] ", "FAILED: patch ", "[PATCH 1/", 'Patch "']
    ),
    st.lists(st.sampled_from(PIECES), max_size=60),
)
def test_odd_mixtures_are_some_mail(subject: str, parts: list[str]) -> None:
    assert classify(parse(mail(subject + "x", "".join(parts)))[0]).kind


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
    ],
)
@pytest.mark.parametrize("where", ["body", "Subject", "From", "To", "References"])
def test_a_long_repetition_takes_no_longer_than_it_is_long(
    part: str, where: str
) -> None:
    long = part * (60_000 // len(part))
    raw = (
        mail("Re: [PATCH] x", long)
        if where == "body"
        else mail("Re: [PATCH] x", "y\n").replace(
            b"\n\n", f"\nX: y\n{where}: {' '.join(long.split())}\n\n".encode(), 1
        )
    )
    if where != "body":
        raw = b"\n".join(
            line
            for line in raw.split(b"\n")
            if not line.startswith(f"{where}: ".encode()) or len(line) > 1000
        )
    started = time.process_time()
    found = classify(parse(raw)[0])
    assert found.place is not None
    assert time.process_time() - started < 20


def test_a_maintainer_takes_their_own_patch() -> None:
    raw = mail(
        RE,
        "Hi,\n\nOn Fri, Mar 4, 2022 at 5:22 PM Matt Maintainer <matt@example.com> wrote:\n> This"
        " adds a pump.\n\nPushed.\n",
        sender=MATT,
    )
    assert kind_of(raw) == "applied"
    assert kind_of(raw, MATT) == "applied"


def test_an_author_who_applied_advice_takes_nothing() -> None:
    raw = mail(
        RE,
        "On Fri, Mar 4, 2022 at 5:22 PM Rita Reviewer <rita@example.net> wrote:\n> Use the"
        " helper.\n\nApplied.\n",
        sender=ADA,
    )
    assert kind_of(raw, ADA) == "other"


def test_a_tree_is_named_by_a_name() -> None:
    named = {
        text: classify(parse(mail(RE, f"> x\n\n{text}\n", sender=MATT))[0]).place.tree
        for text in ("Applied to it, thanks.", "Applied to demo-next.")
    }
    assert named == {
        "Applied to it, thanks.": None,
        "Applied to demo-next.": "demo-next",
    }


def test_who_signs_below_the_author_is_no_author() -> None:
    quoted = (
        "> Building fails.\n>\n> Signed-off-by: Ada Fixer <ada@example.org>\n> Signed-off-by: Matt"
        " Maintainer <matt@example.com>\n"
    )
    assert (
        kind_of(
            mail(
                RE,
                f"Hello,\n\nAda Fixer wrote:\n{quoted}\nApplied to demo-next.\n",
                sender=MATT,
            )
        )
        == "applied"
    )


def test_who_answers_themselves_adds_something() -> None:
    text = (
        "On Mon Sep 23, 2024 at 10:52 AM EEST, Rita Reviewer wrote:\n> Is it slow?\n\nI looked, it"
        " should read bigger chunks, which would be better.\n"
    )
    assert kind_of(mail(RE, text, sender=RITA)) == "other"


def test_an_answer_to_a_robot_asks_nothing_of_the_author() -> None:
    text = (
        "On 14/11/25 12:17, kernel test robot wrote:\n> [auto build test ERROR]\n\nWrong tree; the"
        " prerequisite patch is missing there.\n"
    )
    assert kind_of(mail(RE, text, sender=RITA)) == "other"


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


def in_discussion(said: str) -> bytes:
    """A reply to somebody else's reply."""
    text = (
        "On Fri, Mar 4, 2022, Otto Other wrote:\n> On Fri, Mar 4, 2022, Ada Fixer wrote:\n> >"
        f" Check the pump.\n> It is slow.\n{said}\n"
    )
    return mail(RE, text, sender=RITA)


@pytest.mark.parametrize("name", IN_A_DISCUSSION)
def test_an_answer_to_a_reply_asks_for_changes_only_where_it_says_so(name: str) -> None:
    said, kind = IN_A_DISCUSSION[name]
    assert kind_of(in_discussion(said)) == kind


@pytest.mark.parametrize(
    "subject",
    [
        "Re: [tip: x86/pump] x86/pump: Check the pointer",
        "Re: pump stalls since v6.8",
        "Re: [Bug 1] pump stalls",
    ],
)
def test_talk_about_no_patch_in_review_asks_for_no_new_version(subject: str) -> None:
    text = (
        "The second generation should not care at all: the pump knows its own state already there,"
        " so it makes no difference whether we look or not."
    )
    assert kind_of(mail(subject, text, sender=RITA)) == "other"


def test_a_date_and_a_name_on_two_lines_are_one_attribution() -> None:
    text = (
        "On Sun, 23 Oct 2022 15:22:58 +0200\nAda Fixer <ada@example.org> wrote:\n\n> Check"
        " it.\nApplied\n"
    )
    found = classify(parse(mail(RE, text, sender=RITA))[0])
    assert str(found.kind) == "applied"
    assert found.body.text == "Applied"


def test_a_list_in_the_quote_is_no_code() -> None:
    text = (
        "On Sun, 23 Oct 2022 Ada Fixer wrote:\n> - faster pumps\n\nNice to see them.\n"
    )
    assert not any(
        line.on_code
        for line in classify(parse(mail(RE, text, sender=RITA))[0]).body.own
    )


def test_a_nickname_at_two_providers_is_one_person() -> None:
    def credited(sender: str) -> bool:
        return bool(
            classify(
                parse(
                    mail(
                        RE,
                        "Tested-by: PumpHacker <pumphacker@example.com>\n",
                        sender=sender,
                    )
                )[0]
            ).credited
        )

    assert credited("Pump <pumphacker@example.net>")
    assert not credited("Otto <otto@example.net>")


def test_a_persons_answer_to_a_test_bot_without_marks_is_theirs() -> None:
    words = (
        "    This is automated email and please do not reply to this email!\n    ---Test"
        " result---\n"
    )
    text = (
        f"Hi Ada,\n\nOn 2/23/21, bluez.test.bot@gmail.com wrote:\n\n{words}\nThe machine was"
        " broken.\n"
    )
    found = classify(
        parse(mail(RE, text, sender='"An, Tedd" <tedd.an@example.com>'))[0]
    )
    assert (str(found.kind), found.bot) == ("other", False)


def test_a_name_with_and_without_its_accent_is_one_person() -> None:
    text = "Acked-by: Zoe Ames <zoe.ames@example.com>\n"
    assert classify(
        parse(
            mail(RE, text, sender="=?utf-8?q?Zo=C3=AB_Ames?= <noname.zoe@example.net>")
        )[0]
    ).credited


def test_an_author_who_asks_a_maintainer_to_take_the_newer_version_asks_no_question() -> (
    None
):
    text = (
        "Otto: May I kindly ask you to replace the two patches in your tree with these newer"
        " versions?"
    )
    raw = reply("[PATCH v2] demo: x", text, sender=ADA, id="r", reply_to="p")
    assert kind_of(raw, ADA) == "other"
