# SPDX-License-Identifier: GPL-2.0-or-later
"""Read a tree's get_maintainer.pl wording and defaults from the script's text.

The script is never run.
"""

import re

from patchpilot.maintainers.section import RoleWords
from patchpilot.model.limits import number

_ROLE = re.compile(
    r'\$(?:role|status)\s+eq\s+"([^"]+)"\s*\)\s*\{\s*\$role\s*=\s*"([^"]+)"'
)
_FIRST = re.compile(r'my\s+\$role\s*=\s*"([^"]*)"')
_TAKES_STATUS = re.compile(r"\$role\s*=\s*(?:lc\s*\(?\s*)?\$pvalue")
_LIST = re.compile(r'"([^"$]*\blist)\$\{?list_role\}?"')
_REVIEWER = re.compile(
    r"""push_email_addresses\(\$pvalue,\s*["']([^"':$]+)(:\$subsystem)?["']"""
)
_REST = re.compile(r'\$subsystem\s+eq\s+"([^"]+)"')
_CHIEF = re.compile(r'^\s*push\(@penguin_chief,\s*"([^":]*):([^"]*)"\)', re.MULTILINE)
_TAG = re.compile(r'^\s*push\(@signature_tags,\s*"([^"]+)"\)', re.MULTILINE)
_LENGTH = re.compile(r"length\(\$subsystem\)\s*>\s*(\d+)")
_MAPPED = re.compile(r"@file_emails\)\s*\{\s*\$email\s*=\s*mailmap_email")
_DEFAULT = re.compile(r'^my \$(\w+) = (?:(-?\d+)|"([^"]*)");', re.MULTILINE)


def read_words(script: str | None) -> RoleWords:
    """Return the wording of a get_maintainer.pl.

    The wording of Linux 6.1 is used if there is no script or it does not define its own.
    """
    usual = RoleWords()
    if not script:
        return usual
    body = _body(script, "get_maintainer_role")
    first = _FIRST.search(body)
    lists = _LIST.findall(script)
    reviewer, rest = (
        _REVIEWER.search(script),
        _REST.search(_body(script, "get_list_role")),
    )
    chiefs = tuple(
        (name, address.replace("\\@", "@")) for name, address in _CHIEF.findall(script)
    )
    defaults = tuple(
        (name, number or text) for name, number, text in _DEFAULT.findall(script)
    )
    bound = _LENGTH.search(script)
    length: str = dict(defaults).get("output_section_maxlen") or (
        bound[1] if bound else ""
    )
    return RoleWords(
        roles=tuple(_ROLE.findall(body)) if body else usual.roles,
        role=first[1] if first else usual.role,
        status_is_role=bool(_TAKES_STATUS.search(body)) if body else True,
        open_list=next((list_ for list_ in lists if "open" in list_), usual.open_list),
        moderated_list=next(
            (list_ for list_ in lists if "moderated" in list_), usual.moderated_list
        ),
        subscriber_list=next(
            (list_ for list_ in lists if "subscriber" in list_), usual.subscriber_list
        ),
        reviewer=reviewer[1] if reviewer else usual.reviewer,
        reviewer_has_section=bool(reviewer[2]) if reviewer else True,
        rest=rest[1] if rest else usual.rest,
        chiefs=chiefs,
        signatures=tuple(_TAG.findall(script)) or usual.signatures,
        name_length=number(length) or usual.name_length,
        counts_authors='"authored"' in script,
        maps_file_emails=bool(_MAPPED.search(script)),
        defaults=defaults,
    )


def _body(script: str, name: str) -> str:
    """Return the body of a sub."""
    start = script.find(f"sub {name}")
    end = script.find("\n}", start)
    return script[start:end] if start >= 0 else ""
