# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the list of review requests.

For each patch, it contains the requests, and the hunk that addressed them or the reply that
answered them.
"""

import json
from pathlib import Path

import pytest

from patchpilot.reading.mbox import parse
from patchpilot.reading.read_thread import read_thread
from patchpilot.threads.known_series import open_store, read_tracked_series
from patchpilot.threads.review_ledger import (
    LedgerItem,
    list_open_requests,
    list_review_comments,
)
from patchpilot.tracking.reply.answered_mail import find_answered_mail
from tests.kit.cli import call
from tests.kit.life import LIST, create_life
from tests.kit.mails import (
    ADA,
    MATT,
    RITA,
    build_applied_notice,
    build_described_mail,
    build_mail,
    build_mbox,
)

# `track` would index the commits of this repository
pytestmark = pytest.mark.usefixtures("workdir")

SIGNED = f"Signed-off-by: {ADA}\n---\n"
OLD = """\
 pump.c | 4 ++++
diff --git a/pump.c b/pump.c
--- a/pump.c
+++ b/pump.c
@@ -10,4 +10,8 @@ int pump_start(struct pump *pump)
 \tint rc;
 
+\tif (pump == NULL)
+\t\treturn -1;
+
 \trc = pump_prime(pump);
 \treturn rc;
@@ -80,3 +84,4 @@ void pump_stop(struct pump *pump)
 {
+\tpump->on = 0;
 \tpump_drain(pump);
 }
"""
NEW = OLD.replace("return -1", "return -EINVAL")
REVIEW = """\
Hi Ada,

> +\tif (pump == NULL)
> +\t\treturn -1;

Please return a real error code. I like the rest.

> +\tpump->on = 0;
> \tpump_drain(pump);

Why is this needed?
Make it a bool.

Thanks,
Matt
"""
TITLE = "pump: check the pointer"


def make_post(version: int, diff: str, notes: str = "") -> bytes:
    subject_prefix = "PATCH" if version == 1 else f"PATCH v{version}"
    return build_mail(
        f"[{subject_prefix}] {TITLE}",
        f"It may be NULL.\n\n{SIGNED}{notes}{diff}",
        sender=ADA,
        id=f"v{version}",
        minutes=1000 * version,
    )


def make_review(body: str = REVIEW, sender: str = MATT, **options: str) -> bytes:
    header_values = {"id": "r1", "reply_to": "v1", **options}
    return build_mail(f"Re: [PATCH] {TITLE}", body, sender=sender, minutes=1100, **header_values)  # type: ignore[arg-type]


def build_ledger(*mails: bytes) -> list[LedgerItem]:
    status, *_ = read_thread(parse(build_mbox(*mails)))
    return list(list_review_comments(status, {}))


def list_item_states(*mails: bytes) -> list[tuple[str, str]]:
    return [(item.point.text, str(item.state)) for item in build_ledger(*mails)]


def make_mark(number: int, state: str) -> tuple[str, str, str]:
    return "--mark", str(number), state


def test_review_comment_includes_quoted_lines() -> None:
    first_item, second_item = build_ledger(make_post(1, OLD), make_review())
    assert (first_item.point.text, first_item.position) == (
        "Please return a real error code.",
        "pump.c:13",
    )
    assert first_item.point.quoted == ("+\tif (pump == NULL)", "+\t\treturn -1;")
    assert (second_item.point.text, second_item.position) == (
        "Why is this needed? Make it a bool.",
        "pump.c:86",
    )
    assert {str(item.state) for item in (first_item, second_item)} == {"open"}


def test_changed_hunk_addresses_a_request() -> None:
    first_item, second_item = build_ledger(make_post(1, OLD), make_review(), make_post(2, NEW))
    assert [str(item.state) for item in (first_item, second_item)] == [
        "addressed",
        "open",
    ]
    assert first_item.hunk is not None
    assert first_item.hunk.place == "pump.c"
    assert "- +\t\treturn -1;" in first_item.hunk.lines
    assert "+ +\t\treturn -EINVAL;" in first_item.hunk.lines


def test_dropped_patch_addresses_nothing() -> None:
    def make_part(title: str, diff: str, minutes: int) -> bytes:
        message = f"It may be NULL.\n\n{SIGNED}{diff}"
        return build_mail(title, message, sender=ADA, id=f"p{minutes}", minutes=minutes)

    request = make_review("> +\t\treturn -1;\n\nPlease return a real error code.\n", reply_to="p2")
    versions = (
        build_described_mail("p0 [PATCH 0/2] pump: checks", sender=ADA),
        make_part("[PATCH 1/2] pump: count", OLD.replace("pump.c", "count.c"), 1),
        make_part("[PATCH 2/2] pump: check", OLD, 2),
        make_part("[PATCH v2] pump: count", OLD.replace("pump.c", "count.c"), 2000),
    )
    assert {state for _, state in list_item_states(*versions, request)} == {"open"}


@pytest.mark.parametrize(("tagged", "expected_count"), [(0, 0), (1, 1), (2, 0)])
def test_tag_settles_requests_about_its_patch(tagged: int, expected_count: int) -> None:
    versions = (
        build_described_mail(
            f"{version}{index}+{1000 * version}{above} [PATCH v{version} {index}/2] pump: {index}"
        )
        for version in (1, 2)
        for index, above in enumerate(("", f">{version}0", f">{version}0"))
    )
    given = (
        make_review(f"Reviewed-by: {MATT}\n", id="r2", reply_to=f"2{tagged}"),
        make_review("> +\tif (!pump)\n\nPlease return a real error code.\n", reply_to="12"),
    )
    status, *_ = read_thread(parse(build_mbox(*versions, *given)))
    assert len(list_open_requests(status, {})) == expected_count


def test_question_is_open_after_the_patch_was_applied() -> None:
    applied = build_applied_notice(TITLE, "0123456789ab", prefixes="", id="a", reply_to="v1")
    mails = make_post(1, OLD), make_review(), applied
    series, *_ = read_thread(parse(build_mbox(*mails)))
    assert series.proven == "accepted"
    assert [it.point.text for it in list_open_requests(series, {})] == [
        "Why is this needed? Make it a bool."
    ]
    answer = "> Why is this needed?\n\nSuspend needs it.\n"
    answered = make_review(answer, ADA, id="answer", reply_to="r1")
    series, *_ = read_thread(parse(build_mbox(*mails, answered)))
    assert not list_open_requests(series, {})


def test_message_change_does_not_address_a_code_request() -> None:
    reworded = make_post(2, NEW).replace(b"It may be NULL.", b"It is NULL after a reset.")
    first_item, *_ = build_ledger(make_post(1, OLD), make_review(), reworded)
    assert first_item.hunk is not None
    assert first_item.hunk.place == "pump.c"


def test_reply_answers_the_quoted_question() -> None:
    answer = "> Why is this needed?\n\nThe interrupt handler reads it.\n"
    entries = build_ledger(
        make_post(1, OLD),
        make_review(),
        make_review(answer, ADA, id="a1", reply_to="r1"),
    )
    assert [(str(item.state), item.reply) for item in entries] == [
        ("open", None),
        ("answered", "a1@example.org"),
    ]


@pytest.mark.parametrize(
    ("answer", "states"),
    [
        ("> Please return a real\n\n\n> Why is this needed?\n\nThe interrupt reads it.\n", "oa"),
        ("> Please return a real\n\nWill do.\n\n> Why is this needed?\n\n", "ao"),
        ("> Please return a real\n> code.\n>\n> Why is this needed?\n\nWill do both.\n", "aa"),
        ("> Please return a real\n" + "> \tx;\n" * 9 + "\nWill do.\n\n> Why is this\n", "ao"),
        ("Will do both in v2.\n\n> Please return a real\n\n> Why is this needed?\n", "aa"),
        ("Will do both in v2.\n", "aa"),
        ("> Please return a real\n\n> Why is this needed?\n", "oo"),
    ],
)
def test_text_answers_the_quote_directly_above_it(answer: str, states: str) -> None:
    reply = make_review(answer, ADA, id="a1", reply_to="r1")
    entries = build_ledger(make_post(1, OLD), make_review(), reply)
    assert "".join(str(item.state)[0] for item in entries) == states


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("> \trc = pump_prime(pump);\n\nWhy is this called so late?\n", "open"),
        ("This patch does not apply. Please rebase and resend it.\n", "open"),
        ("Please split this into two patches.\n", "open"),
    ],
)
def test_only_changed_lines_address_a_request(text: str, state: str) -> None:
    states = list_item_states(make_post(1, OLD), make_review(text), make_post(2, NEW))
    assert {item_state for _, item_state in states} == {state}


@pytest.mark.parametrize(
    ("request_text", "state"),
    [
        ("Please fix up and send a v2 of this series.", "addressed"),
        ("Please fix it and resend.", "addressed"),
        ("Can you send a new version?", "addressed"),
        ("Yes, please send a v2 with it.", "addressed"),
        ("Please send it in v2.", "addressed"),
        ("Please drop the blank line and send a v2.", "open"),
    ],
)
def test_next_version_addresses_the_request_for_it(request_text: str, state: str) -> None:
    mails = make_post(1, OLD), make_review(request_text)
    assert [item.state for item in build_ledger(*mails)] == ["open"]
    items = build_ledger(*mails, make_post(2, OLD))
    assert [item.state for item in items] == [state]


@pytest.mark.parametrize(
    ("request_text", "change", "state"),
    [
        ("Please use the prefix 'pump: core:'.", ("pump: check", "pump: core: check"), "addressed"),
        ("Please use the prefix 'pump: core:'.", ("It may", "It can"), "open"),
        ("The subject should name the core.", ("pump: check", "pump: core: check"), "addressed"),
        ("The subject should name the core.", ("It may", "It can"), "open"),
        (
            "Please say in the message how you tested.",
            ("It may", "On a board, it may"),
            "addressed",
        ),
        ("Please say in the message how you tested.", ("Signed", "Tested-by: X\nSigned"), "open"),
        ("Please add a Fixes: tag.", ("Signed", "Fixes: 1234567890ab (x)\nSigned"), "addressed"),
        ("Please add a Fixes tag.", ("Signed", "Cc: <a@example.org>\nSigned"), "open"),
        ("s/may/can/ in the message, please.", ("It may", "It can"), "addressed"),
        ("s/NULL/null/ in the code, please.", ("pump: check", "pump: core: check"), "open"),
        ("Please reword the commit message.", ("return -1", "return -EINVAL"), "open"),
        *(
            (f"> +\tpump->on = 0;\n\n{words}", change, state)
            for words, change, state in (
                ("Please say why in the description.", ("on = 0", "on = 2"), "open"),
                ("Please say why in the commit message.", ("on = 0", "on = 2"), "open"),
                ("Please say why in the description.", ("It may", "On, it may"), "addressed"),
                ("Why is the message lost with this?", ("on = 0", "on = 2"), "addressed"),
            )
        ),
    ],
)
def test_message_change_addresses_what_the_request_names(
    request_text: str, change: tuple[str, str], state: str
) -> None:
    new_post = make_post(2, OLD).replace(*(text.encode() for text in change))
    mails = make_post(1, OLD), make_review(request_text), new_post
    assert [item.state for item in build_ledger(*mails)] == [state]


def test_nearby_change_addresses_nothing() -> None:
    new_patch = OLD.replace("+\tpump->on = 0;\n", "+\tpump->on = 0;\n+\tpump->off = 1;\n")
    new_patch = new_patch.replace(" {\n+", " {\n+\tcheck(pump);\n+").replace("84,4", "84,6")
    request = make_review("> +\tpump->on = 0;\n\nPlease make it a bool.\n")
    assert [
        state for _, state in list_item_states(make_post(1, OLD), request, make_post(2, new_patch))
    ] == ["open"]


ROBOT = "kernel test robot <lkp@intel.com>"
REPORT = (
    "Hi Ada,\n"
    "\nkernel test robot noticed the following build errors:\n"
    "\nAll errors (new ones prefixed by >>):\n"
    "\n>> pump.c:13:10: error: use of undeclared identifier 'EBROKEN'\n"
)


def test_build_error_is_addressed_at_its_line() -> None:
    before, after = (
        build_ledger(make_post(1, OLD), make_review(REPORT, ROBOT)),
        build_ledger(make_post(1, OLD), make_review(REPORT, ROBOT), make_post(2, NEW)),
    )
    assert [(item.point.text[:13], str(item.state)) for item in before] == [
        ("pump.c:13:10:", "open")
    ]
    assert [str(item.state) for item in after] == ["addressed"]


def test_change_near_the_reported_line_does_not_address_an_error() -> None:
    new_patch = OLD.replace("pump == NULL", "!pump")
    ledger = build_ledger(make_post(1, OLD), make_review(REPORT, ROBOT), make_post(2, new_patch))
    assert [str(item.state) for item in ledger] == ["open"]


def test_requests_are_marked_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(build_mbox(make_post(1, OLD), make_review()))
    assert call("track add --mbox", tmp_path / "m").code == 0
    assert (
        call("track show 1 --ledger", *make_mark(1, "addressed"), *make_mark(2, "declined")).code
        == 0
    )
    points = json.loads(call("track show 1 --ledger --format json").out)["points"]
    assert [(point["state"], point["marked"]) for point in points] == [
        ("addressed", True),
        ("declined", True),
    ]
    assert call("track show 1 --ledger --open").out == "no requests\n"
    call("track show 1 --ledger", *make_mark(1, "none"), *make_mark(2, "open"))
    points = json.loads(call("track show 1 --ledger --format json").out)["points"]
    assert [(point["state"], point["marked"]) for point in points] == [
        ("open", False),
        ("open", True),
    ]
    wrong_outcome = call("track show 1 --ledger", *make_mark(9, "declined"))
    assert (wrong_outcome.code, "has no request 9" in wrong_outcome.err) == (2, True)


def _build_report(minutes: int) -> bytes:
    return build_mail(
        f"Re: [PATCH] {TITLE}",
        REPORT,
        sender=ROBOT,
        id="lkp",
        reply_to="v1",
        minutes=minutes,
    )


def test_everybody_who_requested_changes_is_named() -> None:
    reviews = [
        make_review(sender=sender, id=f"r{index}")
        for index, sender in enumerate((MATT, RITA, MATT), 1)
    ]
    (series,) = read_thread(parse(build_mbox(make_post(1, OLD), *reviews, _build_report(500))))
    assert series.why == (
        "Matt Maintainer requested changes (review); so did Rita Reviewer (review) and"
        " kernel test robot (build-failure)"
    )


@pytest.mark.parametrize("minutes", [30, 500])
def test_person_comes_before_a_bot(tmp_path: Path, minutes: int) -> None:
    (tmp_path / "m").write_bytes(
        build_mbox(make_post(1, OLD), make_review(), _build_report(minutes))
    )
    assert call("track add --mbox", tmp_path / "m").code == 0
    (series,) = call("track show 1 --format json").json["series"]
    assert series["why"] == (
        "Matt Maintainer requested changes (review); so did kernel test robot (build-failure)"
    )
    assert series["next_step"] == (
        "answer the review by Matt Maintainer; kernel test robot reports a build failure: fix it,"
        " build it, then send v2"
    )
    assert series["next_commands"][0].startswith("patchpilot track reply '<r1")
    with open_store() as store:
        answered = find_answered_mail("1", "reply", store)
    assert answered.mail.sender.name == "Matt Maintainer"


def test_declined_report_of_a_bot_needs_no_step(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(build_mbox(make_post(1, OLD), make_review(), _build_report(500)))
    assert call("track add --mbox", tmp_path / "m").code == 0
    points = call("track show 1 --ledger --format json").json["points"]
    (number,) = (it["number"] for it in points if it["from"] == "kernel test robot")
    assert call("track show 1 --ledger", *make_mark(number, "declined")).code == 0
    (series,) = call("track show 1 --format json").json["series"]
    assert series["why"] == "Matt Maintainer requested changes (review)"
    assert series["next_step"] == "answer the review by Matt Maintainer and send v2"
    call("track show 1 --ledger", *make_mark(number, "none"))
    assert "kernel test robot" in call("track show 1").out


def test_new_version_lists_open_and_addressed_requests(
    tmp_path: Path,
) -> None:
    with create_life(tmp_path) as topic_life:
        topic_life.add_reply(
            topic_life.send(),
            "> The caller has to know\n\nPlease say which caller.\n\nWhy is this needed at all?",
        )
        with open_store() as store:
            assert read_tracked_series(1, store=store).posted is not None
        assert call("track show 1 --ledger", *make_mark(1, "addressed")).code == 0
        topic_life.amend_patch()
        exported_output = topic_life.run("draft --export -").out
        assert "- EDITME review: Please say which caller. (Rita Reviewer)" in exported_output
        dry_run = topic_life.repo.patchpilot(
            "send --to", LIST, "--reroll", "--dry-run", "--force", "x", "--format", "json"
        )
        plan_document = json.loads(dry_run.out)
        (warning,) = [
            found for found in plan_document["warnings"] if found["name"] == "open-review"
        ]
    assert warning["message"] == "v1 has 1 open request: Why is this needed at all? (Rita Reviewer)"
    assert "track show 1 --ledger" in warning["hint"]
