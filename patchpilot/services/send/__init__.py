# SPDX-License-Identifier: GPL-2.0-or-later
"""The verbs `send` and `draft`: what is sent, whether anything blocks it, and the sending itself."""  # noqa: E501
