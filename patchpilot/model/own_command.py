# SPDX-License-Identifier: GPL-2.0-or-later
"""A command that a repository's own configuration names, and the error where the user has not
trusted it.
"""

from typing import NamedTuple

from patchpilot.errors import HintText, RefusedError
from patchpilot.model.json_form import json_form


@json_form("name", "file", "text")
class OwnCommand(NamedTuple):
    """A command: the setting or hook that names it, the file that has that, and its text.

    `digest` is what it is trusted by, `label` what it is called in the store of digests.
    """

    name: str
    file: str
    text: str
    digest: str
    label: str


class UntrustedCommandsError(RefusedError):
    """Commands would run that a repository names itself and that the user has not trusted."""

    def __init__(
        self, message: str, *, hint: HintText, commands: tuple[OwnCommand, ...]
    ) -> None:
        super().__init__(message, hint=hint)
        self.commands = commands
