# SPDX-License-Identifier: GPL-2.0-or-later
"""The repository: all git calls, and TARGET → Series."""
