# SPDX-License-Identifier: GPL-2.0-or-later
"""A fact about patches to a directory or file."""

from typing import NamedTuple

from patchpilot.model.json_form import json_form


@json_form("label value source share? total?")
class PathFact(NamedTuple):
    """A fact about the patches for a directory.

    `source` is a document or describes the patches that were counted. The fact is true for `share`
    percent of `total` patches.
    """

    label: str
    value: str
    source: str
    share: int | None = None
    total: int | None = None
