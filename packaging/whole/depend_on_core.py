# SPDX-License-Identifier: GPL-2.0-or-later
"""The dependency of the whole: the core of the same version."""

from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class DependOnCore(MetadataHookInterface):
    """Writes the version of this build into the dependency."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the field `dependencies`."""
        version = metadata["version"]
        metadata["dependencies"] = [
            f"patchpilot-core[send,tui,demo,checkers]=={version}"
        ]
