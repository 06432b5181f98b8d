# SPDX-License-Identifier: GPL-2.0-or-later
"""Which classes the JSON documents of the verbs are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from patchpilot.services.backport.backport_result import BackportResult
from patchpilot.services.backport.backport_work import WorkDone
from patchpilot.services.setup.lts_branches import Lts
from patchpilot.services.tags.find_culprits import FixesResult
from patchpilot.services.tags.stable_request_tag import StableResult


@dataclass(frozen=True, slots=True)
class JsonDocument:
    """A document: its name in `schema`, the command that prints it, and the classes whose keys it
    has.

    `lists` are keys with a list of objects that are there for several results; `all_optional`: no
    key but `schema` is always there.
    """

    name: str
    forms: tuple[type, ...]
    command: str = ""
    lists: Mapping[str, Any] = field(default_factory=dict)
    all_optional: bool = False


DOCUMENTS = (
    JsonDocument("backport", (BackportResult, WorkDone), lists={"series": BackportResult}),
    JsonDocument("fixes", (FixesResult,), lists={"results": FixesResult}, all_optional=True),
    JsonDocument("lts", (Lts,)),
    JsonDocument("stable", (StableResult,)),
)
