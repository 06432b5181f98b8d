# SPDX-License-Identifier: GPL-2.0-or-later
"""The ID of a tracked series on the command line: its number, or one of its messages."""

from typing import Any

import click

from patchpilot.errors import UsageError
from patchpilot.model.action import Action


class SeriesNumber(click.ParamType):  # type: ignore[type-arg]  # click 8.1 has no parameter there
    """A parameter for the number of a tracked series.

    A Message-ID or an archive URL is converted to the number of its series.
    """

    name = "integer"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Returns the number; UsageError if no tracked series has the message."""
        if isinstance(value, int) or value.isdecimal() or "@" not in value:
            return int(click.INT.convert(value, param, ctx))
        from patchpilot.model.message_id import message_id_of
        from patchpilot.topic.followed.known_series import open_store, series_with_mail

        message_id = message_id_of(value)
        with open_store() as store:
            found = series_with_mail(message_id, store) if message_id else None
        if found is None:
            raise UsageError(
                f"no tracked series has the message {value}",
                hint=Action("track", ("add", value), "to track it: {}"),
            )
        return found.id
