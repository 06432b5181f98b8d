# SPDX-License-Identifier: GPL-2.0-or-later
"""Find transports by name.

Each transport is a subpackage that defines its name in NAME and the path of its class in TRANSPORT.
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules, resolve_name
from typing import TYPE_CHECKING

import patchpilot.outgoing
from patchpilot.errors import unknown_word_error
from patchpilot.model.send_request import DEFAULT_TRANSPORT

if TYPE_CHECKING:
    from patchpilot.outgoing.transport import Transport


@cache
def _list_transport_classes() -> dict[str, str]:
    outgoing_package = patchpilot.outgoing
    entries = [entry.name for entry in iter_modules(outgoing_package.__path__) if entry.ispkg]
    packages = [import_module(f"{outgoing_package.__name__}.{entry}") for entry in entries]
    unsorted = {package.NAME: package.TRANSPORT for package in packages if hasattr(package, "NAME")}
    return {
        name: unsorted[name]
        for name in sorted(unsorted, key=lambda name: (name != DEFAULT_TRANSPORT, name))
    }


def list_transport_names() -> tuple[str, ...]:
    """Return the names of all transports, default first."""
    return tuple(_list_transport_classes())


def find_transport(name: str) -> "Transport":
    """Return the transport with this name.

    Raise UsageError for an unknown name and suggest the closest match.
    """
    if name not in _list_transport_classes():
        raise unknown_word_error("transport", name, list_transport_names())
    transport: Transport = resolve_name(_list_transport_classes()[name])()
    return transport


def is_known_transport(name: str) -> bool:
    """Return whether a transport with this name exists.

    Sends in the outbox may name a transport that was removed.
    """
    return name in _list_transport_classes()


def load_all_transports() -> "Iterator[Transport]":
    """Yield all transports, default first."""
    return (find_transport(name) for name in list_transport_names())
