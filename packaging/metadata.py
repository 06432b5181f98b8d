# SPDX-License-Identifier: GPL-2.0-or-later
"""The README and the links of the package, with the addresses of packaging/address.toml."""

import re
import tomllib
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


def with_absolute_links(text: str, version: str, url: str) -> str:
    """Return the README with links and pictures that also work on a package's page."""
    if not url:
        return text
    return re.sub(
        r"(!?\[[^\]]*\]\()(?![a-z]+:|#)",
        lambda found: f"{found[1]}{url}/{'raw' if found[1][0] == '!' else 'blob'}/v{version}/",
        text,
    )


def links(address: dict[str, str], version: str) -> dict[str, str]:
    """Return the links shown by a package index, none before publication."""
    url = address["repository"]
    if not url:
        return {}
    return {
        "Source": url,
        "Issues": f"{url}/issues",
        "Changelog": f"{url}/blob/v{version}/CHANGELOG.md",
        "Security": f"{url}/{address['security']}",
    }


class Links(MetadataHookInterface):
    """Write the README and the project's links."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the fields `readme` and `urls`."""
        root, version = Path(self.root), metadata["version"]
        address = tomllib.loads((root / "packaging/address.toml").read_text("utf-8"))
        text = (root / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": with_absolute_links(text, version, address["repository"]),
        }
        metadata["urls"] = links(address, version)
