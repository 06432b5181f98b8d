# SPDX-License-Identifier: GPL-2.0-or-later
"""The verb `maintainers`: recipients, MAINTAINERS itself, and the answer of get_maintainer.pl."""
