# SPDX-License-Identifier: GPL-2.0-or-later
"""The test suite mirrors patchpilot/, runs the examples in checks/, and runs the whole journey."""
