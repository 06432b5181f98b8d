# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `maintainers`: recipients, queries about MAINTAINERS, and get_maintainer.pl."""
