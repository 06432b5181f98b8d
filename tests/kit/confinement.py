# SPDX-License-Identifier: GPL-2.0-or-later
"""Let tests run as on a machine that cannot confine programs."""

import pytest

from patchpilot.commits import confinement
from patchpilot.commits.confinement import Confinement

UNCONFINED = Confinement(
    "",
    missing=("files", "network", "processes"),
    cause="user.max_user_namespaces is 0",
    remedy="run `sudo sysctl -w user.max_user_namespaces=15000`",
)


def use_confinement(monkeypatch: pytest.MonkeyPatch, value: Confinement = UNCONFINED) -> None:
    """Confine programs as `value` describes, whatever this machine can do."""
    monkeypatch.setattr(confinement, "find_confinement", lambda: value)
