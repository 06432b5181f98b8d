# SPDX-License-Identifier: GPL-2.0-or-later
"""The MAINTAINERS file: parsed, indexed, matched."""
