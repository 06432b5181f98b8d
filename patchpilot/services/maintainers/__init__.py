# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `maintainers`: find recipients, query MAINTAINERS, and emulate get_maintainer.pl."""
