# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the mail providers and their settings from providers.toml in this folder."""

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Provider(NamedTuple):
    """A mail provider, with its servers and domains by which it is recognized, and its settings.

    `login` describes the login that is required. `rewrites` describes how the provider changes
    messages, or is "" if this is not known.
    """

    name: str
    servers: Sequence[str] = ()
    domains: Sequence[str] = ()
    server: str = ""
    port: int = 0
    encryption: str = ""
    login: str = ""
    auth: str = ""
    rewrites: str = ""
    reference: str = ""


@cache
def load_providers() -> tuple[Provider, ...]:
    """Return all known mail providers."""
    data = tomllib.loads(
        (files("patchpilot.outgoing") / "providers.toml").read_text(encoding="utf-8")
    )
    return tuple(Provider(**table) for table in data["provider"])


def find_provider(server: str, port: int = 0, domain: str = "") -> Provider | None:
    """Return the provider to which a mail server belongs, or None.

    If no server is given, use the domain of an address.
    """
    host = server.lower()
    for provider in load_providers():
        for pattern in provider.servers:
            name, _, number = pattern.partition(":")
            if (host == name or (name.endswith(".") and host.startswith(name))) and (
                not number or int(number) == port
            ):
                return provider
    return next(
        (
            provider
            for provider in load_providers()
            if domain and domain.lower() in provider.domains
        ),
        None,
    )
