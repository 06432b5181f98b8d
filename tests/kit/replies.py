# SPDX-License-Identifier: GPL-2.0-or-later
"""Create a tracked patch with a review, and reply to the review."""

from pathlib import Path

from patchpilot.demo.sink import Sink
from tests.kit.cli import call
from tests.kit.mails import RITA, build_mail
from tests.kit.repos import Repo
from tests.kit.topics import topic

POST = """Line 1 was wrong.

Signed-off-by: Ada Fixer <ada@example.org>
---
diff --git a/widget.c b/widget.c
--- a/widget.c
+++ b/widget.c
@@ -1,3 +1,3 @@
 int line0;
-int line1;
+int changed1;
 int line2;
"""
REVIEW = """Hi Ada,

On Mon, 16 Nov 2026 10:00:00 +0000, Ada Fixer wrote:
> Line 1 was wrong.

I like the idea.

> -int line1;
> +int changed1;

Please keep the old name, a rename is a separate patch.

Thanks,
Rita
"""
ANSWER = (
    "On Mon, 16 Nov 2026, Rita Reviewer wrote:\n"
    "> Please keep the old name, a rename is a separate patch.\n"
    "\nRight, v2 keeps it.\n"
)


def track_reviewed_patch(folder: Path, server: Sink) -> tuple[Repo, str]:
    """Create a topic and track a patch with a review; return the repository and the review's
    Message-ID.
    """
    repo = topic(folder / "r", 1, server=server)
    post = build_mail(
        "[PATCH] widget: change line 1",
        POST,
        sender="Ada Fixer <ada@example.org>",
        id="post",
    )
    review = build_mail(
        "Re: [PATCH] widget: change line 1",
        REVIEW,
        sender=RITA,
        minutes=9,
        id="review",
        to="Ada Fixer <ada@example.org>, linux-widgets@vger.kernel.org",
        Cc="Sam Second <sam@example.com>, rita@example.net",
        reply_to="post",
        references="<cover@example.org> <post@example.org>",
    )
    (folder / "t.mbox").write_bytes(
        b"".join(
            b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + message + b"\n"
            for message in (post, review)
        )
    )
    assert call("track add --mbox", folder / "t.mbox").code == 0
    return repo, "<review@example.org>"
