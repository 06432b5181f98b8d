# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot draft`: edit the cover letter, notes and choices of a topic."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from patchpilot.cli.ask import ask_yes_or_no
from patchpilot.cli.command import (
    Common,
    argument,
    base_options,
    common_options,
    make_command,
    option,
    series_options,
)
from patchpilot.cli.error_exit import print_notice
from patchpilot.cli.output.draft_report import format_draft_rows
from patchpilot.cli.output.json_document import format_json
from patchpilot.cli.output.stream import print_message
from patchpilot.errors import UsageError
from patchpilot.model.draft import Draft
from patchpilot.model.printable import make_one_line, make_printable
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.send_request import SendRequest
from patchpilot.sending import edit_draft as service
from patchpilot.sending.build_proof import set_tested_lines
from patchpilot.sending.edit_draft import DraftChanges, DraftResult
from patchpilot.topic.workplace import Workplace
from patchpilot.write_file import write_file


@make_command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot draft --edit\n"
        "  patchpilot draft --changelog '- fix the leak (Grace)'\n"
        "  patchpilot draft --subject-prefix 'PATCH net'"
    )
)
@common_options("text", "json", short_verbose=False)
@base_options()
@option("--edit", is_flag=True, help="edit cover letter, changelog and notes in your editor")
@option(
    "--cover-subject",
    metavar="TEXT",
    help="the cover letter's subject, without [PATCH]",
)
@option(
    "--cover",
    "text",
    metavar="TEXT",
    help="the cover letter: subject, blank line, text (with --cover-subject: the text)",
)
@option("--changelog", metavar="TEXT", help="the changes in this version")
@option(
    "--note",
    "notes",
    metavar="PATCH TEXT",
    width=2,
    multiple=True,
    help="a note below the --- line of a patch (number or words of its subject)",
)
@series_options
@option(
    "--note-build/--no-note-build",
    "note_build",
    default=None,
    help=(
        "state below the --- how the code was tested, and in which configurations"
        " `patchpilot build` built the commits"
    ),
)
@option(
    "--security",
    metavar="no|yes",
    choices=("no", "yes"),
    help="whether somebody could use the bug to attack a machine, as `send` asks",
)
@option(
    "--note-review",
    is_flag=True,
    help="note machine reviews and your waivers below the --- of each patch",
)
@option(
    "--export",
    "export_to",
    metavar="FILE",
    type=Path,
    help="write the texts to a file (-: stdout)",
)
@option(
    "--import",
    "imported",
    metavar="FILE",
    type=Path,
    help="read the texts from an exported file",
)
@option("--ping", is_flag=True, help="print a polite reminder about the last send")
@option(
    "--no-b4",
    is_flag=True,
    help="remove the branch from b4's tracking data; its commits stay",
)
@option("--forget", is_flag=True, help="delete the draft; the record of sent messages stays")
@argument("words", metavar="[show|reset] [TARGET]...", several=True)
def command(common: Common, words: tuple[str, ...], base: str | None, **options: Any) -> int:
    """Show, change or reset the draft of TARGET's topic (default: the current branch).

    The draft is stored outside the branch. `show` (the default) prints its contents and their
    origin; `reset` clears the draft. The change-id and the record of sent messages are kept."""
    action = words[0] if words and words[0] in ("show", "reset") else ""
    target, *more = (words[1:] if action else words) or (None,)
    changes = DraftChanges(
        subject=options["cover_subject"],
        text=options["text"],
        changelog=options["changelog"],
        notes=tuple(options["notes"]),
        prefix=options["prefix"],
        version=options["version"],
        in_reply_to=options["in_reply_to"],
        imported=options["imported"],
    )
    if action and (
        changes != DraftChanges()
        or any(options[name] for name in ("edit", "export_to", "no_b4", "forget", "ping"))
        or options["note_build"] is not None
    ):
        raise UsageError(
            f"draft {action} cannot be combined with options that change the draft or select a"
            " different output",
            hint=f"run `patchpilot draft {action}` without them",
        )
    with common.workplace() as workplace:
        base = workplace.base(workplace.settings(), base, (target, *more))
        request = SendRequest(target, tuple(filter(None, more)), base=base)
        if action == "reset":
            return _reset_draft(common, workplace, request)
        if options["no_b4"]:
            print_message(
                f"{service.unenroll_from_b4(workplace.repository)} is removed"
                " from b4's tracking data"
            )
            return 0
        if options["forget"]:
            print_message(
                f"draft deleted: {service.delete_draft(workplace.repository, request).change_id}"
            )
            return 0
        if options["ping"]:
            repository = workplace.repository
            common.write(service.write_reminder(repository, _confirm_reminder, request))
            return 0
        changes = _save_draft_choices(workplace, options, changes, request)
        result = (
            service.change_draft(workplace.repository, changes, request)
            if changes != DraftChanges()
            else service.show_draft(workplace.repository, request)
        )
        if options["edit"]:
            result = _edit_draft(workplace, request)
        if options["export_to"]:
            text = service.export_draft(workplace.repository, request)
            _export_draft(common, text, result.draft, options["export_to"])
            return 0
    common.write(format_json("draft", result) if common.format == "json" else _format_draft(result))
    return 0


def _confirm_reminder(problems: Sequence[SendProblem]) -> bool:
    """Print the reasons not to send a reminder now, and ask whether to print it anyway."""
    for problem in problems:
        print_notice("note", f"{problem.message}; {problem.hint}")
    return sys.stdin.isatty() and ask_yes_or_no("Print the reminder anyway?")


def _save_draft_choices(
    workplace: Workplace,
    options: dict[str, Any],
    changes: DraftChanges,
    request: SendRequest,
) -> DraftChanges:
    """Save all choices except texts, and return the changes with review notes added."""
    if options["note_build"] is not None:
        set_tested_lines(workplace.repository, request, enabled=options["note_build"])
    if options["security"]:
        from patchpilot.sending.questions import save_draft_answer

        save_draft_answer(
            workplace.repository,
            "security",
            options["security"],
            request,
        )
    if not options["note_review"]:
        return changes
    from patchpilot.cli.check.review_options import collect_review_notes

    notes = collect_review_notes(workplace, request)
    return changes._replace(notes=(*changes.notes, *notes))


def _reset_draft(common: Common, workplace: Workplace, request: SendRequest) -> int:
    before, result = service.reset_draft(workplace.repository, request)
    cleared_rows = format_draft_rows(before, kept_draft=result.draft)
    print_message("cleared:" if cleared_rows else "nothing to clear in the draft")
    common.write(
        format_json("draft", result)
        if common.format == "json"
        else make_printable("".join(f"{row}\n" for row in cleared_rows))
    )
    return 0


def _edit_draft(workplace: Workplace, request: SendRequest) -> DraftResult:
    from patchpilot.sending.edit_draft import make_text_editor

    if not sys.stdin.isatty():
        raise UsageError(
            "the editor needs a terminal",
            hint="use --export FILE and --import FILE, or --cover, --changelog and --note",
        )
    return service.edit_draft_texts(workplace.repository, make_text_editor(workplace), request)


def _export_draft(common: Common, text: str, draft: Draft, file: Path) -> None:
    if str(file) == "-":
        print(text, end="")
    else:
        write_file(file, text)
        common.report_written(file)
    choices = format_draft_rows(draft, is_export=True)
    if choices:
        left_out = "; ".join(" ".join(make_one_line(choice).split()) for choice in choices)
        print_notice("note", f"not exported, set it again after the import: {left_out}")


def _format_draft(result: DraftResult) -> str:
    draft = result.draft
    lines = [
        f"topic:    {draft.change_id}" + (f"   branch {draft.branch}" if draft.branch else ""),
        f"state:    {result.state.summary}",
        f"next:     v{result.state.next_version}   [{draft.prefix or 'PATCH'}]",
        *(f"patch:    {patch.subject}" for patch in draft.patches),
        *format_draft_rows(draft),
    ]
    for send in result.sends:
        force_note = f"   forced: {send.force}" if send.force else ""
        lines.append(
            f"sent:     v{send.version} on {send.begun[:16]} via {send.transport}:"
            f" {send.state}{force_note}"
        )
        lines += [f"          dropped: {make_printable(address)}" for address in send.left_out]
    if result.b4:
        lines.append(
            f"b4:       tracks this branch ({result.b4.strategy}, next v{result.b4.revision}"
            + (f", base {result.b4.base[:12]})" if result.b4.base else ")")
            + ("; added by patchpilot" if result.b4.by_us else "")
        )
    return make_printable("\n".join(lines) + "\n")
