# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot send`: plan, preview and send the messages."""

import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from patchpilot.cli import ask
from patchpilot.cli.command import (
    Common,
    argument,
    base_options,
    common_options,
    make_command,
    option,
    series_options,
    show_progress,
    via_option,
)
from patchpilot.cli.error_exit import print_notice
from patchpilot.cli.output.stream import print_message
from patchpilot.config import Settings
from patchpilot.errors import ExitCode, RefusedError, UsageError, findings_exit_code
from patchpilot.model.mail import parse_id_option
from patchpilot.model.printable import format_count, make_printable
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.transport import Sending
from patchpilot.topic.workplace import Workplace


@make_command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot send --dry-run\n"
        "  patchpilot send --to-self\n"
        "  patchpilot send -v 2 --in-reply-to '<id@host>'"
    )
)
@common_options("text", "json", short_verbose=False)
@via_option("transport  [default: patchpilot.via or git-send-email]")
@option("--to", metavar="ADDRESS", multiple=True, help="add ADDRESS to To:")
@option("--cc", metavar="ADDRESS", multiple=True, help="add ADDRESS to Cc:")
@option("--bcc", metavar="ADDRESS", multiple=True, help="send a blind copy to ADDRESS")
@option(
    "--no-auto",
    is_flag=True,
    help="only --to and --cc: no recipients from MAINTAINERS, tags or configuration",
)
@series_options
@option(
    "--reroll",
    is_flag=True,
    help=(
        "send the next version, with its changelog and a link to the previous version; add review"
        " tags first, with `patchpilot trailers`"
    ),
)
@option(
    "--range-diff",
    is_flag=True,
    help="with --reroll: include a range-diff against the previous version",
)
@option(
    "--resend",
    is_flag=True,
    help="send the last version again, unchanged and marked RESEND",
)
@option(
    "--cover-letter",
    is_flag=True,
    help="include the cover letter of the draft, even for a single patch",
)
@option(
    "--depends-on",
    metavar="MSGID|URL",
    multiple=True,
    help="name a posted series that this one needs, for b4 and patchwork",
)
@base_options()
@option("--identity", metavar="NAME", help="sendemail identity to use")
@option(
    "--dry-run",
    is_flag=True,
    help="print everything; send nothing and do not change the draft",
)
@option("--to-self", is_flag=True, help="send only to yourself, as a test; keeps no answers")
@option(
    "--outbox",
    metavar="DIR",
    type=Path,
    help="write the messages to DIR; send nothing",
)
@option(
    "--yes",
    is_flag=True,
    help="send without asking; required if stdin is not a terminal",
)
@option(
    "--resume",
    is_flag=True,
    help="continue an interrupted send, with the same Message-IDs",
)
@option(
    "--unknown",
    metavar="[MESSAGE-ID=]sent|lost|keep",
    multiple=True,
    help=(
        "with --resume: set the outcome of messages whose state is unknown, for all or for one;"
        " repeatable"
    ),
)
@option(
    "--drop",
    metavar="ADDRESS",
    multiple=True,
    help="with --resume: remove ADDRESS from the messages still to be sent",
)
@option(
    "--security",
    metavar="yes|no",
    help="whether the topic fixes an undisclosed security problem; remembered for the topic",
)
@option(
    "--regression",
    metavar="no|yes|COMMIT",
    help=(
        "whether the topic fixes a regression, and which commit introduced the regression;"
        " remembered for the topic"
    ),
)
@option(
    "--to-cover",
    choices=("all", "own"),
    help=(
        "whether the recipients of one patch receive all patches, or their own and the cover"
        " letter; remembered for the topic"
    ),
)
@option(
    "--tested",
    choices=("hardware", "qemu", "built", "no"),
    help="how the code was tested; remembered until the code changes",
)
@option(
    "--force",
    metavar="REASON",
    help="override the problems that block sending; the reason is recorded, and sent to a reviewer"
    " who asked to wait",
)
@argument("target", several=True, metavar="[TARGET]...")
def command(common: Common, **asked: Any) -> int:
    """Preview and send TARGET (default: the topic). Every message is shown before it is sent."""
    first, *more = asked["target"] or (None,)
    asked |= {"target": first, "more_targets": tuple(more)}
    with common.workplace() as workplace:
        return _plan_and_send(common, workplace, asked)


def _plan_and_send(common: Common, workplace: Workplace, options: Mapping[str, Any]) -> int:
    repository, settings = workplace.repository, workplace.settings()
    dry_run, yes, outbox = options["dry_run"], options["yes"], options["outbox"]
    request = _make_request(common, workplace, settings, options)
    _refuse_options(options)
    plan = _make_plan(common, workplace, settings, request, options)
    if options["resume"] and not plan.send.waiting_messages and outbox is None:
        return _report_complete_send(common, workplace, plan, dry_run=dry_run)
    if outbox is not None:
        from patchpilot.sending.outbox_folder import write_outbox

        paths = write_outbox(plan, outbox)
        _print_plan(common, workplace, plan, "NOT SENT (written to files)")
        print_message(f"{format_count(len(paths), 'message')} in {outbox}; nothing was sent")
        return int(findings_exit_code(plan.refused))
    if not dry_run and plan.send.waiting_messages and (blocked := plan.blocking_problem):
        return _show_blocked(common, workplace, plan, blocked)
    if dry_run or plan.refused:
        _print_plan(common, workplace, plan, "NOT SENT (dry run)")
        _announce_questions(common, workplace, request, options, is_refused=bool(plan.refused))
        return int(findings_exit_code(plan.refused))
    terminal = sys.stdin.isatty()
    if not yes and not terminal:
        missing_consent = SendProblem(
            "unconfirmed",
            "nothing was sent: stdin is not a terminal",
            "read the preview, then add --yes",
        )
        plan = replace(plan, request=plan.request._replace(force=None), blockers=(missing_consent,))
        _print_plan(common, workplace, plan)
        return int(ExitCode.FINDINGS)
    from patchpilot.cli.check.review_options import review_before_send

    review_before_send(common, workplace, request)
    if not yes:
        _ask_to_send(common, workplace, plan)
    elif common.format == "text":
        _preview(common, workplace, plan)
    from patchpilot.sending.mails import deliver_mails

    with show_progress(common) as progress, _delay_signals() as is_stopped:
        result = deliver_mails(
            repository,
            plan,
            terminal=terminal,
            is_stopped=is_stopped,
            progress=progress,
        )
    _write_result(common, result)
    if request.to_self:
        _announce_questions(common, workplace, request, options)
    if is_stopped():
        return int(ExitCode.INTERRUPTED)
    return int(
        {"sent": ExitCode.OK, "refused": ExitCode.FINDINGS}.get(result.state, ExitCode.NETWORK)
    )


def _make_request(
    common: Common, workplace: Workplace, settings: Settings, options: Mapping[str, Any]
) -> SendRequest:
    return SendRequest(
        target=options["target"],
        more_targets=options["more_targets"],
        via=options["via"] or settings.get("via"),
        to=options["to"],
        cc=options["cc"],
        bcc=options["bcc"],
        auto=not options["no_auto"],
        prefix=options["prefix"],
        version=options["version"],
        reroll=options["reroll"],
        resend=options["resend"],
        range_diff=options["range_diff"],
        cover=options["cover_letter"],
        in_reply_to=options["in_reply_to"],
        depends_on=tuple(
            parse_id_option(message_id, "--depends-on") for message_id in options["depends_on"]
        ),
        answers=tuple(
            (name, options[name.replace("-", "_")])
            for name in ("security", "regression", "to-cover", "tested")
            if options[name.replace("-", "_")]
        ),
        base=workplace.base(settings, options["base"], (options["target"],)),
        to_self=options["to_self"],
        force=options["force"],
        identity=options["identity"],
        profile=settings.get("profile"),
        offline=common.offline,
        dry_run=options["dry_run"],
    )


def _refuse_options(options: Mapping[str, Any]) -> None:
    """Raise UsageError if an option is given without another option that it requires."""
    if options["force"] is not None and not options["force"].strip():
        raise UsageError(
            "--force requires a reason",
            hint="use --force REASON, for example --force 'agreed with the maintainer'",
        )
    if options["depends_on"] and options["via"] == "b4":
        raise UsageError(
            "--depends-on is for git send-email; b4 keeps the dependencies of a branch",
            hint="run `b4 prep --edit-deps`",
        )
    if options["drop"] and not options["resume"]:
        raise UsageError(
            "--drop requires --resume",
            hint="run `patchpilot maintainers --drop ADDRESS` to drop a recipient before sending",
        )
    if options["unknown"] and not options["resume"]:
        raise UsageError(
            "--unknown requires --resume",
            hint="`patchpilot send --resume` lists the messages whose state is unknown",
        )


def _make_plan(
    common: Common,
    workplace: Workplace,
    settings: Settings,
    request: SendRequest,
    options: Mapping[str, Any],
) -> Sending:
    from patchpilot.sending.plan import plan_sending

    unattended = options["yes"] or options["dry_run"] or options["outbox"]
    asks = not (unattended or options["resume"] or request.to_self)
    if asks:
        from patchpilot.cli.send_questions import ask_open_questions

        ask_open_questions(workplace, request)
    with show_progress(common) as progress:
        if options["resume"]:
            from patchpilot.sending.resume import (
                make_archive_lookup,
                parse_unknown_options,
                plan_resume,
            )

            lookup = (
                None
                if common.offline or request.to_self
                else make_archive_lookup(settings.address("lore"))
            )
            of_all, verdicts = parse_unknown_options(options["unknown"])
            return plan_resume(
                workplace.repository,
                request,
                of_all,
                by_id=verdicts,
                drop=options["drop"],
                lookup=lookup,
                progress=progress,
            )
        if request.reroll and sys.stdin.isatty() and not unattended:
            _write_changelog(workplace, request)
        plan = plan_sending(workplace.repository, request, progress=progress)
    if asks:
        from patchpilot.cli.send_questions import ask_about_split_recipients

        if ask_about_split_recipients(workplace, plan):
            with show_progress(common) as progress:
                plan = plan_sending(workplace.repository, request, progress=progress)
    for effect in plan.effects:
        print_message(make_printable(effect))
    return plan


def _announce_questions(
    common: Common,
    workplace: Workplace,
    request: SendRequest,
    options: Mapping[str, Any],
    *,
    is_refused: bool = False,
) -> None:
    """Print on stderr which questions the real send asks, if they are not asked now.

    What refuses the send comes first, so there are none then.
    """
    if is_refused or common.quiet or common.format != "text" or options["resume"]:
        return
    from patchpilot.cli.send_questions import announce_open_questions

    announce_open_questions(workplace, request)


def _show_blocked(common: Common, workplace: Workplace, plan: Sending, blocked: SendProblem) -> int:
    # show this problem before all others, because nothing can be sent until it is fixed
    other_problems = () if plan.request.force else plan.blockers
    warnings = tuple(warning for warning in plan.warnings if warning.name != blocked.name)
    plan = replace(
        plan,
        request=plan.request._replace(force=None),
        blockers=(blocked, *other_problems),
        warnings=warnings,
    )
    _print_plan(common, workplace, plan, with_mails=False)
    return int(findings_exit_code(other_problems) or ExitCode.MISSING)


def _report_complete_send(
    common: Common, workplace: Workplace, plan: Sending, *, dry_run: bool
) -> int:
    """Report that no messages remain to resume, and update b4's tracking data if necessary."""
    from patchpilot.sending.mails import add_send_result, deliver_mails

    with show_progress(common) as progress:
        result = (
            add_send_result(plan, plan.send)
            if dry_run
            else deliver_mails(workplace.repository, plan, progress=progress)
        )
    is_sent = result.state == "sent"
    if common.format == "text" and is_sent:
        common.write(
            f"v{result.send.version}: all messages were accepted; nothing is left to send\n"
        )
    _write_result(common, result)
    return int(ExitCode.OK if is_sent else ExitCode.NETWORK)


def _write_changelog(workplace: Workplace, request: SendRequest) -> None:
    """Open the changelog of the next version in the editor, unless the user already edited it."""
    from patchpilot.sending.edit_draft import edit_draft_texts, make_text_editor
    from patchpilot.topic.find import find_draft
    from patchpilot.topic.reroll import has_unfinished_changelog, prepare_next_version

    repository = workplace.repository
    if has_unfinished_changelog(prepare_next_version(find_draft(repository, request), repository)):
        edit_draft_texts(repository, make_text_editor(workplace), request)


def _print_plan(
    common: Common,
    workplace: Workplace,
    plan: Sending,
    after: str = "",
    *,
    with_mails: bool = True,
) -> None:
    """Print on stdout a plan that will not be sent.

    If stdout is not a terminal, also print its problems on stderr.
    """
    if common.format == "json":
        _write_result(common, plan)
    else:
        _preview(common, workplace, plan, after, with_mails=with_mails)
    if plan.refused and (common.output or not sys.stdout.isatty()):
        from patchpilot.model.printable import make_one_line

        sys.stdout.flush()
        print_notice("error", plan.verdict)
        for refusal in plan.blockers:
            print_message(
                f"  {make_one_line(refusal.message)}"
                + (f"; {make_one_line(str(refusal.hint))}" if refusal.hint else "")
            )


def _preview(
    common: Common,
    workplace: Workplace,
    plan: Sending,
    after: str = "",
    *,
    with_mails: bool = True,
) -> None:
    """Print the preview of a send.

    On a terminal, show the verdict, problems, recipients and messages in the pager, then print the
    pre-flight card, which contains the notes and ends with the verdict.
    """
    from patchpilot.cli.output import send_text as text

    first = text.format_verdict(plan, after)
    if common.quiet:
        common.write(first)
        return
    # print the notes only in the card, which stays on the terminal after the pager exits
    parts = [first, text.format_summary(plan)]
    mail_texts = text.format_mails(plan) if with_mails else ""
    preflight = text.format_preflight(plan, after)
    if mail_texts and common.output is None and sys.stdout.isatty():
        from patchpilot.cli.pager import show_in_pager

        show_in_pager(
            "\n".join(part for part in (*parts, mail_texts) if part),
            next(iter(workplace.repository.user_config("core.pager")[-1:]), None),
        )
        common.write("\n" + preflight, paged=False)
        return
    common.write("\n".join(part for part in (*parts, mail_texts, preflight) if part))


def _write_result(common: Common, sending: Sending) -> None:
    if common.format == "json":
        from patchpilot.cli.output.json_document import format_json

        common.write(format_json("send", sending))
        return
    from patchpilot.cli.output.send_text import format_outcome

    common.write(format_outcome(sending))


def _ask_to_send(common: Common, workplace: Workplace, plan: Sending) -> None:
    """Ask the user to type `send` in full, because messages cannot be recalled."""
    from patchpilot.cli.output import send_text as text

    if common.format == "json":
        parts = (
            text.format_verdict(plan),
            text.format_notes(plan),
            text.format_summary(plan),
            text.format_mails(plan),
        )
        print_message("\n".join(part for part in parts if part))
    else:
        _preview(common, workplace, plan)
    if not plan.request.to_self:
        # the pager and the card may have scrolled the recipients off the screen
        print_message(text.format_addresses(plan), end="")
    answer = ask.ask_question(f"Send {plan.counts_text}? Type 'send' to confirm", "")
    if answer.strip() != "send":
        raise RefusedError(
            "nothing was sent",
            hint="the draft was kept; run the same command to try again",
        )


@contextmanager
def _delay_signals() -> Iterator[Any]:
    """Delay Ctrl-C, SIGTERM and SIGHUP until the current message is sent.

    A second signal takes effect immediately.
    """
    signals: list[int] = []

    def remember(number: int, _frame: object) -> None:
        if signals:
            raise KeyboardInterrupt
        signals.append(number)
        # after SIGHUP, there may be no terminal to write to
        with suppress(OSError):
            print_message("")
            print_notice("note", "stopping after this mail; press Ctrl-C again to stop now")

    signal_numbers = [signal.SIGINT, signal.SIGTERM]
    # keep SIGHUP ignored under nohup
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal_numbers.append(signal.SIGHUP)
    old_handlers = {number: signal.signal(number, remember) for number in signal_numbers}
    try:
        yield lambda: bool(signals)
    finally:
        for number, handler in old_handlers.items():
            signal.signal(number, handler)
