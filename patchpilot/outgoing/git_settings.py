# SPDX-License-Identifier: GPL-2.0-or-later
"""List the settings of git send-email and git format-patch, and their effect on `send`.

`docs/reference/git-settings.md` shows this table.
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.outgoing.mail_account import Account

Effect = Literal["obeyed", "none"]


class GitSetting(NamedTuple):
    """A setting of git, with its effect here.

    `note` states what happens instead. If `is_shown`, the preview names the setting, because the
    messages of git would differ.
    """

    name: str
    effect: Effect = "obeyed"
    note: str = ""
    is_shown: bool = False


def _no_effect(name: str, note: str, *, shown: bool = False) -> GitSetting:
    return GitSetting(name, "none", note, shown)


_ASKS = "every message is shown before it is sent"
_FILES = "no files are written"
SETTINGS = (
    GitSetting("sendemail.identity"),
    GitSetting("sendemail.smtpencryption"),
    GitSetting("sendemail.smtpsslcertpath"),
    GitSetting("sendemail.smtpsslclientcert"),
    GitSetting("sendemail.smtpsslclientkey"),
    _no_effect("sendemail.multiedit", "`draft --edit` opens one file"),
    _no_effect("sendemail.confirm", _ASKS),
    _no_effect("sendemail.mailmap", "the plan has the recipients", shown=True),
    _no_effect("sendemail.mailmap.file", "see sendemail.mailmap"),
    _no_effect("sendemail.mailmap.blob", "see sendemail.mailmap"),
    GitSetting("sendemail.aliasesfile"),
    GitSetting("sendemail.aliasfiletype"),
    _no_effect("sendemail.annotate", _ASKS),
    GitSetting("sendemail.bcc"),
    GitSetting("sendemail.cc"),
    GitSetting("sendemail.cccover"),
    GitSetting("sendemail.tocover"),
    GitSetting("sendemail.cccmd"),
    _no_effect("sendemail.chainreplyto", "all messages reply to the first one"),
    GitSetting("sendemail.envelopesender"),
    GitSetting("sendemail.from"),
    GitSetting("sendemail.headercmd"),
    GitSetting("sendemail.signedoffbycc"),
    GitSetting("sendemail.smtppass"),
    GitSetting("sendemail.suppresscc"),
    GitSetting("sendemail.suppressfrom"),
    GitSetting("sendemail.to"),
    GitSetting("sendemail.tocmd"),
    GitSetting("sendemail.smtpdomain"),
    GitSetting("sendemail.smtpauth"),
    GitSetting("sendemail.smtpserver"),
    GitSetting("sendemail.smtpserverport"),
    GitSetting("sendemail.smtpserveroption"),
    GitSetting("sendemail.smtpuser"),
    GitSetting("sendemail.sendmailcmd"),
    _no_effect("sendemail.imapsentfolder", "messages are not copied to a folder", shown=True),
    _no_effect("sendemail.useimaponly", "messages are sent, not stored in a folder", shown=True),
    _no_effect("sendemail.thread", "all messages reply to the first one"),
    GitSetting("sendemail.transferencoding"),
    GitSetting("sendemail.validate"),
    GitSetting("sendemail.xmailer"),
    _no_effect("sendemail.assume8bitencoding", "messages are UTF-8"),
    _no_effect("sendemail.composeencoding", "messages are UTF-8"),
    _no_effect("sendemail.outlookidfix", "a server's own Message-ID is not read"),
    _no_effect("sendemail.signedoffcc", "deprecated by git for sendemail.signedOffByCc"),
    GitSetting("sendemail.smtpbatchsize"),
    GitSetting("sendemail.smtprelogindelay"),
    GitSetting("sendemail.forbidsendmailvariables"),
    _no_effect("format.attach", "patches are in the body of plain text messages", shown=True),
    _no_effect("format.from", "From: is the sender, and the author is in the body if different"),
    GitSetting("format.forceinbodyfrom"),
    _no_effect("format.numbered", "a series is numbered, and a single patch is not"),
    GitSetting("format.headers"),
    GitSetting("format.to"),
    GitSetting("format.cc"),
    GitSetting("format.subjectprefix"),
    _no_effect("format.coverfromdescription", "the draft has the cover letter"),
    GitSetting("format.signature"),
    GitSetting("format.signaturefile"),
    _no_effect("format.suffix", _FILES),
    _no_effect("format.encodeemailheaders", "headers are encoded if necessary"),
    _no_effect("format.pretty", "git format-patch ignores it"),
    _no_effect("format.thread", "all messages reply to the first one"),
    _no_effect("format.signoff", "a sign-off is never added unasked", shown=True),
    GitSetting("format.coverletter"),
    _no_effect("format.commitlistformat", "the cover letter has git's shortlog"),
    _no_effect("format.outputdirectory", _FILES),
    _no_effect("format.filenamemaxlength", _FILES),
    _no_effect("format.useautobase", "base-commit: is added if the base is public"),
    GitSetting("format.notes"),
    _no_effect("format.mboxrd", "no mbox is written"),
    _no_effect("format.noprefix", "patches have a/ and b/, which git am needs"),
)


def check_git_settings(repository: Repository, account: Account) -> Iterator[str]:
    """Yield a note on each setting without effect that would change messages made by git.

    Raise UsageError for a setting with an unknown value.
    """
    for name, valid in _VALUES.items():
        value = account.value(name)
        if value and not re.fullmatch(valid, value, re.IGNORECASE):
            raise UsageError(
                f"sendemail.{name}: unknown value {value!r}",
                hint=f"valid values: {valid.replace('|', ', ')}",
            )
    configured = {
        key.lower(): values for key, values in repository.config_regexp(r"^format\.").items()
    }
    for setting in SETTINGS:
        section, _, name = setting.name.partition(".")
        own = account.values(name)
        values = own if section == "sendemail" else configured.get(setting.name, ())
        if not values or values[-1].lower() in ("", "false", "no", "off", "0"):
            continue
        if setting.is_shown:
            yield f"{setting.name} has no effect: {setting.note}"


_VALUES = {
    "smtpencryption": "none|tls|starttls|ssl|smtps",
    "aliasfiletype": "mutt|mailrc|pine|elm|sendmail|gnus",
    "transferencoding": "auto|7bit|8bit|quoted-printable|base64",
}
"""The values of settings that have a fixed set of them."""
