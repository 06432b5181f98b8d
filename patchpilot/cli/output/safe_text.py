# SPDX-License-Identifier: GPL-2.0-or-later
"""Text of others made safe to print: see `model.printable`."""

from patchpilot.model.printable import UNSAFE, crop, one_line, printable, width

__all__ = ["UNSAFE", "crop", "one_line", "printable", "width"]
