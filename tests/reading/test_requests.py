# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding review comments.

Each question or request is one. Greetings, tags and the author's own messages contain none.
"""

from pathlib import Path

import pytest

from patchpilot.reading.mbox import parse
from patchpilot.reading.read_thread import read_thread
from patchpilot.reading.requests import points_of, review_points
from patchpilot.threads.known_series import open_store, read_tracked_series
from patchpilot.threads.review_ledger import list_latest_requests, toggle_state
from patchpilot.tracking.follow_series import track_series_in_mbox
from tests.kit import story
from tests.kit.life import create_life
from tests.kit.mails import (
    ADA,
    MATT,
    OTTO,
    RITA,
    build_described_mail,
    build_mail,
    build_mbox,
    build_patch_mail,
    build_reply,
)
from tests.kit.story import read_only_series

TWO = """\
Hi Ada,

thanks for the patch.

> +	if (!pump)
> +		return -EINVAL;

Can pump ever be NULL here? I only see one caller.

> 	rc = pump_prime(pump);

Please name the commit that introduced this.

Matt
"""


def list_review_points(*mails: bytes) -> list[str]:
    status, *_ = read_thread(parse(build_mbox(*mails)))
    return [f"{review_point.asker}: {review_point.text}" for review_point in review_points(status)]


def make_reply_to_v1(body: str, sender: str = MATT, **options: str) -> bytes:
    return build_mail(
        f"Re: [PATCH] {story.TITLE}",
        body,
        sender=sender,
        id="p1",
        reply_to="v1",
        minutes=70,
        **options,
    )


def test_questions_and_requests_are_listed() -> None:
    assert list_review_points(story.V1, make_reply_to_v1(TWO)) == [
        "Matt Maintainer: Can pump ever be NULL here? I only see one caller.",
        "Matt Maintainer: Please name the commit that introduced this.",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Reviewed-by: Matt Maintainer <matt@example.com>\n",
        "Applied to demo/next, thanks!\n",
        "Looks good to me.\n",
        "> +\tif (!pump)\n\n[1] https://example.org/please/drop/this\n",
        "> +\tif (!pump)\n\nI have a few comments below.\n",
    ],
)
def test_neutral_text_requests_nothing(text: str) -> None:
    assert list_review_points(story.V1, make_reply_to_v1(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "Can we maybe have a list of bits and loop over them.",
        "We'll want you to switch to the multicolor framework.",
        "I'd call it something like LED_FUNCTION_INTERNALS.",
        "You could also say what the device does.",
        "Maybe resending the second version would help.",
        "IOW, just do this.",
        "We need a lock here.",
    ],
)
def test_request_needs_no_keyword(text: str) -> None:
    assert list_review_points(story.V1, make_reply_to_v1(f"> +\tif (!pump)\n\n{text}\n")) == [
        f"Matt Maintainer: {text}"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "s/less than/fewer than/",
        "s/pumpp/pump/",
        "s/pump/valve",
        "s/a/an/",
        "s/pump/valve/g here and below.",
        "s/its/it's/",
        "s,pump,valve,",
        "nit: s,pump,valve,",
        "s|pump|valve|",
        "Works for me, s/pump/valve/.",
    ],
)
@pytest.mark.parametrize("quote", ["+\tif (!pump)", "The pump has less than two valves."])
def test_substitution_is_a_request(text: str, quote: str) -> None:
    reply = make_reply_to_v1(f"> {quote}\n\n{text}\n")
    assert list_review_points(story.V1, reply) == [f"Matt Maintainer: {text}"]
    assert story.read_state(story.V1, reply) == "changes-requested"


@pytest.mark.parametrize(
    "text",
    [
        "The log is at https://example.org/s/pump/valve/.",
        "I put the log into /s/pump/valve/.",
        "I ran sed -i 's/pump/valve/g' over the tree, and it built.",
        "I ran it on s/w and h/w.",
        "> s/pump/valve/",
    ],
)
def test_path_or_quoted_substitution_asks_for_no_version(text: str) -> None:
    reply = make_reply_to_v1(f"> The pump.\n\n{text}\n")
    assert story.read_state(story.V1, reply) == "under-review"


def test_each_paragraph_may_contain_a_request() -> None:
    text = (
        "> +\tif (!pump)\n"
        "\nI can see the race.\n"
        "\nPlease add a test.\n"
        "\nThe changelog is confusing.\n"
        "\nI like the rest. I missed the note.\n"
    )
    assert list_review_points(story.V1, make_reply_to_v1(text)) == [
        "Matt Maintainer: Please add a test.",
        "Matt Maintainer: The changelog is confusing.",
    ]


AGREED = [
    "No need for that, it is still fine:",
    "No need to resend.",
    "You don't need to change that.",
    "Fine as is.",
    "It's fine as it stands, you don't have to resend it.",
    "Feel free to keep it.",
    "No change needed.",
]
AGREED_IN_TEXT = [
    "Just leave it as is.",
    "No, please keep this here.",
    "That is not necessary.",
    "There is no need to split it.",
]


@pytest.mark.parametrize("quote", ["Should I split this as well?", "+\tif (!pump)"])
@pytest.mark.parametrize("text", [*AGREED, *AGREED_IN_TEXT])
def test_agreement_with_a_tag_requests_nothing(text: str, quote: str) -> None:
    body = f"> {quote}\n\n{text}\n\nReviewed-by: {MATT}\n"
    points = list_review_points(story.V1, make_reply_to_v1(body))
    # "keep it" below a diff asks to undo the change
    assert points == [] or (text in AGREED_IN_TEXT and quote.startswith("+"))
    mixed = body.replace("\n\nReviewed", "\n\nPlease name the commit in the text.\n\nReviewed")
    assert "Matt Maintainer: Please name the commit in the text." in list_review_points(
        story.V1, make_reply_to_v1(mixed)
    )


@pytest.mark.parametrize(
    "text",
    [
        "Matches the data sheet (table 5).",
        "This agrees with the reference manual.",
        "The register layout is the same on the older chip.",
        "Same as in the vendor driver.",
        "I checked the data sheet, the bit is there.",
        "Verified with the schematics.",
        "Tested this series on a Raspberry Pi 4, all good.",
        "Just booted it on my desktop: works great.",
        "This solves the freeze on my ThinkPad.",
        "The warning is gone with this.",
        "With v3, the touchpad works again.",
        "We have been running this on servers for months, no issues so far.",
        "I can confirm that the regression is fixed.",
        "Verified on a Jetson Orin that it boots.",
        "Test setup: two nodes, 100G link.",
        "Oops, sorry for that.",
        "Sorry about the confusion, v3 works fine here.",
        "My mistake, I misread the code.",
        "I overlooked the check in pump_start().",
    ],
)
def test_plain_agreement_with_a_tag_requests_nothing(text: str) -> None:
    reply = f"> +\tif (!pump)\n\n{text}\n\n"
    tag = f"Reviewed-by: {MATT}\n"
    assert list_review_points(story.V1, make_reply_to_v1(f"{reply}{tag}")) == []
    wish = "Please name the commit in the text."
    asks = [f"Matt Maintainer: {wish}"]
    assert list_review_points(story.V1, make_reply_to_v1(f"{reply}{wish}\n\n{tag}")) == asks
    conditional = f"{reply}{wish}\n\nWith that fixed:\n{tag}"
    assert asks[0] in list_review_points(story.V1, make_reply_to_v1(conditional))


SUCCESSES = [
    "Works fine here with two boards.",
    "Tested on an X75, no problems.",
    "This fixes the hang on my board.",
    "Boots on my BeagleBone.",
    "I tested this on my T480 and it works as expected.",
    "I have an X75 cable, it works with this patch.",
    "I have the same laptop, and suspend works again with this patch applied.",
    "With this patch my device is detected again.",
    "I don't see the crash anymore with this applied.",
    "I get packets again on an adapter without EEPROM with this.",
    "Tried it on my T480: a write fails as before, and sensors does not hang any more.",
    "My board no longer crashes with this patch.",
    "I have a board with this chip, pump0_fault reads 1 without a sensor now.",
]


@pytest.mark.parametrize("quote", ["The pump is off.", "+\tif (!pump)"])
@pytest.mark.parametrize("tag", ["", f"\nTested-by: {MATT}\n"])
@pytest.mark.parametrize("text", SUCCESSES)
def test_report_of_success_requests_nothing(text: str, tag: str, quote: str) -> None:
    reply = make_reply_to_v1(f"> {quote}\n\nSorry for the breakage. {text}\n{tag}")
    assert list_review_points(story.V1, reply) == []
    series = read_only_series(story.V1, reply)
    assert (series.state, series.claims) == ("under-review", ())


@pytest.mark.parametrize("tag", ["", f"\nAcked-by: {MATT}\n"])
@pytest.mark.parametrize(
    "text",
    [
        "I no longer have the hardware and could only look at the code, but this is how it was.",
        "I can only test this on an X75.",
        "I don't have this board.",
    ],
)
def test_missing_hardware_of_a_reviewer_requests_nothing(text: str, tag: str) -> None:
    question = "Please name the board in the message."
    reply = make_reply_to_v1(f"> +\tif (!pump)\n\n{text}\n{tag}")
    assert list_review_points(story.V1, reply) == []
    reply = make_reply_to_v1(f"> +\tif (!pump)\n\n{text}\n\n{question}\n{tag}")
    assert list_review_points(story.V1, reply) == [f"Matt Maintainer: {question}"]


def test_hardware_of_a_tester_requests_nothing() -> None:
    text = "I have a board with this chip. pump0_fault reads 1 without a sensor now."
    question = "Does pump1 work for you?"
    reply = make_reply_to_v1(f"> +\tif (!pump)\n\n{text}\n\nTested-by: {MATT}\n\n{question}\n")
    assert list_review_points(story.V1, reply) == [f"Matt Maintainer: {question}"]


@pytest.mark.parametrize(
    "text",
    [
        "Works, but please rename the variable.",
        "It works with the patch only if I load the module twice, can you check?",
        "It works with this patch, please add a comment.",
        "I have an X75 cable, it hangs with this patch.",
        "I have a question, it works with len.",
        "I get the error again on my board with this.",
        "Tried it on my T480: the write does not hang any more, but the fan stops.",
        "My board does not boot any more with this.",
        "The manual says that it reads 1 now, please check.",
        "My pump0_fault reads 1 with the sensor now, which is wrong.",
        "I have a patch, it works without this check.",
        "Use len, it works on all boards.",
        "This works with the lock held.",
        "I don't see the point anymore with this applied.",
    ],
)
def test_success_with_a_wish_is_a_request(text: str) -> None:
    reply = make_reply_to_v1(f"> +\tif (!pump)\n\n{text}\n")
    assert list_review_points(story.V1, reply) == [f"Matt Maintainer: {text}"]


@pytest.mark.parametrize(
    "text",
    [
        "Matches the data sheet, but the name should be shorter.",
        "I checked the manual, the bit is missing there.",
        "This is the same in pump_stop(), please fix that as well.",
        "The comment is misleading.",
        "This leaks the clock.",
        "Tested on a Rock 5, the LED stays dark.",
        "Tested on a Rock 5, it panics.",
        "Just booted it on my desktop: two lockups.",
        "With this patch, the fan spins at full speed.",
        "Works for me, drop the second hunk.",
        "Ran it under KASAN and the counter leaks.",
        "Tested this series, patch 2 breaks the build.",
        "There is no need for the cast.",
        "No need to initialize rc.",
        "You don't need the braces.",
        "Please keep it in one line.",
        "Leave out the NULL check.",
        "Oops, the comment is misleading.",
        "Oops, this leaks the clock.",
    ],
)
def test_nit_with_a_tag_is_a_request(text: str) -> None:
    body = f"> +\tif (!pump)\n\n{text}\n\nReviewed-by: {MATT}\n"
    assert len(list_review_points(story.V1, make_reply_to_v1(body))) == 1


@pytest.mark.parametrize(
    "where",
    ["commit: 0123456789ab", "https://git.kernel.org/demo/c/0123456789ab", "(no commit info)"],
)
@pytest.mark.parametrize("name", ["p1.12345.b4-ty", "p1"])
def test_list_of_applied_patches_requests_nothing(where: str, name: str) -> None:
    entries = (
        f"[1/2] pump: fix the NULL check that should be in pump_stop()\n      {where}\n"
        f"[2/2] pump: please use a lock, because the driver needs one to\n"
        f"      stop it\n      {where}\n"
    )
    thanks = f"Applied to demo.git (next), thanks!\n\n{entries}\nBest regards,\n-- \nMatt\n"
    assert list_review_points(story.V1, _make_thanks(thanks, name)) == []
    wish = "Please send a patch for pump_stop() as well."
    thanks = thanks.replace("\nBest", f"\n{wish}\n\nBest")
    assert list_review_points(story.V1, _make_thanks(thanks, name)) == [f"Matt Maintainer: {wish}"]


@pytest.mark.parametrize(
    "notice",
    [
        "If any updates are needed, send them as incremental updates against current git.",
        "Please add any relevant lists and maintainers to the CCs if you reply.",
        "You may get further e-mails resulting from tests, please help the testers.",
        "All being well this means that it should be in linux-next soon, please test it.",
        "Please report any outstanding bugs in a new review of the series.",
    ],
)
def test_notice_of_a_maintainers_script_requests_nothing(notice: str) -> None:
    thanks = f"Applied, thanks!\n\n{notice}\n\n[1/1] pump: fix it\n      (no commit info)\n"
    assert list_review_points(story.V1, _make_thanks(thanks, "p1.12345.b4-ty")) == []


def _make_thanks(body: str, name: str) -> bytes:
    subject = f"Re: [PATCH] {story.TITLE}"
    return build_mail(subject, body, sender=MATT, id=name, reply_to="v1", minutes=70)


def test_authors_questions_are_not_listed() -> None:
    assert (
        list_review_points(
            story.V1,
            make_reply_to_v1("Should I send this to stable as well?\n", sender=ADA),
        )
        == []
    )


def test_new_version_lists_only_new_requests() -> None:
    on_v2 = build_reply(
        f"[PATCH net v2] {story.TITLE}",
        "Why is this not in pump_stop()?",
        id="p2",
        reply_to="v2",
        minutes=1500,
    )
    assert list_review_points(story.V1, story.REVIEW) == [
        "Rita Reviewer: Please add a Fixes: tag and name the net tree in the subject."
    ]
    assert list_review_points(story.V1, story.REVIEW, story.V2, on_v2) == [
        "Rita Reviewer: Why is this not in pump_stop()?"
    ]


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        (
            "You did not sign off on this. Please note the difference to the original below its"
            " sign-offs, and what about 6.1.y? Please fix up and resend both.",
            None,
        ),
        (
            "Please rename it. I like the idea. Please move it to pump.c.",
            "Please rename it. … Please move it to pump.c.",
        ),
    ],
)
def test_request_shows_where_a_sentence_is_left_out(text: str, listed: str | None) -> None:
    assert list_review_points(story.V1, make_reply_to_v1(f"{text}\n")) == [
        f"Matt Maintainer: {listed or text}"
    ]


def test_long_request_is_cut_at_a_word() -> None:
    (text,) = list_review_points(story.V1, make_reply_to_v1("Please " + "rename " * 90 + "it.\n"))
    assert text.endswith("rename…")
    assert len(text) < 420


def test_check_mark_can_be_cleared(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(build_mbox(story.V1, make_reply_to_v1(TWO)))
    with open_store() as store:
        (series,) = track_series_in_mbox(tmp_path / "m", store=store)
    first, second = list_latest_requests(series)
    assert (first.done, second.done) == (False, False)
    assert toggle_state(series.entry.id, second).done
    with open_store() as store:
        shown_series = read_tracked_series(series.entry.id, store=store)
        assert [item.done for item in list_latest_requests(shown_series)] == [
            False,
            True,
        ]
        toggle_state(series.entry.id, list_latest_requests(shown_series)[1])
        assert [
            item.done
            for item in list_latest_requests(read_tracked_series(series.entry.id, store=store))
        ] == [
            False,
            False,
        ]


def test_applied_patch_has_no_open_requests(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(build_mbox(*story.ACCEPTED))
    with open_store() as store:
        (series,) = track_series_in_mbox(tmp_path / "m", store=store)
    assert list_latest_requests(series) == ()


def test_changelog_lists_settled_requests(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic_life:
        topic_life.add_reply(
            topic_life.send(),
            "Please use a helper here. And please send a v2 soon, I would like to\nhave it in the"
            " next pull request.\n\n> more\n\nWhy is this needed at all?",
        )
        with open_store() as store:
            series = read_tracked_series(1, store=store)
        items = list_latest_requests(series)
        assert len(items) == 2
        toggle_state(1, items[0])
        topic_life.amend_patch()
        exported_output = topic_life.run("draft --export -").out
        assert "- EDITME review: Please use a helper here. (Rita Reviewer)" in exported_output
        assert "needed at all" not in exported_output


def test_bug_report_is_one_request() -> None:
    text = (
        "Hi Ada,\n"
        "\nkernel test robot noticed the following build warnings:\n"
        "\nAll warnings (new ones prefixed by >>):\n"
        "\n   a.c:1: note: x\n"
        ">> a.c:7:2: warning: unused variable 'y'\n"
    )
    report = build_mail(
        f"Re: [PATCH] {story.TITLE}",
        text,
        sender="kernel test robot <lkp@intel.com>",
        id="b1",
        reply_to="v1",
        minutes=70,
    )
    assert list_review_points(story.V1, report) == [
        "kernel test robot: a.c:7:2: warning: unused variable 'y'"
    ]


def test_long_discussion_keeps_the_newest_requests() -> None:
    questions = [
        build_mail(
            f"Re: [PATCH] {story.TITLE}",
            f"Why {index}?\n",
            sender=MATT,
            id=f"q{index}",
            reply_to="v1",
            minutes=60 + index,
        )
        for index in range(120)
    ]
    requests = list_review_points(story.V1, *questions)
    assert (len(requests), requests[0], requests[-1]) == (
        100,
        "Matt Maintainer: Why 20?",
        "Matt Maintainer: Why 119?",
    )


@pytest.mark.parametrize(
    "praise", ["I like the idea.", "The change itself is right: nobody reads it then."]
)
def test_praise_is_not_a_request(praise: str) -> None:
    text = f"{praise}\n\n> +\tint one;\n\nPlease rename it, it looks good otherwise."
    answer = build_reply("[PATCH] pump: stop it", text, id="r1", reply_to="v1")
    status = read_only_series(build_described_mail("v1 [PATCH] pump: stop it"), answer)
    (reply_status,) = status.replies
    assert [point.text for point in points_of(reply_status)] == [
        "Please rename it, it looks good otherwise."
    ]


@pytest.mark.parametrize(
    ("sentence", "to", "cc", "count"),
    [
        ("Otto, could you please test this?", ADA, OTTO, 0),
        ("Otto, can you take this?", ADA, OTTO, 0),
        ("Ada, could you please test this?", ADA, OTTO, 1),
        ("Could you please test this?", ADA, OTTO, 1),
        # the reply is only to the list
        ("Ada, could you please test this?", "demo@lists.example.org", f"{ADA}, {OTTO}", 1),
        ("Otto, could you please test this?", f"{ADA}, {OTTO}", RITA, 1),
    ],
)
def test_request_to_another_person_is_none(sentence: str, to: str, cc: str, count: int) -> None:
    patch = build_patch_mail("[PATCH] pump: check", id="v1")
    reply = build_reply("[PATCH] pump: check", sentence, id="r", reply_to="v1", to=to, Cc=cc)
    (series,) = read_thread(parse(build_mbox(patch, reply)))
    assert len(review_points(series)) == count


@pytest.mark.parametrize("start", ["Right", "True", "Indeed", "Exactly"])
def test_agreement_at_the_start_of_a_review_is_no_request(start: str) -> None:
    agreed = f"{start}, the data sheet says that the valve is not valid with the pump off."
    wish = "Please add a short comment here."
    for text in (f"{agreed}\n\n{wish}", f"{agreed} {wish}"):
        body = f"> +\tif (!pump)\n\n{text}\n"
        assert list_review_points(story.V1, make_reply_to_v1(body)) == [f"Matt Maintainer: {wish}"]
    for asked in (f"{start}, but this needs a comment.", f"{start}, why is it not checked first?"):
        body = f"> +\tif (!pump)\n\n{asked}\n"
        assert list_review_points(story.V1, make_reply_to_v1(body)) == [f"Matt Maintainer: {asked}"]
