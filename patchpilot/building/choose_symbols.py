# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the smallest set of Kconfig symbols to enable so that the wanted symbols are enabled."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial

from patchpilot.building.kconfig import Config, Kconfig
from patchpilot.building.kconfig_expression import (
    Both,
    Comparison,
    Either,
    Expression,
    Not,
    Symbol,
)

_MAX_DEPTH = 24
_MAX_STEPS = 40_000
_CONSTANTS = {"y": True, "m": True, "n": False}
_Settings = tuple[frozenset[str], frozenset[str]]


class _TooLongError(Exception):
    """Raised if the search takes too many steps."""


class SymbolChoice:
    """The symbols to enable on top of allnoconfig (`on`), and the symbols that must stay disabled
    (`off`).
    """

    def __init__(self, kconfig: Kconfig, fixed: Iterable[str] = ()) -> None:
        self._symbols = kconfig.symbols
        self.on = self.off = frozenset[str]()
        self._steps = 0
        self._cache: dict[str, bool] = {}
        for name in fixed:
            self.turn_on(name)

    def turn_on(self, name: str) -> bool:
        """Enable a symbol and its dependencies, or change nothing and return False."""
        self._steps = 0
        return self._try(partial(self._enable, name, 0, frozenset()))

    def turn_on_all(self, names: Iterable[str]) -> bool:
        """Enable several symbols, or change nothing and return False."""
        return self._try(lambda: all(map(self.turn_on, names)))

    def keep_off(self, names: Iterable[str]) -> None:
        """Keep these symbols disabled from now on, except those already enabled."""
        self.off |= {name for name in names if not self.is_on(name)}

    def leaves_unmet(self, name: str, target: str) -> bool:
        """Return whether `name` can select `target` although the dependencies of `target` are not
        met.
        """
        config = self._symbols.get(target, Config(target))
        unmet = Not(Either(tuple(config.depends)))
        for selector, select_condition in config.selected_by if config.depends else ():
            violation = Both((unmet, Symbol(name), select_condition))
            if selector == name and self._try(
                partial(self._set_value, violation, True, 0, frozenset())
            ):
                # a select may have enabled a symbol that was to stay disabled
                self._restore((self.on, frozenset()))
                return self._holds(unmet)
        return False

    def is_on(self, name: str) -> bool:
        """Return whether a symbol is enabled by the current settings."""
        if name not in self._cache:
            self._cache[name] = False
            self._cache[name] = self._is_on(name)
        return self._cache[name]

    def text(self, modules: Iterable[str] = ()) -> str:
        """Return the content of a KCONFIG_ALLCONFIG file.

        Tristate symbols in `modules` are set to m.
        """
        tristates = {name for name in modules if self._symbols[name].kind == "tristate"}
        lines = [f"CONFIG_{name}={'m' if name in tristates else 'y'}" for name in self.on]
        return "".join(f"{line}\n" for line in sorted(lines))

    def _restore(self, saved: _Settings) -> None:
        self.on, self.off = saved
        self._cache.clear()

    def _is_on(self, name: str) -> bool:
        if name in self.on:
            return True
        config = self._symbols.get(name)
        if config is None or name in self.off:
            return False
        if any(
            self.is_on(selector) and self._holds(condition)
            for selector, condition in config.selected_by
        ):
            return True
        # a visible symbol that is not set is disabled by allnoconfig
        if any(self._holds(prompt) for prompt in config.prompts):
            return False
        return any(
            self._holds(condition) and self._holds(value) for value, condition in config.defaults
        )

    def _holds(self, expression: Expression) -> bool:
        match expression:
            case Symbol(name):
                return _CONSTANTS[name] if name in _CONSTANTS else self.is_on(name)
            case Not(operand):
                return not self._holds(operand)
            case Both(parts):
                return all(self._holds(part) for part in parts)
            case Either(parts):
                return any(self._holds(part) for part in parts)
            case Comparison():
                return self._comparison_holds(expression)

    def _comparison_holds(self, expression: Comparison) -> bool:
        left, operator, right = expression
        if operator not in ("=", "!="):
            return True
        if right not in _CONSTANTS:
            return operator == "!="
        is_on = _CONSTANTS[left] if left in _CONSTANTS else self.is_on(left)
        return (is_on == _CONSTANTS[right]) == (operator == "=")

    def _enable(self, name: str, depth: int, dependents: frozenset[str]) -> bool:
        """Enable a symbol and its dependencies; `dependents` has the symbols that depend on it."""
        self._steps += 1
        if self._steps > _MAX_STEPS:
            raise _TooLongError
        if self.is_on(name):
            return True
        config = self._symbols.get(name)
        if config is None or name in self.off or name in dependents or depth > _MAX_DEPTH:
            return False
        dependents |= {name}
        for prompt in config.prompts:
            if self._try(partial(self._set_value, prompt, True, depth + 1, dependents)):
                self._restore((self.on | {name}, self.off))
                return True
        return self._enable_indirectly(config, depth, dependents)

    def _enable_indirectly(self, config: Config, depth: int, dependents: frozenset[str]) -> bool:
        """Enable a symbol that has no prompt, through one of its defaults or a symbol that selects
        it.
        """
        for value, condition in config.defaults:
            default_applies = Both((condition, value))
            if self._try(partial(self._set_value, default_applies, True, depth + 1, dependents)):
                return True
        selects = (
            partial(
                self._set_value,
                Both((Symbol(selector), condition)),
                True,
                depth + 1,
                dependents,
            )
            for selector, condition in config.selected_by[:40]
        )
        return self._apply_cheapest(selects, enough=len(self.on) + 1)

    def _try(self, attempt: Callable[[], bool]) -> bool:
        """Return whether an attempt succeeds; restore the settings if it fails."""
        saved = self.on, self.off
        with suppress(_TooLongError):
            if attempt():
                return True
        self._restore(saved)
        return False

    def _apply_cheapest(self, attempts: Iterable[Callable[[], bool]], *, enough: int = 0) -> bool:
        """Apply the attempt that enables the fewest symbols; return False if none succeeds.

        Do not try the rest after an attempt that enables at most `enough` symbols.
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

    def _set_value(
        self,
        expression: Expression,
        value: bool,
        depth: int,
        dependents: frozenset[str],
    ) -> bool:
        if self._holds(expression) == value:
            return True
        match expression:
            case Symbol(name):
                if name in _CONSTANTS:
                    return False
                return self._enable(name, depth, dependents) if value else self._avoid(name)
            case Not(operand):
                return self._set_value(operand, not value, depth, dependents)
            case Both(parts):
                return self._set_each(parts, value, depth, dependents, sets_all=value)
            case Either(parts):
                return self._set_each(parts, value, depth, dependents, sets_all=not value)
            case Comparison(left, operator, right) if right in _CONSTANTS:
                is_on = _CONSTANTS[right] == (operator == "=")
                return self._set_value(Symbol(left), is_on == value, depth, dependents)
        return False

    def _set_each(
        self,
        parts: Sequence[Expression],
        value: bool,
        depth: int,
        dependents: frozenset[str],
        *,
        sets_all: bool,
    ) -> bool:
        """Give every part of an expression this value, or only the part that needs the fewest
        symbols.
        """
        if sets_all:
            return all(self._set_value(part, value, depth, dependents) for part in parts)
        return self._apply_cheapest(
            partial(self._set_value, part, value, depth + 1, dependents) for part in parts
        )

    def _avoid(self, name: str) -> bool:
        """Keep a symbol disabled; return False if it is enabled."""
        if self.is_on(name):
            return False
        self.off |= {name}
        return True
