# SPDX-License-Identifier: GPL-2.0-or-later
"""Fields of the package that depend on where it is built: in a clone or for a release.

A release sets $PATCHPILOT_RELEASE, and $PATCHPILOT_URL to the address of the project.
"""

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


def with_absolute_links(text: str, version: str, url: str) -> str:
    """The README with links and pictures that also work where packages are shown."""
    if not url:
        return text
    return re.sub(
        r"(!?\[[^\]]*\]\()(?![a-z]+:|#)",
        lambda found: (
            f"{found[1]}{url}/{'raw' if found[1][0] == '!' else 'blob'}/v{version}/"
        ),
        text,
    )


def dependencies(
    core: list[str], clone: list[str], extras: dict[str, list[str]], released: bool
) -> list[str]:
    """The requirements: those of the core, in a clone also those of the extras in `clone`."""
    if released:
        return core
    added = [one for extra in clone for one in extras[extra]]
    return core + [one for one in added if not one.startswith("patchpilot-core[")]


class BuildPlace(MetadataHookInterface):
    """Writes the README, the project's addresses and the requirements."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the fields `readme`, `urls` and `dependencies`."""
        # an sdist is part of a release and has PKG-INFO
        released = (
            "PATCHPILOT_RELEASE" in os.environ
            or (Path(self.root) / "PKG-INFO").exists()
        )
        metadata["dependencies"] = dependencies(
            self.config["core"],
            self.config["clone"],
            metadata["optional-dependencies"],
            released,
        )
        url = os.environ.get("PATCHPILOT_URL", "").rstrip("/")
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": with_absolute_links(text, metadata["version"], url),
        }
        metadata["urls"] = {}
        if url:
            changes = f"{url}/blob/v{metadata['version']}/CHANGELOG.md"
            metadata["urls"] = {
                "Source": url,
                "Issues": f"{url}/issues",
                "Changelog": changes,
                "Security": f"{url}/security/policy",
            }
