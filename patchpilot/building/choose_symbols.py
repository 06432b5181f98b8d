# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the smallest set of Kconfig symbols to set in order to enable other symbols."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial

from patchpilot.building.kconfig import Config, Kconfig
from patchpilot.building.kconfig_expression import (
    Both,
    Compared,
    Either,
    Expression,
    Not,
    Symbol,
)

_DEEPEST = 24
_MOST_STEPS = 40_000
_CONSTANTS = {"y": True, "m": True, "n": False}
_Settings = tuple[frozenset[str], frozenset[str]]


class _TooLongError(Exception):
    """Raised if the search takes too many steps."""


class SymbolChoice:
    """The symbols to set explicitly on top of allnoconfig, and the symbols that must stay
    disabled.
    """

    def __init__(self, kconfig: Kconfig, fixed: Iterable[str] = ()) -> None:
        self._symbols = kconfig.symbols
        self.on = self.off = frozenset[str]()
        self._steps = 0
        self._known: dict[str, bool] = {}
        for name in fixed:
            self.turn_on(name)

    def turn_on(self, name: str) -> bool:
        """Turn on a symbol and its requirements, or change nothing and return False."""
        self._steps = 0
        return self._tries(partial(self._enable, name, 0, frozenset()))

    def turn_on_all(self, names: Iterable[str]) -> bool:
        """Turn on several symbols, or change nothing and return False."""
        return self._tries(lambda: all(map(self.turn_on, names)))

    def keep_off(self, names: Iterable[str]) -> None:
        """From now on, leave symbols off unless they are already on."""
        self.off |= {name for name in names if not self.is_on(name)}

    def leaves_unmet(self, name: str, target: str) -> bool:
        """Return whether `name` can select `target` while no dependency of `target` is met."""
        config = self._symbols.get(target, Config(target))
        unmet = Not(Either(tuple(config.depends)))
        for by, when in config.selected_by if config.depends else ():
            every = Both((unmet, Symbol(name), when))
            if by == name and self._tries(
                partial(self._make, every, True, 0, frozenset())
            ):
                # a select turned on a symbol that must stay off
                self._restore((self.on, frozenset()))
                return self._holds(unmet)
        return False

    def is_on(self, name: str) -> bool:
        """Return whether a symbol is on with the current settings."""
        if name not in self._known:
            self._known[name] = False
            self._known[name] = self._is_on(name)
        return self._known[name]

    def text(self, modules: Iterable[str] = ()) -> str:
        """Return the settings for KCONFIG_ALLCONFIG; `modules` are set to m if possible."""
        chosen = {name for name in modules if self._symbols[name].kind == "tristate"}
        lines = [f"CONFIG_{name}={'m' if name in chosen else 'y'}" for name in self.on]
        return "".join(f"{line}\n" for line in sorted(lines))

    def _restore(self, saved: _Settings) -> None:
        self.on, self.off = saved
        self._known.clear()

    def _is_on(self, name: str) -> bool:
        if name in self.on:
            return True
        config = self._symbols.get(name)
        if config is None or name in self.off:
            return False
        if any(self.is_on(by) and self._holds(when) for by, when in config.selected_by):
            return True
        # allnoconfig turns off every visible symbol that was not set
        if any(self._holds(prompt) for prompt in config.prompts):
            return False
        return any(
            self._holds(when) and self._holds(value) for value, when in config.defaults
        )

    def _holds(self, expression: Expression) -> bool:
        match expression:
            case Symbol(name):
                return _CONSTANTS[name] if name in _CONSTANTS else self.is_on(name)
            case Not(of):
                return not self._holds(of)
            case Both(parts):
                return all(self._holds(part) for part in parts)
            case Either(parts):
                return any(self._holds(part) for part in parts)
            case Compared():
                return self._compare(expression)

    def _compare(self, expression: Compared) -> bool:
        left, operator, right = expression
        if operator not in ("=", "!="):
            return True
        if right not in _CONSTANTS:
            return operator == "!="
        is_on = _CONSTANTS[left] if left in _CONSTANTS else self.is_on(left)
        return (is_on == _CONSTANTS[right]) == (operator == "=")

    def _enable(self, name: str, depth: int, above: frozenset[str]) -> bool:
        """Turn on a symbol and its dependencies; `above` contains the symbols that need it."""
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise _TooLongError
        if self.is_on(name):
            return True
        config = self._symbols.get(name)
        if config is None or name in self.off or name in above or depth > _DEEPEST:
            return False
        above |= {name}
        for prompt in config.prompts:
            if self._tries(partial(self._make, prompt, True, depth + 1, above)):
                self._restore((self.on | {name}, self.off))
                return True
        return self._enable_indirectly(config, depth, above)

    def _enable_indirectly(
        self, config: Config, depth: int, above: frozenset[str]
    ) -> bool:
        """Turn on a symbol without a prompt, through a default or a symbol that selects it."""
        for value, when in config.defaults:
            both = Both((when, value))
            if self._tries(partial(self._make, both, True, depth + 1, above)):
                return True
        selects = (
            partial(self._make, Both((Symbol(by), when)), True, depth + 1, above)
            for by, when in config.selected_by[:40]
        )
        return self._cheapest(selects, enough=len(self.on) + 1)

    def _tries(self, attempt: Callable[[], bool]) -> bool:
        """Return the result of an attempt, restoring the state if it fails."""
        saved = self.on, self.off
        with suppress(_TooLongError):
            if attempt():
                return True
        self._restore(saved)
        return False

    def _cheapest(
        self, attempts: Iterable[Callable[[], bool]], *, enough: int = 0
    ) -> bool:
        """Keep the result of the attempt that turns on the fewest symbols; stop at one with only
        `enough`.
        """
        saved = self.on, self.off
        best: _Settings | None = None
        for attempt in attempts:
            if attempt() and (best is None or len(self.on) < len(best[0])):
                best = self.on, self.off
            self._restore(saved)
            if best and len(best[0]) <= enough:
                break
        if best:
            self._restore(best)
        return best is not None

    def _make(
        self, expression: Expression, value: bool, depth: int, above: frozenset[str]
    ) -> bool:
        """Set symbols so that an expression is true or, if `value` is False, false."""
        if self._holds(expression) == value:
            return True
        match expression:
            case Symbol(name):
                if name in _CONSTANTS:
                    return False
                return self._enable(name, depth, above) if value else self._avoid(name)
            case Not(of):
                return self._make(of, not value, depth, above)
            case Both(parts):
                return self._set_each(parts, value, depth, above, every=value)
            case Either(parts):
                return self._set_each(parts, value, depth, above, every=not value)
            case Compared(left, operator, right) if right in _CONSTANTS:
                is_on = _CONSTANTS[right] == (operator == "=")
                return self._make(Symbol(left), is_on == value, depth, above)
        return False

    def _set_each(
        self,
        parts: Sequence[Expression],
        value: bool,
        depth: int,
        above: frozenset[str],
        *,
        every: bool,
    ) -> bool:
        """Give the wanted value to every part, or only to the cheapest one."""
        if every:
            return all(self._make(part, value, depth, above) for part in parts)
        return self._cheapest(
            partial(self._make, part, value, depth + 1, above) for part in parts
        )

    def _avoid(self, name: str) -> bool:
        """Leave a symbol off; return False if it is on."""
        if self.is_on(name):
            return False
        self.off |= {name}
        return True
