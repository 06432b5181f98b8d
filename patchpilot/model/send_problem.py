# SPDX-License-Identifier: GPL-2.0-or-later
"""Problems that block sending, warnings before sending, and checks that passed."""

from dataclasses import dataclass
from typing import NamedTuple

from patchpilot.model.action import Action, Advice
from patchpilot.model.json_form import json_form


@json_form("name", "message", "hint")
@dataclass(frozen=True, slots=True)
class SendProblem:
    """A problem with a send: a stable name, a message and a hint."""

    name: str
    message: str
    hint: Advice = ""


class PassedCheck(NamedTuple):
    """A check before sending that passed: its name, and a message that states the result."""

    name: str
    message: str


NO_SERVER = SendProblem(
    "no-server",
    "no mail server configured",
    Action("setup", ("mail",), "run `{}` to set it up"),
)
