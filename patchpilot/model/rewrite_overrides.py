# SPDX-License-Identifier: GPL-2.0-or-later
"""The overrides for blocked rewrites of commits, named like their options."""

PUBLISHED, SHARED, CLAIM = "published", "shared", "claim"
OVERRIDES = {
    PUBLISHED: "rewrite commits even if a remote branch or a tag contains them",
    SHARED: "rewrite commits even if another local branch contains them",
    CLAIM: "rewrite commits even if somebody else committed them: you become their committer",
}
"""The option (without its dashes) and what it allows."""
