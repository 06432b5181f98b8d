# SPDX-License-Identifier: GPL-2.0-or-later
"""What the story's newcomer does by hand: mends the first commit, and prepares the second version. Both front ends of the demo use it."""

import re
from pathlib import Path

from patchpilot.commits.run import git
from patchpilot.demo import acme
from patchpilot.demo.before import mended_message
from patchpilot.demo.repository import put

WHY = "again. The probe function already treats it as harmless."
CHANGES = "- say in the message that the probe function treats EOPNOTSUPP as harmless (Maya)\n- collect Sana's Reviewed-by"


def mend_first(work: Path) -> str:
    """Mend the style error and the message, tags kept; one line of what was done."""
    message = git(work, "log", "-1", "--format=%B").text
    found = re.search(r"^Commit ([0-9a-f]{12,40})\b", message, re.MULTILINE)
    if found is None or "We added" not in message:
        return "there is nothing to mend here"
    put(work, acme.MCP, acme.mcp(images=True, masked=True, field=True, temperature=True, check=acme.CHECK_FIXED))
    reference = git(work, "log", "-1", '--format=%h ("%s")', "--abbrev=12", found[1]).text.strip()
    tags = [line for line in message.rstrip("\n").split("\n") if re.match(r"(?:Fixes|Cc|[A-Z][a-z-]+-by): ", line)]
    text = mended_message(reference) + ("\n" + "\n".join(tags) + "\n" if tags else "")
    git(work, "commit", "-q", "--amend", "-a", "-F", "-", stdin=text.encode())
    return "Robin mended the style error and the message (git commit --amend)"


def second_version(work: Path) -> str:
    """Say in the message what the maintainer asked for, add the review tag, write the changelog of v2; one line of what was done."""
    from patchpilot.commits.repository import Repository
    from patchpilot.services.draft import Changes, change
    from patchpilot.services.track import default_archive, update
    from patchpilot.services.trailers import collect
    from patchpilot.threads.store import Store

    message = git(work, "log", "-1", "--format=%B").text
    if WHY in message:
        return "v2 is prepared already: 6 shows it"
    with Repository.open(work) as repository, Store() as store:
        if not any(one.status and one.status.trailers for one in update(store=store, archive_at=default_archive(), fresh=True)):
            return "wait for the answers first: they come in some seconds"
        git(work, "commit", "-q", "--amend", "-F", "-", stdin=message.replace("again.", WHY, 1).encode())
        collect(repository, store=store)
        change(repository, Changes(changelog=CHANGES))
    return "Robin wrote what Maya asked for, added Sana's tag and the changelog of v2: 6 shows it, 7 sends it"
