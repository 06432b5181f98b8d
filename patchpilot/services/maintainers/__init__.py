# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `maintainers`: recipients, MAINTAINERS itself, and get_maintainer.pl."""
