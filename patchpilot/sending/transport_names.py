# SPDX-License-Identifier: GPL-2.0-or-later
"""List the transports that the user can choose from."""

from patchpilot.model.send_request import DEFAULT_TRANSPORT
from patchpilot.outgoing import transports

transport_names = transports.list_transport_names
"""Valid values of `--via`; the default comes first."""


def next_transport(name: str) -> str:
    """Return the transport after this one, wrapping around at the end.

    An empty name means the default transport.
    """
    names = transports.list_transport_names()
    return names[(names.index(name or DEFAULT_TRANSPORT) + 1) % len(names)]
