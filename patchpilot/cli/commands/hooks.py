# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot hooks`: install, remove, list and run git and b4 hooks."""

import sys
import tempfile
from pathlib import Path

import click

from patchpilot.cli.options import Common, common_options
from patchpilot.cli.output.safe_text import printable
from patchpilot.errors import UsageError
from patchpilot.services.setup import install_hooks as service


@click.command(epilog="\b\nExamples:\n  patchpilot hooks\n  patchpilot hooks install commit-msg\n  patchpilot hooks remove")
@common_options("text", "json")
@click.argument("action", type=click.Choice(("list", "install", "remove", "run")), default="list")
@click.argument("words", nargs=-1, metavar="[HOOK]...")
def command(common: Common, action: str, words: tuple[str, ...]) -> int:
    """Check commits as they are made and mails as they are sent. HOOK (default: all): commit-msg, sendemail-validate or b4."""
    repository = common.repository()
    if action == "run":
        return _run(common, words)
    if action == "install":
        found = service.install(repository, words)
    elif action == "remove":
        found = service.remove(repository, words)
    else:
        found = service.status(repository)
    if common.format == "json":
        from dataclasses import asdict

        from patchpilot.cli.output.json_document import document

        common.write(document("hooks", {"hooks": [asdict(one) for one in found]}))
    else:
        common.write("".join(f"{one.name:18}  {one.state:9}  {printable(one.place)}\n" for one in found))
    return 0


def _run(common: Common, words: tuple[str, ...]) -> int:
    """What an installed hook calls: errors stop git, the rest is told."""
    if len(words) < 2 or words[0] not in service.GIT_HOOKS:
        raise UsageError("hooks run is for the hooks themselves", hint="patchpilot hooks install")
    name, file = words[0], Path(words[1])
    if name == "sendemail-validate" and service.sent_by_us():
        return 0
    repository = common.repository()
    if name == "sendemail-validate":
        return _check(common, str(file))
    if service.not_for_others(file):
        return 0
    with tempfile.TemporaryDirectory(prefix="patchpilot-") as place:
        mail = Path(place) / "commit.patch"
        mail.write_bytes(service.mail_for_commit_message(repository, file))
        # an amended commit is in the tree already, whatever its message says
        return _check(common, str(mail), "already-applied", "does-not-apply")


def _check(common: Common, target: str, *beside: str) -> int:
    from patchpilot.lint.rule_store import load_rules
    from patchpilot.services.check.check_patches import check
    from patchpilot.services.check.topic_waivers import suppressions_of
    from patchpilot.services.settings import check_request, own_packs
    from patchpilot.services.setup.trusted_packs import UntrustedError

    repository = common.repository()
    settings = common.settings(repository)
    ignore = (*settings.words("ignore"), *beside)
    # the topic of the branch: the file is a commit in the making, or a mail of one
    try:
        packs = own_packs(settings, common.source(repository))
    except UntrustedError as error:
        # a commit is not lost for want of a pack
        print(f"patchpilot: note: {printable(error.message)}: left out", file=sys.stderr)
        packs = ()
    suppressions = suppressions_of(repository, settings, (), settings.get("base") or None, among=load_rules(packs))
    request = check_request(settings, targets=[target], ignore=ignore, fail_on="error", packs=packs, suppressions=suppressions)
    result = check(request, repository=repository)
    for finding in result.all:
        print(f"{finding.severity}: {printable(finding.message)} [{finding.name}]", file=sys.stderr)
    if result.exit_code:
        print("patchpilot: mend the errors, or pass it by with --no-verify (git send-email: --no-validate)", file=sys.stderr)
    return int(result.exit_code)
