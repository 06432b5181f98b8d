# SPDX-License-Identifier: GPL-2.0-or-later
"""Symptoms of bugs: logs and traces, and the commits that may fix them."""
