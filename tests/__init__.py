# SPDX-License-Identifier: GPL-2.0-or-later
"""Mirror patchpilot/ with tests. Other tests run the examples in checks/ and complete workflows."""
