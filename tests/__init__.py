# SPDX-License-Identifier: GPL-2.0-or-later
"""The suite: mirrors patchpilot/, and runs the examples in checks/ and the whole journey."""
