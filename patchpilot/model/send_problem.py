# SPDX-License-Identifier: GPL-2.0-or-later
"""A problem that blocks sending, or a warning before it.

A check before sending that found neither.
"""

from dataclasses import dataclass
from typing import NamedTuple

from patchpilot.model.action import Action, Advice
from patchpilot.model.json_form import json_form


@json_form("name", "message", "hint")
@dataclass(frozen=True, slots=True)
class SendProblem:
    """A problem with a send: a stable name, a message, and a hint."""

    name: str
    message: str
    hint: Advice = ""


class PassedCheck(NamedTuple):
    """A check before sending that found nothing: its name, and what it found to be right."""

    name: str
    message: str


NO_SERVER = SendProblem(
    "no-server",
    "no mail server configured",
    Action("setup", ("mail",), "set it up: `{}`"),
)
