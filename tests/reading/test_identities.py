# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a display name does not prove an identity.

The tests cover who may change the state of a series, and whose tags are added.
"""

import pytest

from patchpilot.model.address import Address, parse_address
from patchpilot.reading.bots import is_bot_address
from patchpilot.reading.mail_classifier import classify
from patchpilot.reading.mbox import parse
from patchpilot.reading.posted_series import PostedSeries
from tests.kit.mails import (
    ADA,
    MATT,
    RITA,
    build_applied_notice,
    build_described_mail,
    build_mail,
    build_patch_mail,
    build_reply,
    build_stable_queue_notice,
)
from tests.kit.story import SHA, TITLE, V1, build_answer_to, next_step, read_first_series

EVE = "eve@evil.example"
WITHDRAW = "Please drop this patch, I withdraw it."


def list_claims(series: PostedSeries) -> list[str]:
    return [claim.what for claim in series.claims]


@pytest.mark.parametrize(
    "name",
    ["Ada Fixer", "ADA  FIXER", "Fixer, Ada", "Аda Fixer", "Adа Fіxer", "Ａda Fixer"],
    ids=["same", "case", "order", "cyrillic", "more cyrillic", "full width"],
)
def test_only_the_authors_address_withdraws(name: str) -> None:
    assert (
        read_first_series(V1, build_answer_to(WITHDRAW, parent_id="v1", sender=ADA)).state
        == "withdrawn"
    )
    series = read_first_series(
        V1, build_answer_to(WITHDRAW, parent_id="v1", sender=f'"{name}" <{EVE}>')
    )
    assert (series.state, list_claims(series)) == ("sent", ["has the author's name"])
    assert EVE in next_step(series)
    assert "from an address not seen before" in next_step(series)


def test_address_given_by_the_author_is_accepted() -> None:
    first_mail = build_described_mail(f"v1 [PATCH] {TITLE}", Cc="Ada Fixer <ada@home.example>")
    assert (
        read_first_series(
            first_mail,
            build_answer_to(WITHDRAW, parent_id="v1", sender="Ada Fixer <ada@home.example>"),
        ).state
        == "withdrawn"
    )
    assert (
        read_first_series(
            first_mail,
            build_answer_to(WITHDRAW, parent_id="v1", sender="Matt Maintainer <ada@home.example>"),
        ).state
        == "withdrawn"
    )


@pytest.mark.parametrize(
    "text",
    [
        "Applied, thanks!",
        "Applied to demo/demo.git, thanks!",
        "Dropped, thanks.",
        "NAK. This is wrong.",
    ],
)
def test_maintainer_is_known_by_address(text: str) -> None:
    applied_reply = build_answer_to("Applied, thanks.", parent_id="v1", sender=MATT, minutes=60)
    before = (
        read_first_series(V1)
        if text.startswith(("Applied", "NAK"))
        else read_first_series(V1, applied_reply)
    )
    mails = (V1,) if text.startswith(("Applied", "NAK")) else (V1, applied_reply)
    to = "v1" if len(mails) == 1 else "x60"
    assert (
        read_first_series(*mails, build_answer_to(text, parent_id=to, sender=MATT)).state
        != before.state
    )
    series = read_first_series(
        *mails, build_answer_to(text, parent_id=to, sender=f"Matt Maintainer <{EVE}>")
    )
    unknown = [claim for claim in series.claims if not claim.known]
    assert (series.state, len(unknown)) == (before.state, 1)


def test_person_copied_by_a_known_person_is_known() -> None:
    copied = build_answer_to("Carol, do you take this?", parent_id="v1", sender=RITA, minutes=60)
    copied = copied.replace(b"To: demo@", b"Cc: Carol <carol@example.com>\nTo: demo@")
    applied_reply = build_answer_to(
        "Applied, thanks!", parent_id="x60", sender="Carol <carol@example.com>"
    )
    assert read_first_series(V1, copied, applied_reply).state == "accepted"
    assert read_first_series(V1, applied_reply).state == "sent"


def test_reply_does_not_make_its_sender_known() -> None:
    request = build_answer_to("Is this tested?", parent_id="v1", sender=EVE, minutes=60)
    author_reply = build_answer_to("Yes, it is.", parent_id="x60", sender=ADA, minutes=70).replace(
        b"To: demo@", f"To: {EVE}, demo@".encode()
    )
    applied_reply = build_answer_to("Applied, thanks!", parent_id="x70", sender=EVE)
    assert (
        read_first_series(V1, request, author_reply, applied_reply).state
        == read_first_series(V1, request, author_reply).state
        == "under-review"
    )


EVE2 = "Eve Two <eve2@evil.example>"
TAKEN_BY_EVE2 = build_answer_to("Applied, thanks!", parent_id="v1", sender=EVE2, minutes=300)


def make_reply_with_cc(body: str, cc: str, **options: object) -> bytes:
    return build_answer_to(body, **options).replace(b"To: ", f"Cc: {cc}\nTo: ".encode(), 1)  # type: ignore[arg-type]


@pytest.mark.parametrize("who", [ADA, MATT])
@pytest.mark.parametrize("to", ["x60", "v1"], ids=["below it", "elsewhere"])
def test_reply_to_all_does_not_vouch_for_a_strangers_cc(who: str, to: str) -> None:
    request = make_reply_with_cc("Is this tested?", EVE2, parent_id="v1", sender=EVE, minutes=60)
    author_reply = make_reply_with_cc(
        "Yes, it is.", f"{EVE2}, {EVE}", parent_id=to, sender=who, minutes=70
    )
    series = read_first_series(V1, request, author_reply, TAKEN_BY_EVE2)
    assert (series.state, list_claims(series)) == ("under-review", ["applied"])
    second_request = make_reply_with_cc("And now?", EVE2, parent_id="x70", sender=RITA, minutes=80)
    assert (
        read_first_series(V1, request, author_reply, second_request, TAKEN_BY_EVE2).state
        == series.state
    )
    # use the same messages, but without the stranger in Cc: of the request
    assert (
        read_first_series(V1, request.replace(b"Cc:", b"X-Cc:"), author_reply, TAKEN_BY_EVE2).state
        == "accepted"
    )


def test_reply_without_reference_vouches_for_nobody() -> None:
    request = build_answer_to("Is this tested?", parent_id="v1", sender=EVE2, minutes=60)
    author_reply = make_reply_with_cc("Yes, it is.", EVE2, parent_id="v1", sender=ADA, minutes=70)
    assert read_first_series(V1, request, author_reply, TAKEN_BY_EVE2).state == "under-review"


def test_patch_cc_by_a_stranger_vouches_for_nobody() -> None:
    later_mail = build_described_mail(
        f"v2+60 [PATCH v2] {TITLE}", author=f"Ada Fixer <{EVE}>", to=EVE2
    )
    author_reply = make_reply_with_cc(
        "This is not mine.", EVE2, parent_id="v2", sender=ADA, minutes=70
    )
    assert list_claims(read_first_series(V1, later_mail, author_reply, TAKEN_BY_EVE2)) == [
        "sent v2",
        "applied",
    ]


def test_strangers_reply_to_all_revokes_nobody() -> None:
    copied_mail = make_reply_with_cc(
        "Carol, do you take this?",
        "carol@example.com",
        parent_id="v1",
        sender=RITA,
        minutes=60,
    )
    stranger = make_reply_with_cc(
        "Me too.", "carol@example.com", parent_id="x60", sender=EVE, minutes=70
    )
    applied_reply = build_answer_to(
        "Applied, thanks!",
        parent_id="v1",
        sender="Carol <carol@example.com>",
        minutes=90,
    )
    assert read_first_series(V1, copied_mail, stranger, applied_reply).state == "accepted"


def test_cc_by_a_known_person_vouches_at_any_time() -> None:
    first_mail = make_reply_with_cc(
        "Dave, please look.",
        "dave@example.com",
        parent_id="v1",
        sender="carol@example.com",
        minutes=50,
    )
    copied_mail = make_reply_with_cc(
        "Carol, is it yours?",
        "carol@example.com",
        parent_id="v1",
        sender=RITA,
        minutes=40,
    )
    reviewer_reply = make_reply_with_cc(
        "Dave?", "dave@example.com", parent_id="x50", sender=RITA, minutes=60
    )
    applied_reply = build_answer_to(
        "Applied, thanks!", parent_id="v1", sender="Dave <dave@example.com>", minutes=90
    )
    for mails in ((first_mail, copied_mail), (copied_mail, first_mail, reviewer_reply)):
        assert read_first_series(V1, *mails, applied_reply).state == "accepted"
    assert list_claims(read_first_series(V1, first_mail, reviewer_reply, applied_reply)) == [
        "applied"
    ]


def test_rewritten_header_vouches_for_nobody() -> None:
    via = make_reply_with_cc(
        "Yes.",
        EVE2,
        parent_id="v1",
        sender=f"\"'Matt Maintainer' via x\" <{EVE}>",
        minutes=60,
    )
    forged = via.replace(b"To: ", f"X-Original-From: {MATT}\nTo: ".encode(), 1)
    assert read_first_series(V1, forged, TAKEN_BY_EVE2).state in (
        "sent",
        "under-review",
    )


BOT = "patchwork-bot+netdevbpf@kernel.org"


@pytest.mark.parametrize(
    "sender",
    [
        f"{BOT}.evil.example",
        f'"{BOT}" <{EVE}>',
        f"x{BOT}",
        f"{BOT.replace('+', '+a@evil.example+')}",
        "patchwork-bot@kernel.org.evil.example",
    ],
)
def test_bot_is_known_by_its_exact_address(
    sender: str,
) -> None:
    robot_mail = build_applied_notice(
        TITLE, SHA[:12], prefixes="", id="b", reply_to="v1", minutes=60
    )
    assert read_first_series(V1, robot_mail).state == "accepted"
    series = read_first_series(
        V1, robot_mail.replace(f"From: {BOT}".encode(), f"From: {sender}".encode())
    )
    assert series.state in ("sent", "under-review", "changes-requested")
    assert series.landed == ()


FORGED = (
    '"{name} <{email}>" <{eve}>',
    "=?utf-8?q?{name_q}_=3C{email_q}=3E?= <{eve}>",
    "{eve} ({name} <{email}>)",
    "{name} <{email}> <{eve}>",
    "{email} {eve}",
    "{name} <{email}>:{eve};",
    "{name} <{email}>, Eve <{eve}>",
)


@pytest.mark.parametrize("form", FORGED)
@pytest.mark.parametrize(
    ("name", "email", "text"),
    [
        ("Matt Maintainer", "matt@example.com", "Applied, thanks!"),
        ("Ada Fixer", "ada@example.org", WITHDRAW),
    ],
)
def test_address_in_a_name_changes_no_state(form: str, name: str, email: str, text: str) -> None:
    words = {"name": name, "email": email, "eve": EVE}
    coded = {
        "name_q": name.replace(" ", "_"),
        "email_q": email.replace("@", "=40").replace(".", "=2E"),
    }
    mail = build_answer_to(text, parent_id="v1", sender=form.format(**words, **coded))
    series = read_first_series(V1, mail)
    assert series.state in ("sent", "changes-requested")
    assert all(EVE in claim.words for claim in series.claims)
    assert series.claims or series.state == "changes-requested"
    assert EVE in series.replies[0].mail.sender.trailer()
    honest = build_answer_to(text, parent_id="v1", sender=f"{name} <{email}>")
    assert read_first_series(V1, honest).state in ("accepted", "withdrawn")


def test_reviewer_in_a_name_is_not_credited() -> None:
    sender = f"=?utf-8?q?Linus_Torvalds_=3Ctorvalds=40kernel=2Eexample=3E?= <{EVE}>"
    (message,) = parse(build_answer_to(f"Reviewed-by: {LINUS}", parent_id="v1", sender=sender))
    assert classify(message).sender.email == EVE
    assert list_asking_messages(V1, message.raw) in ([True], [])


@pytest.mark.parametrize("place", [b"To:", b"Date:"])
def test_two_from_headers_mean_no_sender(place: bytes) -> None:
    raw_mail = build_answer_to("Applied, thanks!", parent_id="v1", sender=MATT)
    series = read_first_series(
        V1, raw_mail.replace(place, b"From: Eve <" + EVE.encode() + b">\n" + place, 1)
    )
    assert (series.state, len(series.claims)) == ("sent", 1)
    assert MATT in series.claims[0].words
    assert EVE in series.claims[0].words


def test_version_with_a_rewritten_sender_is_not_joined() -> None:
    display_name = "'Ada Fixer' via demo"
    for rewriter, versions in ((EVE, [1]), ("demo@lists.example.org", [1, 2])):
        header = f'"{display_name}" <{rewriter}>'
        later_mail = build_described_mail(
            f"v2+60 [PATCH v2] {TITLE}", author=header, X_Original_From=ADA
        )
        series = read_first_series(V1, later_mail)
        assert [revision.version for revision in series.revisions] == versions
        assert list_claims(series) == ["sent v2"] * (2 - len(versions))


def test_unknown_sender_is_not_the_author() -> None:
    senders = f"Ada <ada@example.org>, {EVE}"
    first = V1.replace(b"From: Ada Fixer <ada@example.org>", f"From: {senders}".encode(), 1)
    series = read_first_series(first, build_answer_to(WITHDRAW, parent_id="v1", sender=senders))
    assert series.state == "changes-requested"
    assert series.author == Address(senders, "")


@pytest.mark.parametrize("header", ["Reply-To", "X-Original-From", "X-Original-Sender"])
def test_list_header_names_one_mailbox(header: str) -> None:
    by_list = '"Matt Maintainer via demo" <demo@lists.example.org>'
    listed = build_answer_to("Applied, thanks!", parent_id="v1", sender=by_list)
    list_headers = {
        MATT: "matt@example.com",
        f'"{MATT}" <{EVE}>': EVE,
        f"=?utf-8?q?Matt_=3Cmatt=40example=2Ecom=3E?= <{EVE}>": EVE,
        f"{MATT}, {EVE}": "demo@lists.example.org",
    }
    for value, email in list_headers.items():
        (message,) = parse(listed.replace(b"To: ", f"{header}: {value}\nTo: ".encode(), 1))
        assert classify(message).sender.email == email


def test_maintainer_address_is_not_a_bot() -> None:
    robot_mail = build_applied_notice(
        TITLE, SHA[:12], prefixes="", id="b", reply_to="v1", minutes=60
    )
    series = read_first_series(
        V1,
        robot_mail.replace(f"From: {BOT}".encode(), f'From: "{BOT}" <rita@example.net>'.encode()),
    )
    assert (series.state, list_claims(series)) == ("sent", ["applied"])


def test_forged_stable_mail_queues_nothing() -> None:
    queued = build_stable_queue_notice(TITLE, SHA, "6.1", id="q", minutes=600)
    assert read_first_series(V1, queued).stable
    series = read_first_series(
        V1,
        queued.replace(b"<gregkh@linuxfoundation.org>", f"Greg Kroah-Hartman <{EVE}>".encode()),
    )
    assert (series.stable, series.state) == ((), "sent")


def test_bots_are_recognized_by_form() -> None:
    for sender in (
        f"kernel test robot <{EVE}>",
        f'"{BOT}" <{EVE}>',
        f"syzbot <{EVE}>",
        "noreply@ci.example",
    ):
        assert classify(
            parse(
                build_reply(
                    f"[PATCH] {TITLE}",
                    "kernel test robot noticed build errors",
                    sender=sender,
                )
            )[0]
        ).bot


@pytest.mark.parametrize(
    ("address", "is_bot"),
    [
        (BOT, True),
        (BOT.upper(), True),
        ("gregkh@linuxfoundation.org", True),
        ("sashal@kernel.org", True),
        (f"{BOT}.evil.example", False),
        ("sashal@evil.example", False),
        ("akpm@evil.example", False),
        ("tip-bot2@evil.example", False),
    ],
)
def test_bot_addresses_are_exact(address: str, is_bot: bool) -> None:
    identity = parse_address(address)
    assert identity
    assert is_bot_address(identity) is is_bot


def test_strangers_version_is_not_joined() -> None:
    later_mail = build_described_mail(
        f"v2+60 [PATCH v2] {TITLE}",
        author=f"Ada Fixer <{EVE}>",
        notes="- Link to v1: https://lore.kernel.org/r/v1@example.org",
    )
    series = read_first_series(V1, later_mail)
    assert [revision.version for revision in series.revisions] == [1]
    assert (series.state, list_claims(series)) == ("sent", ["sent v2"])
    assert "v2@example.org" in series.message_ids, "it is kept and shown"
    assert [
        revision.version
        for revision in read_first_series(
            V1, build_described_mail(f"v2+60 [PATCH v2] {TITLE}")
        ).revisions
    ] == [1, 2]


def test_strangers_patch_replaces_nothing() -> None:
    cover = build_described_mail("c0 [PATCH 0/2] demo: two")
    mails = [
        cover,
        *(build_described_mail(f"c{n}+{n}>c0 [PATCH {n}/2] demo: {n}") for n in (1, 2)),
    ]
    forged_patch = build_described_mail("e2+9>c0 [PATCH 2/2] demo: 2", author=f"Ada Fixer <{EVE}>")
    assert [post.message_id for post in read_first_series(*mails, forged_patch).latest.patches] == [
        "c1@example.org",
        "c2@example.org",
    ]


def test_strangers_pull_request_is_ignored() -> None:
    text = f"Please pull.\n\nAda Fixer (1):\n      {TITLE}\n\n 1 file changed, 1 insertion(+)\n"
    assert (
        read_first_series(
            V1,
            build_mail("[GIT PULL] pumps for 6.9", text, sender=MATT, id="p", minutes=3000),
        ).state
        == "accepted"
    )
    series = read_first_series(
        V1,
        build_mail("[GIT PULL] pumps for 6.9", text, sender=EVE, id="p", minutes=3000),
    )
    assert (series.state, list_claims(series)) == ("sent", ["forwards it"])


def test_new_author_is_known_or_accepted_by_a_bot() -> None:
    their_mail = build_described_mail(
        f"v2+60 [PATCH v2] {TITLE}", author=EVE, message=f"From: {ADA}\n\nCheck.\n"
    )
    series = read_first_series(V1, their_mail)
    assert (series.state, list_claims(series)) == ("sent", ["sent v2"])
    by_friend = build_reply(
        f"[PATCH v2] {TITLE}",
        "Applied, thanks!",
        sender="mallory@evil.example",
        id="m",
        reply_to="v2",
        minutes=90,
    )
    their_mail = their_mail.replace(b"To: ", b"To: mallory@evil.example, ", 1)
    assert read_first_series(V1, their_mail, by_friend).state == "sent"
    assert (
        read_first_series(
            V1,
            their_mail,
            build_applied_notice(TITLE, SHA[:12], id="b", reply_to="v2", minutes=90),
        ).state
        == "accepted"
    )


def list_asking_messages(*mails: bytes) -> list[bool]:
    return [bool(tag.asks) for tag in read_first_series(*mails).trailers]


LINUS = "Linus Torvalds <torvalds@kernel.example>"


@pytest.mark.parametrize(
    ("sender", "unconfirmed"),
    [
        (f"Linus Torvalds <{EVE}>", [True]),
        ("torvalds@evil.example", []),
        ("Linus Torvalds <torvalds@kernel.example.evil.example>", [True]),
    ],
)
def test_tag_from_another_address_never_counts(sender: str, unconfirmed: list[bool]) -> None:
    reply = build_answer_to(f"Acked-by: {LINUS}", parent_id="v1", sender=sender)
    assert list_asking_messages(V1, reply) == unconfirmed
    assert list_asking_messages(
        V1, build_answer_to(f"Acked-by: {LINUS}", parent_id="v1", sender=LINUS)
    ) == [False]


@pytest.mark.parametrize(
    "value",
    [
        f"{{own}}, {LINUS}",
        "{own} [Cc: <x@y.example>]",
        "{own} (torvalds@kernel.example)",
        "{own} # torvalds@kernel.example",
        "{own} # as in v2",
        '"torvalds@kernel.example" <eve@evil.example>',
        "Eve <eve@evil.example> <torvalds@kernel.example>",
    ],
)
def test_tag_with_two_addresses_is_unconfirmed(value: str) -> None:
    mail = build_answer_to(
        f"Acked-by: {value.format(own=f'Eve <{EVE}>')}",
        parent_id="v1",
        sender=f"Eve <{EVE}>",
    )
    (tag,) = read_first_series(V1, mail).trailers
    # the text after # does not belong to the tag
    tag_value = tag.trailer.partition(":")[2]
    assert bool(tag.asks) is ("example" in tag_value.replace(EVE, ""))


@pytest.mark.parametrize("name", ["Signed-off-by", "Co-developed-by", "signed-off-by"])
@pytest.mark.parametrize("sender", [f"Eve <{EVE}>", RITA, MATT])
def test_claimed_coauthor_is_unconfirmed(name: str, sender: str) -> None:
    assert list_asking_messages(
        V1, build_answer_to(f"{name}: {sender}", parent_id="v1", sender=sender)
    ) == [True]
    assert list_asking_messages(
        V1, build_answer_to(f"Tested-by: {sender}", parent_id="v1", sender=sender)
    ) == [False]


def test_reviewers_own_tag_is_collected() -> None:
    assert list_asking_messages(
        V1,
        build_answer_to(
            "Reviewed-by: New Body <new@example.com>",
            parent_id="v1",
            sender="New Body <NEW@example.com>",
        ),
    ) == [False]


def test_tag_with_a_known_address_is_collected() -> None:
    first_mail = build_described_mail(f"v1 [PATCH] {TITLE}", Cc="Rita Reviewer <rr@work.example>")
    assert list_asking_messages(
        first_mail,
        build_answer_to("Acked-by: Rita Reviewer <rr@work.example>", parent_id="v1", sender=RITA),
    ) == [False]
    assert list_asking_messages(
        V1,
        build_answer_to("Acked-by: Rita Reviewer <rr@work.example>", parent_id="v1", sender=RITA),
    ) == [True]


def test_header_rewritten_by_a_non_list_proves_nothing() -> None:
    rewritten = build_answer_to(
        f"Acked-by: {LINUS}",
        parent_id="v1",
        sender=f"\"'Linus Torvalds' via x\" <{EVE}>",
    )
    header = f"X-Original-From: {LINUS}\nReply-To: {LINUS}\nTo: ".encode()
    assert list_asking_messages(V1, rewritten.replace(b"To: ", header, 1)) == [True]
    forged_tag = build_answer_to(f"Acked-by: {LINUS}", parent_id="v1", sender=f"Eve <{EVE}>")
    assert list_asking_messages(V1, forged_tag.replace(b"To: ", header, 1)) in (
        [True],
        [],
    )
    by_list = build_answer_to(
        f"Acked-by: {LINUS}",
        parent_id="v1",
        sender="\"'Linus Torvalds' via demo\" <demo@lists.example.org>",
    )
    assert list_asking_messages(V1, by_list.replace(b"To: ", header, 1)) == [False]


def test_tag_by_another_person_closes_no_request() -> None:
    request = build_answer_to("Please rename it in v2.", parent_id="v1", sender=RITA, minutes=60)
    assert read_first_series(V1, request).state == "changes-requested"
    assert (
        read_first_series(
            V1,
            request,
            build_answer_to(f"Reviewed-by: {RITA}", parent_id="x60", sender=RITA),
        ).state
        == "under-review"
    )
    assert (
        read_first_series(
            V1,
            request,
            build_answer_to(
                f"Reviewed-by: Rita Reviewer <{EVE}>",
                parent_id="x60",
                sender=f"Rita Reviewer <{EVE}>",
            ),
        ).state
        == "changes-requested"
    )
    assert (
        read_first_series(
            V1,
            request,
            build_answer_to("Please ignore it.", parent_id="x60", sender=f"Rita Reviewer <{EVE}>"),
        ).state
        == "changes-requested"
    )


def test_commit_id_from_a_stranger_matches_no_stable_mail() -> None:
    other_commit = "f" * 40
    eves = build_applied_notice(
        TITLE, other_commit[:12], prefixes="", id="b", reply_to="v1", minutes=60
    )
    queued = build_stable_queue_notice(
        "demo: another patch",
        other_commit,
        "6.1",
        author="Otto <otto@example.com>",
        id="q",
        minutes=600,
    )
    assert read_first_series(V1, eves, queued).stable, "the bot's word counts"
    assert (
        read_first_series(
            V1,
            eves.replace(f"From: {BOT}".encode(), f"From: {BOT}.evil.example".encode()),
            queued,
        ).stable
        == ()
    )


def test_strangers_revert_proves_nothing() -> None:
    text = f"This reverts commit {SHA}.\n\nIt breaks pumps.\n"
    assert (
        read_first_series(
            V1,
            build_patch_mail(
                f'[PATCH] Revert "{TITLE}"',
                id="rv",
                author=RITA,
                message=text,
                minutes=3000,
            ),
        ).state
        == "in-mainline"
    )
    series = read_first_series(
        V1,
        build_patch_mail(
            f'[PATCH] Revert "{TITLE}"', id="rv", author=EVE, message=text, minutes=3000
        ),
    )
    assert (series.state, [later.relation for later in series.follow_ups]) == (
        "sent",
        ["reverts"],
    )


def test_anyone_can_object_but_not_set_the_patchwork_state() -> None:
    assert (
        read_first_series(
            V1, build_answer_to("NAK. This is wrong.", parent_id="v1", sender=EVE)
        ).state
        == "rejected"
    )
    series = read_first_series(V1, build_answer_to("pw-bot: rejected", parent_id="v1", sender=EVE))
    assert (series.state, list_claims(series)) == ("sent", ["refused"])
