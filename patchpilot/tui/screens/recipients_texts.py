# SPDX-License-Identifier: GPL-2.0-or-later
"""Explains as text why an address is a recipient."""

from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.model.address import AddressState, judge
from patchpilot.model.counted import counted
from patchpilot.model.recipient import Recipient, RecipientPlan
from patchpilot.tui.screens.recipient_groups import OUT, role_of
from patchpilot.tui.view.glyphs import STYLE_OF, glyph
from patchpilot.tui.view.rich_text import QUIET, STRONG, plain

if TYPE_CHECKING:
    from patchpilot.services.maintainers.recipient_history import FileHistory


def why_text(
    plan: RecipientPlan,
    header: str,
    recipient: Recipient,
    history: "FileHistory | None",
) -> Text:
    """Return the reasons for including a recipient.

    They are the role and header, the section and what matched in it, the recipient's commits to
    the files, and any problem with the address.
    """
    out = header == OUT
    text = Text().append(plain(recipient.address.header(), STRONG)).append("\n")
    word, style = ("excluded", QUIET) if out else (header, "bold blue")
    text.append(f"{word} {glyph('dot')} ", style).append(
        plain(f"{role_of(recipient)}{recipient.which}")
    )
    named = [one for one in plan.sections if one.name == recipient.section]
    for section in named[:1]:
        text.append("\n\nSection  ", QUIET).append(plain(section.name, STRONG))
        text.append(plain(f" ({section.status})" if section.status else ""))
        for tree in section.trees[:1]:
            text.append("\nTree     ", QUIET).append(plain(tree.removeprefix("git ")))
    text.append("\n\nReasons", QUIET)
    for reason in recipient.reasons:
        text.append(f"\n{glyph('dot')} ").append(plain(reason))
    if "list" not in recipient.role:
        text.append("\n\n").append(_activity(recipient, history))
    verdict = judge(recipient.address.email)
    if verdict.state is not AddressState.GOOD:
        text.append("\n\n").append(glyph("warning"), STYLE_OF["warning"])
        text.append(plain(f" address {verdict.state}: {verdict.reason}"))
    if recipient.by_hand:
        text.append("\n\n* changed by you; d discards that", QUIET)
    return text


def _activity(recipient: Recipient, history: "FileHistory | None") -> Text:
    if history is None:
        return Text("reading the history of the files …", QUIET)
    if not history.complete:
        return Text("History  git timed out", QUIET)
    where = f"in the last three years to {where_of(history)}"
    known = history.contacts.get(recipient.address.key)
    text = Text().append("History  ", QUIET)
    if known is None:
        return text.append(plain(f"none of {counted(history.total, 'commit')} {where}"))
    text.append(f"{known.percent} %", STRONG)
    text.append(plain(f", {known.commits} of {counted(known.total, 'commit')} {where}"))
    text.append("\nLast     ", QUIET)
    return text.append(plain(f"{known.last} {known.last_id[:12]} {known.last_subject}"))


def where_of(history: "FileHistory") -> str:
    """Return the first two files or folders of a history by name, and the number of the others."""
    more = len(history.paths) - 2
    return ", ".join(history.paths[:2]) + (f" and {more} more" if more > 0 else "")
