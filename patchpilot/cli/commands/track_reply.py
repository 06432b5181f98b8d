# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot track reply`: quote, edit and send a reply to a message."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from patchpilot.cli import ask
from patchpilot.cli.command import (
    Common,
    argument,
    common_options,
    make_command,
    option,
    via_option,
)
from patchpilot.cli.error_exit import print_notice
from patchpilot.cli.output.stream import print_message
from patchpilot.errors import ExitCode, RefusedError, UsageError, findings_exit_code

if TYPE_CHECKING:
    from patchpilot.topic.workplace import Workplace
    from patchpilot.tracking.reply.plan import ReplyPlan


@make_command(
    "reply",
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot track reply '<message-id>'\n"
        "  patchpilot track reply 1 --template ping\n"
        "  patchpilot track reply failed.eml --patch HEAD\n"
        "  patchpilot track reply '<message-id>' --template thanks --tag Tested-by"
    ),
)
@common_options("text", "json")
@via_option("transport  [default: patchpilot.via or git-send-email]")
@option(
    "--template",
    metavar="NAME",
    help="reply, ping, withdraw, objection, prerequisite or thanks  [default: reply]",
)
@option(
    "--patch",
    metavar="COMMIT",
    help="reply with this commit as a patch for the stable tree that MAIL names",
)
@option(
    "--tag",
    "tags",
    metavar="NAME",
    multiple=True,
    help="add this tag with your name, for example Tested-by; repeatable",
)
@option(
    "--message",
    metavar="FILE",
    help="read the reply from FILE (`-`: standard input) instead of an editor",
)
@option("--no-edit", is_flag=True, help="do not open the editor")
@option("--dry-run", is_flag=True, help="keep the draft and print the mail; send nothing")
@option(
    "--yes",
    is_flag=True,
    help="send without asking; required if stdin is not a terminal",
)
@option(
    "--force",
    metavar="REASON",
    help="override the problems that block sending; the reason is recorded",
)
@option(
    "--unknown",
    choices=["sent", "lost"],
    help="the outcome of this reply, if its state is unknown",
)
@option("--discard", is_flag=True, help="delete the draft")
@option("--identity", metavar="NAME", help="sendemail identity to use")
@argument("mail", metavar="[MSGID|URL|FILE|ID]", required=False)
def command(common: Common, mail: str | None, **asked: Any) -> int:
    """Reply to a mail: quote its requests, edit, check, preview and send the reply.

    The mail belongs to a tracked series, or is in a file. The number of a series selects its latest
    mail with a request (for ping and withdraw: your own latest version). The draft is kept until
    the reply is sent. Without a mail: list the drafts.
    """
    if mail is None:
        return _list_drafts(common)
    with common.workplace() as workplace:
        return _send_reply(common, workplace, mail, asked)


def _list_drafts(common: Common) -> int:
    from patchpilot.cli.output.json_document import format_json
    from patchpilot.cli.output.reply_report import format_reply_drafts
    from patchpilot.tracking.reply.answer import UnsentReplies
    from patchpilot.tracking.reply.session import list_unsent_drafts

    drafts = list_unsent_drafts()
    if common.format == "json":
        common.write(format_json("reply", UnsentReplies("drafts", drafts)))
    else:
        common.write(format_reply_drafts(drafts))
    return int(ExitCode.OK)


def _send_reply(
    common: Common, workplace: "Workplace", target: str, options: Mapping[str, Any]
) -> int:
    from patchpilot.cli.output.json_document import format_json
    from patchpilot.cli.output.reply_report import format_reply
    from patchpilot.model.printable import make_one_line
    from patchpilot.tracking.reply.answer import PlannedReply
    from patchpilot.tracking.reply.send import send_reply

    plan = _plan_reply(common, workplace, target, options)
    if plan is None:
        return int(ExitCode.OK)
    if options["dry_run"] or plan.refused:
        if common.format == "json":
            common.write(format_json("reply", PlannedReply(plan)))
        else:
            common.write(format_reply(plan, "NOT SENT"))
        for refusal in plan.blockers:
            print_notice("error", f"{refusal.message}; {refusal.hint}")
        print_notice("note", "nothing was sent; the draft was kept, and --discard deletes it")
        return int(findings_exit_code(plan.refused))
    if common.format == "text":
        common.write(format_reply(plan))
    elif not options["yes"]:
        print_message(format_reply(plan))
    if not options["yes"]:
        _confirm_sending()
    reply = send_reply(
        workplace.repository,
        plan,
        unknown=options["unknown"] or "",
        terminal=sys.stdin.isatty(),
    )
    is_accepted = reply.state == "accepted"
    if common.format == "json":
        common.write(format_json("reply", PlannedReply(plan, reply)))
    else:
        common.write(
            f"{reply.state}:"
            f" {make_one_line(reply.subject)}"
            f"{f' ({make_one_line(reply.detail)})' if reply.detail else ''}"
        )
        if not is_accepted:
            print_notice("note", "the draft was kept; run the same command to try again")
    return int(ExitCode.OK if is_accepted else ExitCode.NETWORK)


def _plan_reply(
    common: Common, workplace: "Workplace", target: str, options: Mapping[str, Any]
) -> "ReplyPlan | None":
    """Edit the draft and return the planned reply, or None if the user deleted the draft."""
    from patchpilot.sending.edit_draft import make_text_editor
    from patchpilot.topic.edit_commits import REPLY_FILE
    from patchpilot.tracking.reply.session import (
        REPLY,
        ReplyRequest,
        discard_reply_draft,
        plan_requested_reply,
        read_reply_text,
    )

    request = ReplyRequest(
        target,
        options["template"] or REPLY,
        via=options["via"] or workplace.settings().get("via"),
        patch=options["patch"],
        tags=options["tags"],
        text=read_reply_text(options["message"]) if options["message"] else None,
        identity=options["identity"],
        force=options["force"],
    )
    if request.force is not None and not request.force.strip():
        raise UsageError(
            "--force requires a reason",
            hint="use --force REASON, for example --force 'the list lost the first one'",
        )
    if options["discard"]:
        template = discard_reply_draft(request, any_template=not options["template"])
        print_notice(
            "note",
            f"the draft ({template}) was deleted"
            if template
            else "there is no draft of this reply",
        )
        return None
    if options["message"] and options["patch"]:
        raise UsageError(
            "--message and --patch cannot be combined",
            hint="write notes below the `---` of the patch in the commit's draft",
        )
    editor = (
        None
        if options["no_edit"] or options["message"] or not sys.stdin.isatty()
        else make_text_editor(workplace, REPLY_FILE)
    )
    plan = plan_requested_reply(workplace.repository, common.repo, request, editor)
    # the user is shown the preview with its problems, and confirms it before it is sent
    will_ask = sys.stdin.isatty() and not (options["dry_run"] or options["yes"])
    return replace(plan, is_confirmed=will_ask)


def _confirm_sending() -> None:
    if not sys.stdin.isatty():
        raise RefusedError(
            "nothing was sent: stdin is not a terminal",
            hint="read the preview, then add --yes",
        )
    answer = ask.ask_question("Send this reply? Type 'send' to confirm", "")
    if answer.strip() != "send":
        raise RefusedError(
            "nothing was sent",
            hint="the draft was kept; run the same command to try again",
        )
