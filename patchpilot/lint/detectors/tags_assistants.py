# SPDX-License-Identifier: GPL-2.0-or-later
"""The detector for the form of Assisted-by: tags."""

from collections.abc import Iterator

from patchpilot.lint.detector import Arguments, Hit, detector, make_hit
from patchpilot.lint.lint_context import Context
from patchpilot.lint.message_tags import tag_lines
from patchpilot.model.assistant import assistant_faults


@detector(
    "assisted-by-form",
)
def assisted_by_form(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report email addresses, brackets and everyday tools in an Assisted-by: tag."""
    for line, tag in tag_lines(context):
        if tag.key == "assisted-by":
            for case, text in assistant_faults(tag.value).items():
                yield make_hit(line, case, text=text)
