# SPDX-License-Identifier: GPL-2.0-or-later
"""The transports that the user can choose from."""

from patchpilot.model.send_request import DEFAULT_TRANSPORT
from patchpilot.outgoing import transports


def transport_names() -> tuple[str, ...]:
    """The names that `--via` takes, the default one first."""
    return transports.names()


def next_transport(name: str) -> str:
    """The transport after this one, the first after the last.

    The one after the default for "", the one that is in force then.
    """
    names = transports.names()
    return names[(names.index(name or DEFAULT_TRANSPORT) + 1) % len(names)]
