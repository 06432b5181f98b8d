# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the mail providers and their settings from providers.toml in this folder."""

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Provider(NamedTuple):
    """A mail provider: how to recognize it, and its settings.

    `login` describes the required login; `rewrites` describes how it alters messages ("" if
    unknown).
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
def providers() -> tuple[Provider, ...]:
    """Return all known mail providers."""
    data = tomllib.loads(
        (files("patchpilot.outgoing") / "providers.toml").read_text(encoding="utf-8")
    )
    return tuple(Provider(**table) for table in data["provider"])


def provider_of(server: str, port: int = 0, domain: str = "") -> Provider | None:
    """Return the provider of a mail server or, without a server, of an address's domain, or
    None.
    """
    host = server.lower()
    for provider in providers():
        for pattern in provider.servers:
            name, _, number = pattern.partition(":")
            if (host == name or (name.endswith(".") and host.startswith(name))) and (
                not number or int(number) == port
            ):
                return provider
    return next(
        (
            provider
            for provider in providers()
            if domain and domain.lower() in provider.domains
        ),
        None,
    )
