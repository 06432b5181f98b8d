# SPDX-License-Identifier: GPL-2.0-or-later
"""Create messages on an invented list, such as patches, replies and bot messages.

All names and patches are invented.
"""

import re
import zlib
from datetime import UTC, datetime, timedelta

START = datetime(2024, 3, 4, 9, 0, tzinfo=UTC)
ADA = "Ada Fixer <ada@example.org>"
RITA = "Rita Reviewer <rita@example.net>"
OTTO = "Otto Other <otto@example.com>"
MATT = "Matt Maintainer <matt@example.com>"
DIFF = """---
 drivers/demo/pump.c | 3 +++
 1 file changed, 3 insertions(+)

diff --git a/drivers/demo/pump.c b/drivers/demo/pump.c
index 1111111..2222222 100644
--- a/drivers/demo/pump.c
+++ b/drivers/demo/pump.c
@@ -10,6 +10,9 @@ int pump_start(struct pump *pump)
 \tint rc;

+\tif (!pump)
+\t\treturn -EINVAL;
+
 \trc = pump_prime(pump);
 \treturn rc;
--\x20
2.43.0
"""


def build_mail(
    subject: str,
    body: str,
    *,
    sender: str = ADA,
    id: str = "",  # noqa: A002 (what the header is called)
    to: str = "demo@lists.example.org",
    reply_to: str | None = None,
    minutes: int = 0,
    **headers: str,
) -> bytes:
    """Return a message.

    `reply_to` is the id of the parent, which References contains by default. Header names are
    passed with `_` instead of `-`.
    """
    references = headers.pop("references", f"<{reply_to}@example.org>" if reply_to else "")
    lines = [
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {subject}",
        (
            "Message-ID:"
            f" <{id or zlib.crc32(f'{subject}{body}{sender}'.encode('utf-8', 'surrogateescape'))}@example.org>"  # noqa: E501
        ),
    ]
    date = START + timedelta(minutes=minutes)
    lines.append(f"Date: {date:%a, %d %b %Y %H:%M:%S} +0000")
    if reply_to:
        lines.append(f"In-Reply-To: <{reply_to}@example.org>")
    if references:
        lines.append(f"References: {references}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\n".join(lines) + "\n\n" + body).encode("utf-8", "surrogateescape")


def build_patch_mail(
    subject: str,
    *,
    message: str = "Check the pointer before it is used.\n",
    notes: str = "",
    author: str = ADA,
    **mail_options: object,
) -> bytes:
    """Return a patch addressed to its maintainer, a reviewer and the list."""
    mail_options.setdefault("to", f"{MATT}, {RITA}, demo@lists.example.org")
    signed_message = f"{message}\nSigned-off-by: {author}\n"
    diff = DIFF.replace("---\n", f"---\n{notes}\n", 1) if notes else DIFF
    return build_mail(subject, signed_message + diff, sender=author, **mail_options)  # type: ignore[arg-type]


def build_described_mail(line: str, **mail_options: object) -> bytes:
    """Return the patch or cover letter that `ID[+TIME][>PARENT] SUBJECT` describes.

    TIME is in minutes, or in days if followed by `d`. `notes` is the text of a cover letter.
    """
    match = re.fullmatch(r"([^+> ]+)(?:\+(\d+)(d?))?(?:>(\S+))? (.*)", line)
    assert match, line
    id_, sent_time, days, parent, subject = match.groups()
    mail_options |= {"id": id_, "minutes": int(sent_time or 0) * (1440 if days else 1)}
    if re.search(r"\b0/\d", subject):
        patch_notes = str(mail_options.pop("notes", "What they do.\n"))
        return build_mail(subject, patch_notes, reply_to=parent, **mail_options)  # type: ignore[arg-type]
    return build_patch_mail(subject, reply_to=parent, **mail_options)


def build_reply(
    subject: str,
    text: str,
    *,
    sender: str = RITA,
    quote: str = "Check the pointer before it is used.",
    **mail_options: object,
) -> bytes:
    """Return a reply that quotes one line."""
    return build_mail(
        f"Re: {subject}",
        f"On Mon, Mar 04, 2024 at 09:00:00AM +0000, Ada Fixer wrote:\n> {quote}\n\n{text}\n",
        sender=sender,
        **mail_options,
    )  # type: ignore[arg-type]


PUMP_TITLE = "pump: start at 10"


def build_pump_version(version: int, pump_value: int, *, prefix: str = "PATCH") -> bytes:
    """Return a version of the pump patch with this value."""
    subject_prefix = f"{prefix}{f' v{version}' if version > 1 else ''}"
    diff = (
        f"diff --git a/pump.c b/pump.c\n--- a/pump.c\n+++ b/pump.c\n@@ -{10 * version},7"
        f" +{10 * version},7 @@ int pump_start(void)\n {{\n \tint a;\n \n-\ta = 1;\n+\ta ="
        f" {pump_value};\n \treturn a;\n }}\n \n"
    )
    body = f"Because.\n\nSigned-off-by: Ada Fixer <ada@example.org>\n---\n{diff}"
    return build_mail(
        f"[{subject_prefix}] {PUMP_TITLE}",
        body,
        id=f"{prefix.lower()}{version}".replace(" ", ""),
        minutes=1440 * version,
    )


def build_mbox(*mails: bytes) -> bytes:
    from patchpilot.model.mail import join_mbox

    return join_mbox(mails)


def build_applied_notice(
    title: str,
    commit: str,
    *,
    tree: str = "netdev/net.git (main)",
    prefixes: str = "net,v2",
    **mail_options: object,
) -> bytes:
    """Return a message from the patchwork bot."""
    body = (
        f"Hello:\n\nThis patch was applied to {tree}\nby {MATT}:\n\nOn Mon, 4 Mar 2024 09:00:00"
        " +0000 you wrote:\n> Check the pointer.\n> \n> [...]\n\nHere is the summary with links:\n"
        f"  - [{prefixes}] {title}\n    https://git.kernel.org/netdev/net/c/{commit}\n\nYou are"
        " awesome, thank you!\n"
    )
    return build_mail(
        f"Re: [PATCH net v2] {title}",
        body,
        sender="patchwork-bot+netdevbpf@kernel.org",
        **mail_options,
    )  # type: ignore[arg-type]


def build_stable_review(title: str, commit: str, version: str, **mail_options: object) -> bytes:
    """Return a patch posted for a stable review."""
    body = (
        f"{version}-stable review patch.  If anyone has any objections, please let me"
        f" know.\n\n------------------\n\nFrom: {ADA}\n\ncommit {commit} upstream.\n\nCheck the"
        f" pointer.\n\nReviewed-by: {RITA}\nSigned-off-by: {ADA}\n{DIFF}"
    )
    return build_mail(
        f"[PATCH {version} 010/123] {title}",
        body,
        sender="Greg Kroah-Hartman <gregkh@linuxfoundation.org>",
        X_stable="review",
        **mail_options,
    )  # type: ignore[arg-type]


def build_stable_queue_notice(
    title: str, commit: str, version: str, *, author: str = ADA, **mail_options: object
) -> bytes:
    """Return the notice that a patch was added to a stable queue."""
    body = (
        "\nThis is a note to let you know that I've just added the patch titled\n\n   "
        f" {title}\n\nto the {version}-stable tree which can be found at:\n   "
        " http://www.kernel.org/git/?p=linux/kernel/git/stable/stable-queue.git;a=summary\n\nand"
        f" it can be found in the queue-{version} subdirectory.\n\nFrom foo@baz Mon Mar  4 09:00:00"
        f" AM UTC 2024\nFrom: {author}\n\ncommit {commit} upstream.\n\nSigned-off-by: {author}\n"
    )
    return build_mail(
        f'Patch "{title}" has been added to the {version}-stable tree',
        body,
        sender="<gregkh@linuxfoundation.org>",
        X_stable="commit",
        **mail_options,
    )  # type: ignore[arg-type]


def build_stable_failure_notice(
    title: str, commit: str, version: str, **mail_options: object
) -> bytes:
    """Return the notice that a patch does not apply to a stable tree."""
    body = (
        f"\nThe patch below does not apply to the {version}-stable tree.\nIf someone wants it"
        f" applied there, then please email the backport.\n\ngit cherry-pick -x {commit}\n#"
        " <resolve conflicts, build, test, etc.>\n\nthanks,\n\ngreg k-h\n\n------------------"
        f" original commit in Linus's tree ------------------\n\nFrom {commit} Mon Sep 17 00:00:00"
        f" 2001\nFrom: {ADA}\nSubject: [PATCH] {title}\n\nSigned-off-by: {ADA}\n"
    )
    return build_mail(
        f'FAILED: patch "[PATCH] {title}" failed to apply to {version}-stable tree',
        body,
        **{"sender": "<gregkh@linuxfoundation.org>", **mail_options},
    )  # type: ignore[arg-type]


def build_thread_mbox(series: str, count: int) -> bytes:
    """Return an mbox that contains a patch and `count - 1` replies."""
    title = f"[PATCH] {series}: check the pointer"
    replies = [
        build_reply(
            title,
            f"Remark {number} on {series}. " + "x" * 300,
            id=f"{series}r{number}",
            reply_to=series,
            minutes=number,
        )
        for number in range(1, count)
    ]
    return build_mbox(build_patch_mail(title, id=series), *replies)
