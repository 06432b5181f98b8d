# SPDX-License-Identifier: GPL-2.0-or-later
"""The transport b4: enrollment, journal, command, series, web endpoint."""
