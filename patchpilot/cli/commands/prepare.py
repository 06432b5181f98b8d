# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot prepare`: write the chosen tags into the commit messages."""

import sys
from typing import Any

from patchpilot.cli import ask
from patchpilot.cli.command import (
    Common,
    ProgressLine,
    argument,
    base_options,
    common_options,
    make_command,
    option,
    rewrite_options,
    show_progress,
)
from patchpilot.cli.commands.fixes import format_candidate
from patchpilot.cli.error_exit import print_notice
from patchpilot.commits.repository import Repository
from patchpilot.errors import ExitCode, PatchpilotError, RefusedError, UsageError
from patchpilot.model.action import Action
from patchpilot.model.commit import Commit
from patchpilot.model.printable import format_count, join_words, make_printable
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.rule import Severity
from patchpilot.tags.find_culprits import FixesResult
from patchpilot.tags.prepare_commits import PrepareRequest, prepare_commit_tags
from patchpilot.tags.topic_culprits import find_named_culprit
from patchpilot.topic.message_changes import MessageChange, Preparation


@make_command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot prepare --dry-run\n"
        "  patchpilot prepare HEAD --fixes 43645ce03e00"
    )
)
@common_options("text", "json")
@option(
    "--fixes",
    metavar="auto|COMMIT|none",
    multiple=True,
    help="the commit that introduced the bug  [default: auto]",
)
@option("--replace", "replaces", is_flag=True, help="remove the other Fixes: tags")
@option(
    "--stable",
    choices=["auto", "none"],
    help="the Cc: stable line  [default: auto]",
)
@option(
    "--trailer",
    "trailers",
    metavar="'KEY: VALUE'",
    multiple=True,
    help="add a tag such as 'Reported-by: Name <email>' or 'Closes: URL', or the tag for a link, a"
    " Message-ID or a contact",
)
@option(
    "--regression",
    is_flag=True,
    help="Cc the regressions list and print the line for its tracker",
)
@option("--signoff", is_flag=True, default=None, help="add your Signed-off-by")
@option(
    "--not-a-fix/--is-a-fix",
    "no_fix",
    default=None,
    help="whether the commits fix a bug; remembered for the topic",
)
@base_options()
@rewrite_options
@option("--dry-run", is_flag=True, help="print what would be written; write nothing")
@option(
    "--yes",
    is_flag=True,
    help=("write without asking; required if stdin is not a terminal and no option names the tags"),
)
@argument("target", required=False)
def command(common: Common, target: str | None, base: str | None, yes: bool, **options: Any) -> int:
    """Write Fixes:, Cc: stable and other tags into the messages of TARGET (a commit, a branch or a
    range; default: your topic).

    Without an option that names tags, a preview is shown before anything is written. Only the
    messages change: trees, authors, notes and your files stay the same, and you become the
    committer. `patchpilot undo` restores the commits.
    """
    names_tags = any(
        value not in (None, (), False) or (name, value) == ("no_fix", False)
        for name, value in options.items()
        if name not in ("overrides", "dry_run")
    )
    choice = _CulpritChoice(common, is_terminal=sys.stdin.isatty() and not yes)
    confirmation = _Confirmation(
        common,
        choice,
        is_needed=not (yes or names_tags),
        # without an option that names tags, all of them are requested
        needs_fixes="auto" in options["fixes"] or not names_tags,
    )
    with common.workplace() as workplace, show_progress(common) as progress:
        confirmation.progress = choice.progress = progress
        repository, settings = workplace.repository, workplace.settings()
        choice.repository = repository
        options["signoff"] = (
            settings.flag("signoff") if options["signoff"] is None else options["signoff"]
        )
        options["fixes"] = options["fixes"] or ("auto",)
        if options["replaces"] and {"auto", "none"} & set(options["fixes"]):
            raise UsageError("--replace requires a commit", hint="use --fixes COMMIT --replace")
        options["stable"] = options["stable"] or "auto"
        options["is_fix"] = None if (no_fix := options.pop("no_fix")) is None else not no_fix
        result = prepare_commit_tags(
            repository,
            PrepareRequest(
                target,
                workplace.base(settings, base, (target,)),
                settings.get("profile"),
                choose=choice.choose,
                **options,
            ),
            confirm=confirmation.confirm,
            progress=progress,
        )
    _warn_unsure(common, result)
    confirmation.check_fixes(result)
    if common.format == "json":
        from patchpilot.cli.output.json_document import format_json

        common.write(format_json("prepare", result))
    elif not confirmation.shown:
        common.write(format_preparation(result, common.uses_color))
    if confirmation.refusal and not options["dry_run"]:
        raise confirmation.refusal
    if common.format != "json":
        report_preparation(common, result, options["dry_run"])
        if not common.quiet and (result.written or not result.changed):
            _report_open_findings(common, result, is_whole_topic=target is None)
    return ExitCode.OK


class _CulpritChoice:
    """Ask which commit introduced a bug if no candidate is certain.

    `unanswered` contains the commits that nobody could be asked about.
    """

    def __init__(self, common: Common, *, is_terminal: bool) -> None:
        self._common, self._is_terminal = common, is_terminal
        self.progress: Progress = ignore_progress
        self.repository: Repository | None = None
        self.unanswered: list[str] = []

    def choose(self, commit: Commit, result: FixesResult) -> str | None:
        if not result.candidates:
            return None
        if isinstance(self.progress, ProgressLine):
            self.progress.wipe()
        if not self._is_terminal or self.repository is None:
            self.unanswered.append(commit.short)
        if not self._common.quiet or self._is_terminal:
            self._show(commit, result)
        if not self._is_terminal or self.repository is None:
            return None
        repository = self.repository
        keys = {str(number): each.commit for number, each in enumerate(result.candidates, 1)}

        def read_answer(text: str) -> str | None:
            if text.strip().lower() in ("n", "none"):
                return None
            if text.strip() in keys:
                return repository.resolve(keys[text.strip()])
            return find_named_culprit(repository, text.strip(), commit.id).commit

        chosen: str | None = ask.prompt_value(
            f"Which commit introduced the bug? [1-{len(keys)}, n: none of these, or a commit]",
            read_answer,
        )
        return chosen

    def _show(self, commit: Commit, result: FixesResult) -> None:
        lines = [f'{commit.short} ("{commit.subject}"): not certain: {result.reason}']
        for number, candidate in enumerate(result.candidates, 1):
            tag, evidence = format_candidate(candidate)
            lines += [f"  {number}  {tag}", f"     {evidence}"]
        print(make_printable("\n".join(lines)), file=sys.stderr)


class _Confirmation:
    """Ask for confirmation before writing tags that were not given as options.

    `shown` is set if stdout already contains the result. `refusal` is the error to raise if nobody
    can be asked. With `needs_fixes`, nothing is written unless each fix gets its Fixes: tag.
    """

    def __init__(
        self, common: Common, choice: _CulpritChoice, *, is_needed: bool, needs_fixes: bool
    ) -> None:
        self._common, self._needed = common, is_needed
        self._choice, self._needs_fixes = choice, needs_fixes
        self.progress: Progress = ignore_progress
        self.shown = False
        self.refusal: RefusedError | None = None

    def check_fixes(self, preparation: Preparation) -> None:
        """Refuse to write if a requested Fixes: tag is a question that nobody could be asked."""
        unanswered = self._choice.unanswered
        if self.refusal or not self._needs_fixes or not unanswered or preparation.written:
            return
        self.refusal = RefusedError(
            f"nothing was written: it is not certain which commit introduced the bug that"
            f" {unanswered[0]} fixes",
            hint="name it with --fixes COMMIT, or leave the tag out with --fixes none",
        )

    def confirm(self, preparation: Preparation) -> bool:
        self.check_fixes(preparation)
        if self.refusal:
            return False
        if not self._needed:
            return True
        if not sys.stdin.isatty():
            self.refusal = RefusedError(
                "nothing was written: stdin is not a terminal",
                hint=(
                    "check the preview, then add --yes, or use options to specify what to write"
                    " (see --help)"
                ),
            )
            return False
        if isinstance(self.progress, ProgressLine):
            self.progress.wipe()
        self.shown = (
            self._common.format == "text" and self._common.output is None and sys.stdout.isatty()
        )
        # if stdout is redirected, show the preview on stderr
        stream = sys.stdout if self.shown else sys.stderr
        print(
            format_preparation(preparation, self.shown and self._common.uses_color),
            file=stream,
        )
        for cost in preparation.costs:
            print_notice("note", cost)
        number = len(preparation.changed)
        if ask.ask_yes_or_no(f"Write this into {format_count(number, 'commit message')}?"):
            return True
        self.refusal = RefusedError(
            "nothing was written",
            hint="use options to specify what to write; --help lists them",
        )
        return False


def _warn_unsure(common: Common, preparation: Preparation) -> None:
    """Print on stderr which requested tags were not written, in case stdout is redirected."""
    from patchpilot.model.printable import make_one_line

    for change in preparation.changes:
        if change.unsure and not common.quiet:
            print_notice("warning", make_one_line(change.unsure))


def report_preparation(common: Common, preparation: Preparation, dry_run: bool) -> None:
    """Print on stderr whether the commits were changed, and how to undo this."""
    if common.quiet:
        return
    for cost in preparation.costs:
        print_notice("note", cost)
    if preparation.written and preparation.undo:
        name = (preparation.ref or "HEAD").removeprefix("refs/heads/")
        print(
            f"written: {name} is now {(preparation.new_head or '')[:12]}; to undo: `patchpilot undo"
            f" restore {preparation.undo.number}`",
            file=sys.stderr,
        )
    elif not preparation.changed:
        print("nothing to write", file=sys.stderr)
    elif dry_run:
        print("dry run: nothing was written", file=sys.stderr)


def _report_open_findings(
    common: Common, preparation: Preparation, *, is_whole_topic: bool
) -> None:
    """Print on stderr how many findings of `check` are left in the commits, and its command."""
    from patchpilot.checking.topic import CheckedTopic, check_topic

    commits = tuple(preparation.ids.get(each.commit, each.commit) for each in preparation.changes)
    try:
        with common.workplace() as workplace, show_progress(common) as progress:
            topic = CheckedTopic(commits)
            result = check_topic(
                workplace.repository, workplace.settings(), topic, progress=progress
            )
    except PatchpilotError as error:
        print_notice("note", f"the findings of `check` are not known: {error.message}")
        return
    severities = (Severity.ERROR, Severity.WARNING, Severity.CHECK)
    counts = [format_count(result.counts[each], str(each)) for each in severities]
    if open_counts := [count for count in counts if not count.startswith("0 ")]:
        names = [commit[:12] for commit in commits]
        range_ = names[0] if len(names) == 1 else f"{names[0]}^..{names[-1]}"
        command = Action("check", () if is_whole_topic else (range_,), "see them: {}")
        print_notice("note", f"check reports {join_words(open_counts)}; {command}")


def format_preparation(preparation: Preparation, colored: bool) -> str:
    """Format the word diff of each message, with notes."""
    lines: list[str] = []
    for change in preparation.changes:
        lines.append(
            f"commit {change.commit[:12]}" + ("" if change.changed else ": nothing to add")
        )
        if change.changed:
            lines.append(_format_change(change, colored))
        else:
            lines.append(make_printable(f"    {change.subject}\n"))
        for note in change.notes:
            if note != change.unsure:
                lines += _print_notes(make_printable(note))
    return "\n".join(lines)


def _print_notes(text: str) -> list[str]:
    if not sys.stdout.isatty():
        return [f"  # {text}"]
    from patchpilot.cli.output.stream import result_width, wrap_labeled

    return list(wrap_labeled("  # ", text, result_width()))


def _format_change(change: MessageChange, colored: bool) -> str:
    if not colored:
        body = make_printable(change.marked)
    else:
        paint = {"-": "31", "+": "32"}
        body = "".join(
            f"\x1b[{paint[kind]}m{make_printable(part)}\x1b[m"
            if kind in paint
            else make_printable(part)
            for kind, part in change.pieces
        )
    return "\n".join(f"    {line}" if line else "" for line in body.rstrip("\n").split("\n")) + "\n"
