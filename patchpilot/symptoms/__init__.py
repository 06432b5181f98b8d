# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse symptoms of bugs (logs and traces), and find the commits that may fix them."""
