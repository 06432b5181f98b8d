# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the results of the checks before a send, and the record of earlier sends.

The results are problems that block sending, warnings, and passed checks.
"""

from enum import StrEnum
from typing import NamedTuple

from patchpilot.model.action import Action, Advice
from patchpilot.model.json_form import json_form


@json_form("name message hint")
class SendProblem(NamedTuple):
    """A problem that was found before a send; its name does not change between versions of
    patchpilot.
    """

    name: str
    message: str
    hint: Advice = ""


class CheckState(StrEnum):
    """The result of a pre-send check, shown at the start of its line."""

    PROBLEM = "problem"
    OVERRIDDEN = "overridden"
    NOTE = "note"
    OK = "ok"


class CheckLine(NamedTuple):
    """The result of a pre-send check, with its name and a hint."""

    state: CheckState
    name: str
    message: str
    hint: Advice = ""


class SentRecord(NamedTuple):
    """A sent version that is recorded outside of the outbox.

    `where` names the place of the record. `same` is set if the patches are the same as now, and
    `same_topic` if the version belongs to this topic.
    """

    version: int
    date: str
    where: str
    same: bool
    same_topic: bool


NO_SERVER = SendProblem(
    "no-server",
    "no mail server configured",
    Action("setup", ("mail",), "run `{}` to set it up"),
)
