# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether b4 is installed, in a version that is known to work."""

import importlib.metadata
import importlib.util

from patchpilot.outgoing.b4.b4_command import INSTALL
from patchpilot.outgoing.probes import Probe

KNOWN_VERSION = "0.16"


def b4_version(chosen: bool) -> Probe:
    """Whether b4 is installed; only where it is `chosen` is it a failure that it is not."""
    if importlib.util.find_spec("b4") is None:
        return (
            Probe("b4", "fail", "b4 is not installed", INSTALL)
            if chosen
            else Probe("b4", "skip", "b4 is not installed (needed only for --via b4)")
        )
    version = importlib.metadata.version("b4")
    if not version.startswith(KNOWN_VERSION):
        return Probe("b4", "warn", f"b4 {version} is untested, {KNOWN_VERSION} is tested", INSTALL)
    return Probe("b4", "ok", f"b4 {version}")
