# SPDX-License-Identifier: GPL-2.0-or-later
"""Make sends retry without waiting."""

from tests.kit.retries import retry_without_waiting

__all__ = ["retry_without_waiting"]
