# SPDX-License-Identifier: GPL-2.0-or-later
"""Replace CLI commands in hints with the equivalent stage and key."""

from typing import NamedTuple

from patchpilot.errors import PatchpilotError
from patchpilot.model.action import Action, actions_in_advice, iterate_parts, parse_backticks
from patchpilot.tui.view.stages import Stage

PLACE = "{}"


class ActionKey(NamedTuple):
    """The key for an action, and the stage that has it.

    If both are empty, the action has no key. `sentence` replaces the sentence of the action; if the
    action has none, `words` replaces its command. In both, `{}` is replaced by the key. `elsewhere`
    is used at other stages if a number and a key are not enough. `also` is a second stage at which
    the key works. If `follows` is set, the key is appended to a sentence without `{}`.
    """

    key: str = ""
    sentence: str = ""
    words: str = PLACE
    elsewhere: str = ""
    stage: Stage | None = None
    also: Stage | None = None
    follows: bool = False

    def has_key_at(self, stage: Stage | None) -> bool:
        return stage is not None and stage in (self.stage, self.also)

    def keys_to_press(self, stage: Stage | None) -> str:
        """Return the keys to press: the stage's number (unless it is the current stage) and the
        key.
        """
        if self.stage is None or self.has_key_at(stage):
            return self.key
        return self.elsewhere or (
            f"{self.key} at stage {self.stage.number}" if self.key else f"stage {self.stage.number}"
        )


BASE = "press {} to choose the base or a range"
_AT_STAGES: dict[Stage | None, dict[str, ActionKey]] = {
    None: {
        "-C": ActionKey("", "press q, then run patchpilot -C DIR, or cd into your clone"),
        "--home": ActionKey("0"),
        "--base": ActionKey("b", BASE),
        "TARGET": ActionKey("b", "press {} to choose a commit or a range A..B"),
        "--published": ActionKey("", 'type "published" to confirm'),
        "--shared": ActionKey("", 'type "shared" to confirm'),
        "--claim": ActionKey("", 'type "claim" to confirm'),
        "draft --in-reply-to": ActionKey(),
        "draft --export": ActionKey(),
        "draft --no-b4": ActionKey(),
        "build --all": ActionKey("", "in a shell: patchpilot build --all"),
        "build --clean": ActionKey("", "in a shell: patchpilot build --clean"),
        "build --config": ActionKey("", "in a shell: patchpilot build --config FILE"),
        "track add": ActionKey("w", "", "press {} on Home (0)"),
        "track add -": ActionKey("w", "", "press {} on Home (0), then s, and enter its file"),
        "undo restore": ActionKey("u"),
    },
    Stage.COMMIT: {
        "--security": ActionKey("a", "press {}"),
        "--security no": ActionKey("a", "press {} to change the answer"),
        "--regression": ActionKey("a", "press {}"),
    },
    Stage.CHECKS: {
        "build": ActionKey("o"),
        "check": ActionKey("", f"stage {Stage.CHECKS.number} shows them"),
        "check --fix": ActionKey("A"),
        "check --waive": ActionKey("i"),
        "check --unwaive": ActionKey("i"),
    },
    Stage.RECIPIENTS: {
        "--to": ActionKey("w", "press {} to add a recipient"),
        "--cc": ActionKey("w", "press {} to add it"),
        "maintainers": ActionKey(),
        "maintainers --drop": ActionKey("Space", "press {} to exclude it", "{} on %s"),
        "maintainers --drop ADDRESS": ActionKey(
            "Space",
            "press {} to exclude recipients who do not need it",
        ),
        "maintainers --restore": ActionKey("Space", "", "{} on %s"),
    },
    Stage.TAGS: {
        "fixes": ActionKey(),
        "prepare": ActionKey("w"),
        "prepare --fixes": ActionKey(
            "",
            f"at stage {Stage.TAGS.number}, choose it or “Another commit introduced it”",
        ),
        "prepare --is-a-fix": ActionKey(
            "", f"press Enter on the last line of stage {Stage.TAGS.number}"
        ),
        "prepare --trailer": ActionKey("w", "use the line of {} for more tags"),
        "prepare --signoff": ActionKey("w", "press {}"),
    },
    Stage.BACKPORTS: {
        "backport": ActionKey(),
        "send --reroll FILES": ActionKey(),
        "send --resend FILES": ActionKey(),
    },
    Stage.PREVIEW: {
        "draft": ActionKey("e", also=Stage.FOLLOW),
        "--via": ActionKey("o", "press {} to switch the transport"),
        "send --subject-prefix": ActionKey("o", "press {} to set it"),
        "send --dry-run": ActionKey(),
    },
    Stage.SEND: {
        "setup mail": ActionKey("a", "press {} to set up the mail account"),
        "send": ActionKey(),
        "send --to-self": ActionKey("m"),
        "send --resend": ActionKey("s"),
        "send --resume": ActionKey("s"),
        "send --reroll --dry-run": ActionKey(words=str(Stage.SEND.number)),
    },
    Stage.FOLLOW: {
        "send --reroll": ActionKey("v", follows=True),
        "trailers": ActionKey("w", follows=True),
        "track reply": ActionKey("r", follows=True),
        "--reroll": ActionKey("v"),
        "draft -v": ActionKey("v"),
        "track update": ActionKey("g", elsewhere=f"stage {Stage.FOLLOW.number} shows them"),
        "track show": ActionKey(elsewhere=f"stage {Stage.FOLLOW.number} shows them"),
        "track show --ledger": ActionKey("Space"),
    },
}
"""Maps a stage to its commands and their keys."""
KEYS = {
    command: key._replace(stage=stage)
    for stage, commands in _AT_STAGES.items()
    for command, key in commands.items()
}
"""Maps a command and its arguments to their key; the longest prefix of an action counts."""

CONNECTORS = ("", ", or ", ", then ", "; ")


def replace_commands(advice: object, stage: Stage | None = None) -> str:
    """Replace the commands in a hint with keys where possible.

    A command in backticks in a plain text is replaced as well. Of consecutive actions with the same
    words, keep only the first.
    """
    advice = parse_backticks(advice) if isinstance(advice, str) else advice
    parts: list[str] = []
    separator = ""
    for action, text in iterate_parts(advice, lambda action: _describe_action(action, stage)):
        if action is None:
            separator += text
        elif separator not in CONNECTORS or text not in parts[-1:]:
            parts += [separator, text]
            separator = ""
        else:
            separator = ""
    return "".join([*parts, separator])


def format_error(error: PatchpilotError, stage: Stage | None = None) -> str:
    """Return an error and its hint, with keys for commands."""
    hint = f"\nhint: {replace_commands(error.advice, stage)}" if error.advice else ""
    return f"{error.message}{hint}"


def first_named_stage(advice: object, excluded: Stage | None = None) -> Stage | None:
    """Return the first stage named by a hint's actions, other than `excluded`, or None."""
    keys = filter(None, map(find_action_key, actions_in_advice(advice)))
    return next((key.stage for key in keys if key.stage not in (None, excluded)), None)


def keys_at_stage(advice: object, stage: Stage) -> tuple[str, ...]:
    """Return the keys to press at a stage for a hint's actions.

    A key of another stage includes its number.
    """
    keys = filter(None, map(find_action_key, actions_in_advice(advice)))
    return tuple(
        key.key if key.has_key_at(stage) else str(key.stage.number) for key in keys if key.stage
    )


def find_action_key(action: Action) -> ActionKey | None:
    """Return the key bound to an action, or None.

    If several bindings match, the one with the longest prefix of the action's words is used; the
    number of a series or version is no such word.
    """
    words = action.key_words
    lengths = range(len(words), 0, -1)
    return next(filter(None, (KEYS.get(" ".join(words[:length])) for length in lengths)), None)


def _describe_action(action: Action, stage: Stage | None) -> str:
    key = find_action_key(action)
    if key is None:
        return str(action)
    keys_to_press = key.keys_to_press(stage)
    if key.sentence and action.reason:
        return key.sentence.replace(PLACE, keys_to_press)
    if not keys_to_press:
        # at the stage of the action, the user does not have to press a key
        stage_suffix = f": {PLACE}" if key.stage else ""
        return str(action._replace(reason=action.reason.removesuffix(stage_suffix)))
    last_argument = action.arguments[-1] if action.arguments else ""
    words = action.format(key.words.replace(PLACE, keys_to_press).replace("%s", last_argument))
    if key.follows and key.has_key_at(stage) and PLACE not in action.reason:
        # keep the key on the line of the last word
        return f"{words}\xa0({key.key})"
    return words
