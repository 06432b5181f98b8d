# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the first part of the demo, before sending.

It checks and fixes the patch, and finds recipients, tags and stable branches.
"""

from shlex import quote
from typing import Any

from patchpilot.demo import acme
from patchpilot.demo.demo_history import LTS, MASK_SUBJECT
from patchpilot.demo.demo_repository import write_driver
from patchpilot.demo.journey import Journey, require_condition

SERVER_LOG = "acme 0000:03:00.0: acme_mcp_nvm_num_images: unknown response code, sequence number 17"
CARD_LOG = "acme 0000:03:00.0: Failed getting number of images: -22"
VERDICTS = {
    "5.10": "not-affected",
    "5.15": "clean",
    "6.1": "conflict",
    "6.6": "clean-3way",
    "6.12": "clean",
    "6.18": "clean",
}


def make_corrected_message(reference: str) -> str:
    """Return the newcomer's commit message with check's findings fixed."""
    return (
        "net/acme: allow old cards that cannot count their images\n\n"
        f"Commit {reference}\n"
        "added reading the number of flash images. However, the firmware of some\n"
        "cards does not know the command. In such cases the driver returns EINVAL,\n"
        "and the card is not usable at all.\n\n"
        "Return EOPNOTSUPP when the command is unsupported, so that old cards work\n"
        "again.\n"
    )


def play_before_send(journey: Journey) -> None:
    """Run the first part, from the first commit to a patch without findings."""
    facts = journey.sandbox.repositories.facts
    journey.announce("A server with 6.1 logs this line. Has mainline fixed the bug?")
    first = journey.show(
        f"patchpilot find {quote(SERVER_LOG)} --in v6.1",
        judge=lambda document: require_condition(
            document["candidates"][0]["subject"] == MASK_SUBJECT, MASK_SUBJECT
        ),
    )["candidates"][0]
    commit = first["commit"][:12]
    trial = f"patchpilot find --try {commit} --in v6.1"
    journey.announce("It has, and 6.1 lacks the fix. Try it first. How is 6.1 built with it?")
    journey.run(trial)
    journey.announce("With the fix, 6.1 logs nothing. Record that, and ask the stable team for it.")
    journey.run(f"{trial} --works yes")
    journey.run(f"patchpilot backport {commit} --request --tested '6.1 by Robin Newland'")
    journey.announce("Robin's old card logs another line. No commit of mainline fixes that.")
    journey.run(f"patchpilot find {quote(CARD_LOG)} --in v6.1", expect=[0, 1])
    journey.announce("Robin has committed a fix for a bug in the acme driver. Check the commit.")
    journey.run("patchpilot check", expect=[1])
    journey.read("patchpilot check --strict", expect=[1], judge=_describe_first_findings)

    journey.announce("Robin fixes the style error and the message.")
    write_driver(journey.sandbox.work, acme.CHECK_UNUSED)
    reference = journey.run(
        f"git log -1 '--format=%h (\"%s\")' --abbrev=12 {facts.culprit}", quiet=True
    ).strip()
    journey.run(
        "git commit -q --amend -a -F -",
        stdin=make_corrected_message(reference),
    )

    journey.announce("Who should receive it, and why?")
    journey.show("patchpilot maintainers", judge=_describe_recipients)

    journey.announce("Which commit introduced the bug?")
    journey.show(
        "patchpilot fixes HEAD",
        expect=[0, 1],
        judge=lambda output: _describe_culprit(output, facts.culprit),
    )

    journey.announce("Do the stable trees need it?")
    journey.run(f"patchpilot stable HEAD --fixes {facts.culprit}")

    journey.announce("Add the tags and the sign-off to the message; undo would remove them.")
    prepare = f"patchpilot prepare --fixes {facts.culprit} --stable auto --signoff"
    journey.run(f"{prepare} --dry-run")
    journey.run(prepare)
    journey.run("patchpilot undo list")

    journey.announce("There are no findings left.")
    journey.read("patchpilot check", expect=[0], judge=_require_no_errors)

    journey.announce("Which stable branches have the bug, and does the fix apply to them?")
    journey.show(
        "patchpilot backport HEAD",
        judge=lambda output: _describe_verdicts(output, VERDICTS),
    )


def _describe_first_findings(document: Any) -> str:
    names = [finding["name"] for patch in document["patches"] for finding in patch["findings"]]
    require_condition(
        {"no-sign-off", "missing-fixes"} <= set(names),
        "no sign-off and no Fixes: tag",
    )
    return f"{len(names)} findings: style, sign-off and Fixes: tag among them"


def _require_no_errors(document: Any) -> str:
    summary = document["summary"]
    return require_condition(summary["errors"] == summary["warnings"] == 0, "no error, no warning")


def _describe_recipients(output: Any) -> str:
    addresses = {
        recipient["email"]: recipient
        for plan in output["results"]
        for recipient in plan["recipients"]
    }
    is_complete = {
        "maya@acme.example.com",
        "netdev@lists.example.org",
    } <= addresses.keys()
    require_condition(is_complete, "the driver's maintainer, and the subsystem's list")
    return f"{len(addresses)} recipients, each with its reason"


def _describe_culprit(document: Any, culprit: str) -> str:
    require_condition(bool(document["candidates"]), "candidates")
    first = document["candidates"][0]
    return require_condition(
        first["commit"] == culprit, f"{first['tag']}, first in {first['first_release']}"
    )


def _describe_verdicts(document: Any, expected: dict[str, str]) -> str:
    by_version = {branch["version"]: branch for branch in document["branches"]}
    verdicts = {version: by_version[version]["verdict"] for version in LTS}
    require_condition(verdicts == expected, f"verdicts {expected}, not {verdicts}")
    require_condition(
        by_version["5.15"]["affected"] is True and by_version["5.15"]["culprit_as"] is not None,
        "5.15 is affected: the commit that introduced the bug was backported",
    )
    return ", ".join(f"{version} {verdict}" for version, verdict in verdicts.items())
