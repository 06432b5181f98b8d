# SPDX-License-Identifier: GPL-2.0-or-later
"""Mirror patchpilot/ with tests, run the examples in checks/, and test complete workflows."""
