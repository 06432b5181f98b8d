# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings in a repository's own configuration that are plain data.

Only these count without the user's trust. Each has a pattern for its value. A setting that names a
command, a path, a server or a recipient is not plain, and settings that patchpilot does not need
are left out.
"""

import re
from functools import cache

from patchpilot.cache.cached_re import late

_FORMS = {
    r"(?i:true|false|yes|no|on|off|[01]?)": """
        core.bare core.commitgraph core.filemode core.ignorecase core.logallrefupdates
        core.multipackindex core.precomposeunicode core.protecthfs core.protectntfs
        core.symlinks core.sparsecheckout core.sparsecheckoutcone core.trustctime
        core.usereplacerefs core.warnambiguousrefs index.sparse commit.gpgsign tag.gpgsign
        user.useconfigonly remote.*.promisor remote.*.prune remote.*.skipdefaultupdate
        remote.*.skipfetchall branch.*.patchpilot-enrolled notes.rewrite.* format.numbered
        format.signoff format.encodeemailheaders format.forceinbodyfrom sendemail.annotate
        sendemail.chainreplyto sendemail.signedoffbycc sendemail.suppressfrom sendemail.thread
        sendemail.validate sendemail.xmailer sendemail.multiedit sendemail.assume8bitencoding
        b4.send-same-thread b4.send-no-patatt-sign b4.send-hide-cover-to-cc""",
    r"-?\d{1,9}[kKmMgG]?": """
        core.repositoryformatversion core.bigfilethreshold core.compression core.abbrev
        index.version diff.renamelimit merge.renamelimit format.filenamemaxlength""",
    r"[A-Za-z0-9#;][A-Za-z0-9,.:+_=-]{0,99}": """
        core.autocrlf core.eol core.safecrlf core.sharedrepository core.checkstat
        core.commentchar extensions.objectformat extensions.refstorage extensions.partialclone
        extensions.noop extensions.preciousobjects i18n.commitencoding i18n.logoutputencoding
        remote.*.tagopt remote.*.partialclonefilter branch.*.rebase diff.algorithm
        branch.*.b4-prep-cover-strategy b4.prep-cover-strategy format.thread
        format.useautobase format.coverletter format.coverfromdescription sendemail.confirm
        sendemail.suppresscc sendemail.transferencoding
        sendemail.identity""",
    r"[^\x00-\x1f\x7f]*": """
        user.name user.email author.name author.email committer.name committer.email
        sendemail.from format.from format.subjectprefix format.suffix format.notes
        format.signature notes.displayref
        b4.send-prefixes""",
    r"[^\x00]*": """
        branch.*.description branch.*.b4-tracking branch.*.patchpilot-description""",
    r"(?!-)[^\x00-\x20\x7f~^:?*\[\\]+": """
        branch.*.merge branch.*.remote branch.*.pushremote remote.pushdefault
        core.notesref""",
    r"[+^]?(?![-/%])[^\x00-\x20\x7f~^:?\[\\]*(?::[^\x00-\x20\x7f~^:?\[\\]*)?": """
        remote.*.fetch remote.*.push notes.rewriteref""",
    # neither an option nor a remote helper (gitremote-helpers(7)) such as ext::COMMAND
    r"(?:(?:https?|git|ssh)://(?!-)|file://|(?!-)(?![^/]*:(?::|//)))[^\x00-\x1f\x7f]+": """
        remote.*.url remote.*.pushurl""",
}
"""The form of a value, and the settings that have it; `*` is any text in one part of a name."""
_ACTING_KINDS = ("archive", "url", "path", "paths")


@cache
def _forms() -> dict[str, re.Pattern[str]]:
    return {
        name: late(form) for form, names in _FORMS.items() for name in names.split()
    }


def is_plain(key: str, value: str) -> bool:
    """Return whether a setting counts even if only the repository names it.

    `key` is in git's form, with section and variable in lower case.
    """
    section, _, rest = key.partition(".")
    subsection, dot, variable = rest.rpartition(".")
    if section == "patchpilot":
        return variable.replace("-", "") not in acting_names()
    if dot and not subsection:
        # git would not open the repository with it
        return False
    names = (f"{section}.*.{variable}", f"{section}.{subsection}.*") if dot else (key,)
    form = next((_forms()[name] for name in names if name in _forms()), None)
    return form is not None and form.fullmatch(value) is not None


@cache
def acting_names() -> frozenset[str]:
    """Return patchpilot's settings that name a server, a path or a command, without hyphens."""
    # importing it takes longer than most calls
    from patchpilot.config import KEYS

    return frozenset(
        key.name.replace("-", "") for key in KEYS if key.kind in _ACTING_KINDS
    )
