# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse the symptoms of bugs in logs and traces, and find commits that may fix the bugs."""
