# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `find`: commits that may fix a symptom, and bisection among them."""
