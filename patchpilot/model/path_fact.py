# SPDX-License-Identifier: GPL-2.0-or-later
"""A fact about patches to a directory or file."""

from typing import NamedTuple

from patchpilot.model.json_form import json_form


@json_form("label", "value", "source", "share?", "total?")
class PathFact(NamedTuple):
    """A fact about patches to a directory.

    `source` is a document, or the patches that were counted: `share` percent of `total`.
    """

    label: str
    value: str
    source: str
    share: int | None = None
    total: int | None = None
