# SPDX-License-Identifier: GPL-2.0-or-later
"""The verb `track reply`: a mail is answered, from a draft to the outbox."""
