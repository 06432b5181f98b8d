# SPDX-License-Identifier: GPL-2.0-or-later
"""Create a repository of CVE records, and mails in the form of linux-cve-announce."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.kit.repos import Repo

Pair = tuple[str, str, str, str]
"""Release and id of the commit that introduced a bug, and of its fix; 0 if unknown."""


def format_dyad(fixes: Sequence[str], pairs: Sequence[Pair]) -> str:
    """Return the text of a .dyad file."""
    comments = ["# dyad version: 1.2.0"]
    comments += [f"# \tgetting vulnerable:fixed pairs for git id {fix}" for fix in fixes]
    return "".join(f"{line}\n" for line in (*comments, *(":".join(pair) for pair in pairs)))


def make_json(cve: str, title: str, pairs: Sequence[Pair], state: str = "PUBLISHED") -> Any:
    """Return a record in the CVE JSON format, with the keys that the team uses."""
    versions = [
        {
            "version": culprit,
            **({"lessThan": fix} if fix != "0" else {}),
            "status": "affected",
            "versionType": "git",
        }
        for _, culprit, _, fix in pairs
    ]
    releases = [{"version": "6.1", "lessThanOrEqual": "6.1.*", "status": "unaffected"}]
    affected = [
        {"product": "Linux", "vendor": "Linux", "versions": versions},
        {"product": "Linux", "vendor": "Linux", "versions": releases},
    ]
    return {
        "containers": {"cna": {"title": title, "affected": affected}},
        "cveMetadata": {"cveId": cve, "state": state},
        "dataType": "CVE_RECORD",
        "dataVersion": "5.1.1",
    }


def format_announcement(
    cve: str, title: str, pairs: Sequence[Pair], description: str = "It was lost."
) -> str:
    """Return a mail that publishes a CVE."""
    lines = []
    for since, culprit, until, fix in pairs:
        introduced = f"introduced in {since} with commit {culprit}"
        fixed = f"ixed in {until} with commit {fix}"
        if culprit == "0":
            lines.append(f"\tF{fixed}")
        else:
            lines.append(f"\tIssue {introduced}{f' and f{fixed}' if fix != '0' else ''}")
    headings = ("Affected and fixed versions", "Affected files")
    versions, files = (f"{heading}\n{'=' * len(heading)}\n" for heading in headings)
    return (
        "From bippy-1.2.0 Mon Sep 17 00:00:00 2001\n"
        "From: Team <team@example.org>\nTo: <announce@example.org>\n"
        f"Subject: {cve}: {title}\nMessage-Id: <1-{cve}-2@example.org>\n\n"
        f"Description\n===========\n\n{title}\n\n{description}\n\n"
        f"The Linux kernel CVE team has assigned {cve} to this issue.\n\n\n"
        f"{versions}\n" + "\n".join(lines) + f"\n\nPlease see the list.\n\n\n{files}\n\tw.c\n\n"
    )


def format_rejection(cve: str, title: str, reason: str = "") -> str:
    """Return a mail that rejects a CVE."""
    return (
        "From cve_reject-1 Mon Sep 17 00:00:00 2001\n"
        "From: Team <team@example.org>\nTo: <announce@example.org>\n"
        f"Subject: REJECTED: {cve}: {title}\nMessage-Id: <{cve}-REJECTED@example.org>\n\n\n"
        f"{cve} has now been rejected and is no longer a valid CVE.\n\n{reason}\n\n"
    )


class CveRepository:
    """A repository with records in its branch master; its only other branch is checked out."""

    def __init__(self, path: Path) -> None:
        self.repo = Repo(path)
        self.path = path
        self.repo.put("README", "records\n")

    def publish(
        self, cve: str, title: str, fixes: Sequence[str], pairs: Sequence[Pair], **texts: str
    ) -> None:
        """Write the files of a published CVE; `texts` are other files, or replace one."""
        files = {
            "sha1": "\n".join(fixes),
            "dyad": format_dyad(fixes, pairs),
            "json": json.dumps(make_json(cve, title, pairs)),
            "mbox": format_announcement(cve, title, pairs),
        }
        self._put(f"published/{cve.split('-')[1]}/{cve}", "")
        for end, text in (files | texts).items():
            self._put(f"published/{cve.split('-')[1]}/{cve}.{end}", text)

    def reject(self, cve: str, title: str, reason: str = "") -> None:
        """Write the files of a rejected CVE, whose JSON form is the published one."""
        start = f"rejected/{cve.split('-')[1]}/{cve}"
        self._put(f"{start}.json", json.dumps(make_json(cve, title, [])))
        self._put(f"{start}.sha1", "")
        self._put(f"{start}.mbox.rejected", format_rejection(cve, title, reason))

    def reserve(self, cve: str, folder: str = "reserved") -> None:
        """Write the empty file of a reserved or returned CVE."""
        self._put(f"{folder}/{cve.split('-')[1]}/{cve}", "")

    def _put(self, path: str, content: str) -> None:
        self.repo.put(f"cve/{path}", content)

    def commit(self) -> None:
        """Commit the records to master, and check out a branch without them."""
        self.commit_again()
        self.repo.git("switch -q --orphan main")
        self.repo.git("commit -q --allow-empty -m scripts")

    def commit_again(self) -> None:
        """Commit the records to the branch that is checked out."""
        self.repo.git("add -A")
        self.repo.git("commit -q -m records")
