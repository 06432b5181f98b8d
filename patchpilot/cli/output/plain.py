# SPDX-License-Identifier: GPL-2.0-or-later
"""Text of others made safe to print: see `model.printable`."""

from patchpilot.model.printable import crop, printable, width

__all__ = ["crop", "printable", "width"]
