# SPDX-License-Identifier: GPL-2.0-or-later
"""One verb a file: plain arguments in, one frozen result out, progress through a callback; the only place that composes rooms."""
