# SPDX-License-Identifier: GPL-2.0-or-later
"""The transport b4: enrollment, journal, command, series, web endpoint."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from patchpilot.outgoing.transport import Transport

NAME = "b4"


def transport() -> "Transport":
    """The transport."""
    from patchpilot.outgoing.b4.b4_transport import B4Transport

    return B4Transport()
