# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands named in a repository's own configuration.

They run only if the user has trusted them; otherwise an error is raised.
"""

from typing import NamedTuple

from patchpilot.errors import HintText, RefusedError
from patchpilot.model.json_form import json_form


@json_form("name", "file", "text")
class OwnCommand(NamedTuple):
    """A command in a repository's configuration: the setting or hook, its file, and its text.

    `digest` identifies the command when it is trusted, and `label` is its name in the store of
    digests.
    """

    name: str
    file: str
    text: str
    digest: str
    label: str


class UntrustedCommandsError(RefusedError):
    """Raised if commands named by a repository would run without the user's trust."""

    def __init__(
        self, message: str, *, hint: HintText, commands: tuple[OwnCommand, ...]
    ) -> None:
        super().__init__(message, hint=hint)
        self.commands = commands
