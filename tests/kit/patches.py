# SPDX-License-Identifier: GPL-2.0-or-later
"""Compose patches from a subject, a body and a diff."""

from patchpilot.model.address import Address

ADA = Address("Ada Fixer", "ada@example.org")
DIFF = """\
diff --git a/drivers/demo/foo.c b/drivers/demo/foo.c
index 1111111..2222222 100644
--- a/drivers/demo/foo.c
+++ b/drivers/demo/foo.c
@@ -1,5 +1,6 @@ int foo(void)
 {
 	int rc;
 
-	return 0;
+	rc = bar();
+	return rc;
 }
"""

BODY = """\
The caller needs to know when bar() fails, or it goes on with half of the
device set up. Hand the error up.

Fixes: 0123456789ab ("foo: add foo")
Signed-off-by: Ada Fixer <ada@example.org>
"""


def build_patch_text(
    subject: str = "[PATCH] foo: hand up the error of bar()",
    body: str = BODY,
    diff: str = DIFF,
    *,
    notes: str = "",
    headers: dict[str, str] | None = None,
) -> str:
    """Return a patch in the format of git format-patch."""
    header_lines = "".join(f"{name}: {value}\n" for name, value in (headers or {}).items())
    return (
        "From 89abcdef0123456789abcdef0123456789abcdef Mon Sep 17 00:00:00 2001\n"
        "From: Ada Fixer <ada@example.org>\n"
        "Date: Tue, 9 Jun 2026 10:13:20 +0000\n"
        f"Subject: {subject}\n{header_lines}\n{body}---\n{notes}"
        " drivers/demo/foo.c | 3 ++-\n 1 file changed, 2 insertions(+), 1 deletion(-)\n\n"
        f"{diff}-- \n2.45.2\n\n"
    )
