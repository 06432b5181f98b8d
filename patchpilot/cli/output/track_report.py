# SPDX-License-Identifier: GPL-2.0-or-later
"""Format tracked series and classified messages as JSON and text."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from patchpilot.cli.output.json_document import format_json
from patchpilot.cli.output.stream import wrap_labeled
from patchpilot.model.action import Action
from patchpilot.model.mail import Mail
from patchpilot.model.printable import (
    crop_text,
    format_count,
    make_one_line,
    make_printable,
    width,
)
from patchpilot.reading.posted_series import Reply
from patchpilot.threads.review_ledger import group_requests
from patchpilot.threads.story import StoryEvent, list_events
from patchpilot.threads.tracked import Tracked
from patchpilot.topic.state import TopicState
from patchpilot.tracking.classify_mails import ClassifiedMail
from patchpilot.tracking.follow_topic import FollowedSeries
from patchpilot.tracking.review_lines import format_review_table
from patchpilot.tracking.series_head import format_head_rows, format_time_note

_TABLE_WIDTH = 76
"""Width of the table of reviewers, which is indented by four columns."""
_LABEL, _EVENT = 12, 16
"""Widths of a row's label, and of the date of an event or reply."""
_MAX_TEXT_LINES = 1000


class _TextLine(str):
    """A line of a message's text, which is not folded."""

    __slots__ = ()


def format_series_json(series: Sequence[Tracked], topic: TopicState | None = None) -> str:
    """Return the JSON document printed by `track`; `topic` is the current branch's topic."""
    return format_json("track", FollowedSeries(tuple(series), topic))


def format_series(
    series: Tracked,
    topic: TopicState | None = None,
    *,
    max_width: int | None = None,
    with_mails: bool = False,
) -> str:
    """Format all details of a series, beginning with five header rows.

    On a terminal, rows are wrapped to `max_width` columns, but the text of messages is not. With
    `with_mails`, include the text of each reply.
    """
    lines = list(_format_header_rows(series))
    if time_note := format_time_note(series):
        lines.append(f"  as of     {time_note}")
    if series.own and topic:
        change_note = f"; {topic.since}" if topic.since else ""
        version_note = f", next v{topic.next_version}{change_note}"
        is_over = topic.is_taken and not topic.is_begun
        name = topic.draft.branch or topic.draft.change_id
        lines.append(f"  topic     {name}{'' if is_over else version_note}")
    for report in series.delivery:
        lines += [
            f"  delivery  {report.words}",
            f"            {report.advice!s}",
        ]
    lines += _format_thread(series, with_mails=with_mails)
    lines += [f"  note      {note}" for note in series.notes]
    if max_width:
        lines = [folded_line for line in lines for folded_line in _fold_row(line, max_width)]
        lines = [*wrap_labeled("", series.title, max_width), *lines]
    else:
        lines = [series.title, *lines]
    return make_printable("\n".join(lines))


def _fold_row(line: str, max_width: int) -> list[str]:
    """Fold a row to at most `max_width` columns, but keep a command on one line."""
    if width(line) <= max_width or isinstance(line, _TextLine):
        return [line]
    start = _EVENT if line.startswith("   ") else _LABEL
    end = " \\" if line.startswith("  run ") else ""
    *folded_lines, last_line = wrap_labeled(line[:start], line[start:], max_width - len(end))
    return [*(f"{folded_line}{end}" for folded_line in folded_lines), last_line]


def _format_header_rows(series: Tracked) -> Iterator[str]:
    """Yield the five header rows; the next step is followed by its commands."""
    for row in format_head_rows(series):
        text = make_one_line(str(row.says))
        yield f"  {row.name:<9} {text}"
        if row.name == "next":
            for command in series.next_commands:
                if command not in text:
                    yield f"  run       {command}"


def _format_thread(series: Tracked, *, with_mails: bool) -> list[str]:
    if series.posted is None:
        return []
    return [
        *_format_versions(series),
        *_format_tags(series),
        *_format_reviews(series),
        *_format_trees(series),
        *_format_events(series),
        *_format_replies(series, with_mails=with_mails),
    ]


def _format_versions(series: Tracked) -> Iterator[str]:
    """Yield the author, the versions and, if there are several patches, the state of each patch."""
    posted_series = series.about
    yield f"  author    {posted_series.author_text}"
    for revision in posted_series.revisions:
        patches = format_count(revision.patch_count, "patch", "patches")
        if posted_series.is_discussion:
            patches = "no patch"
        yield (
            f"  {revision.label:<9} {_format_date(revision.sent)}  {patches} "
            f" <{revision.message_id}>{_date_note(revision.first.mail)}"
        )
    for message_id, version in posted_series.missing.items():
        yield f"  v{version:<8} mail not found  <{message_id}>"
    latest_revision = posted_series.latest
    if len(posted_series.patches) > 1:
        for post in posted_series.patches:
            name = (
                f"{post.number}/{len(latest_revision.patches)}"
                if post.version == latest_revision.version
                else f"v{post.version} {post.number}"
            )
            proof_text = (post.proof.commit or "")[:12] or f"<{post.proof.message_id or ''}>"
            state_text = f"{_format_date(post.proof.date)}  {post.state:<17} {proof_text}"
            yield f"  {name:<9} {state_text}  {post.title}"


def _format_tags(series: Tracked) -> Iterator[str]:
    posted_series = series.about
    is_series = len(posted_series.latest.patches) > 1
    for tag in posted_series.trailers:
        patch_note = f" (patch {tag.patch})" if tag.patch and is_series else ""
        condition = f", on a condition: “{tag.conditional}”" if tag.conditional else ""
        ask_note = f" (not added by itself: {tag.asks})" if tag.asks else ""
        yield f"  tag v{tag.version:<4} {tag.trailer}{patch_note}{condition}{ask_note}"
    for claim in posted_series.claims:
        yield f"  claim     {claim.words}  <{claim.message_id}>"


def _format_reviews(series: Tracked) -> list[str]:
    table = series.review
    if table is None or not table.patches:
        return []
    total = format_count(len(table.patches), "patch", "patches")
    return [
        f"  review    v{table.version}: {table.approved} of {total} reviewed or acked",
        *(f"    {line}" for line in format_review_table(table, _TABLE_WIDTH)),
    ]


def _format_trees(series: Tracked) -> Iterator[str]:
    """Yield the trees that contain the series, and later series that fix or revert it."""
    posted_series = series.about
    for merge in posted_series.landed:
        if merge.tree.startswith("stable/"):
            continue
        release = (
            f", first in {merge.release}"
            if merge.release
            else _describe_release(merge.how)
            if merge.in_mainline
            else ""
        )
        claim_note = f", {merge.how}" if merge.how.startswith("claimed") else ""
        commit = merge.commit or "(commit unknown)"
        yield f"  tree      {merge.tree} {commit}{release}{claim_note}"
    for branch in posted_series.stable:
        proof = ""
        if branch.commit and branch.has_commit:
            proof = f" ({branch.commit[:12]})"
        elif branch.message_id and branch.state == "failed":
            proof = f"  <{branch.message_id}>"
        yield f"  stable    {branch.version:<6} {branch.words}{proof}"
    for follow_up in posted_series.follow_ups:
        location = f", in {follow_up.tree or '?'} as {follow_up.commit}" if follow_up.commit else ""
        # a commit that no message mentions has no version
        version = f"v{follow_up.version}, " if follow_up.message_id else ""
        yield (
            f"  follow-up {follow_up.subject} ({version}{follow_up.state}{location})"
            f" {follow_up.words}"
        )


def _format_replies(series: Tracked, *, with_mails: bool) -> list[str]:
    """List the replies, each with its version and patch.

    With `with_mails`, include the text of each reply.
    """
    labels = Counter(revision.label for revision in series.about.revisions)
    lines = ["  replies"] if series.replies else []
    for reply in series.replies:
        unread_mark = "*" if reply.unread else " "
        sender = reply.mail.sender_name
        bot = " (bot)" if reply.mail.bot else ""
        target = _describe_target(reply, labels)
        note = _date_note(reply.mail.mail)
        lines.append(
            f"   {unread_mark} {_format_date(reply.mail.mail.date)}  {reply.mail.label:<13}"
            f" {sender}{bot}{target}{note}"
        )
        if with_mails:
            lines += [_TextLine(f"        {line}") for line in _list_text_lines(reply)]
    return lines


def _describe_target(reply: Reply, labels: Mapping[str, int]) -> str:
    """Return what a reply is about, such as `, on v2 3/5`.

    Add the date if the version was sent twice.
    """
    if reply.revision is None:
        return ""
    label, total = reply.revision.label, len(reply.revision.patches)
    number = f" {reply.patch}/{total}" if reply.patch and total > 1 else ""
    day = f" of {_format_date(reply.revision.sent)}" if labels[label] > 1 else ""
    return f", on {label}{number}{day}"


def _format_events(series: Tracked) -> list[str]:
    return ["  story", *map(_format_event, list_events(series))]


def _format_event(event: StoryEvent) -> str:
    proof_note = f"  <{event.proof}>" if "@" in event.proof else f"  {event.proof}"
    day = f"{event.when.astimezone():%Y-%m-%d}" if event.when else f"{'now':<10}"
    return f"    {day}  {make_one_line(event.text + proof_note).rstrip()}"


def format_digest(series: Sequence[Tracked], since: datetime) -> str:
    """List the recent events of each series, with its state and next step."""
    lines: list[str] = []
    for item in series:
        events = [event for event in list_events(item) if event.when and event.when >= since]
        if events:
            lines += [
                f"{item.entry.id}  {item.state}: {make_one_line(item.title)}",
                *map(_format_event, events),
                f"    next        {make_one_line(item.next_step)}",
            ]
    return make_printable("\n".join(lines)) or f"nothing new since {since:%Y-%m-%d %H:%M}"


def format_waiting_messages(series: Sequence[Tracked]) -> str:
    """List the messages that wait for a reply, each with the command that starts the reply."""
    lines: list[str] = []
    for tracked_series in series:
        lines.append(f"{tracked_series.entry.id}  {make_one_line(tracked_series.title)}")
        for message_id, items in group_requests(tracked_series).items():
            request, more_count = items[0].point, len(items) - 1
            more_note = f" (and {format_count(more_count, 'more request')})" if more_count else ""
            reply_command = Action("track", ("reply", f"<{message_id}>"), "`{}`")
            lines += [
                f"    {request.asker}: {make_one_line(request.text)}{more_note}",
                f"      {reply_command}",
            ]
    return make_printable("\n".join(lines)) or "no message waits for your answer"


def _describe_release(origin: str) -> str:
    return (
        ", in no release yet"
        if origin.startswith("in the repository")
        else ", first release unknown until you fetch: git fetch --all --tags (elsewhere: -C DIR)"
    )


def _list_text_lines(reply: Reply) -> list[str]:
    """Return the lines of a reply as they were sent.

    Of a very long message, return the first lines, and the number of the others.
    """
    lines = [make_printable(line).rstrip() for line in reply.mail.mail.body.rstrip().split("\n")]
    more = len(lines) - _MAX_TEXT_LINES
    return [*lines[:_MAX_TEXT_LINES], f"… {more} more lines"] if more > 1 else lines


def _date_note(mail: Mail) -> str:
    return f" ({mail.date_note})" if mail.date_note else ""


def _format_date(date: datetime | None) -> str:
    return f"{date:%Y-%m-%d}" if date else "????-??-??"


def format_classified_mails(mails: Sequence[ClassifiedMail]) -> str:
    """List the messages, each followed by its tags."""
    kind_width = max((width(classified_mail.mail.label) for classified_mail in mails), default=0)
    lines = []
    for classified_mail in mails:
        mail = classified_mail.mail
        lines.append(
            f"{make_printable(classified_mail.source)}: {mail.label:<{kind_width}}"
            f" {classified_mail.confidence:.2f}{' bot' if mail.bot else ''} "
            f" {crop_text(make_printable(mail.mail.subject), 80)}"
        )
        lines += [
            f"    {make_printable(str(tag))}"
            + ("" if tag.credited else f"  [not credited: {make_printable(tag.why)}]")
            for tag in mail.trailers
        ]
    return "\n".join(lines)
