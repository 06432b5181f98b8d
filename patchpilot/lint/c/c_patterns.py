# SPDX-License-Identifier: GPL-2.0-or-later
"""Define fragments of regular expressions for C.

They expect one character per byte, and must be compiled with `compile_ascii`. Nested parentheses
are matched to a depth of eight.
"""

import re
from functools import cache, lru_cache

from patchpilot.cache.cached_re import compile_cached
from patchpilot.model.c_scanner import COMMENT


@lru_cache(maxsize=4096)
def compile_ascii(text: str, flags: int = 0) -> re.Pattern[str]:
    r"""Compile a pattern in which \w, \s, \d and \b match ASCII only."""
    return compile_cached(text, re.ASCII | flags)


def match_ascii(regex: str, text: str, offset: int = 0, *, flags: int = 0) -> re.Match[str] | None:
    r"""Match a regular expression at an offset. Classes such as \w match ASCII only."""
    return compile_ascii(regex, flags).match(text, offset)


def search_ascii(regex: str, text: str, offset: int = 0, *, flags: int = 0) -> re.Match[str] | None:
    r"""Find the first match of a regular expression. Classes such as \w match ASCII only."""
    return compile_ascii(regex, flags).search(text, offset)


def find_match_end(regex: str, text: str, offset: int = 0) -> int:
    """Return the end of the match at an offset, or the offset if nothing matches."""
    match = match_ascii(regex, text, offset)
    return match.end() if match else offset


def group_alternatives(*words: str) -> str:
    """Return a group that matches any of the alternatives, tried in this order."""
    return f"(?:{'|'.join(words)})"


NOTE = COMMENT
WORD = r"[A-Za-z_]\w*"
# ## may join two names in a macro
IDENT = rf"{WORD}(?:\s*##\s*{WORD})*"
STORAGE = group_alternatives("extern", "static", "asmlinkage")
INLINE = group_alternatives("inline", "__always_inline", "noinline", "__inline", "__inline__")
INIT = r"__(?:mem|cpu|dev|net_|)init(?:data|const|)\b"

SPARSE_WORDS = (
    "__user", "__kernel", "__force", "__iomem", "__must_check", "__kprobes", "__ref", "__refconst", "__refdata", "__rcu", "__private",  # noqa: E501
)  # fmt: skip
SPARSE = group_alternatives(*SPARSE_WORDS)
ATTRIBUTE_WORDS_BEFORE = (
    "const", "volatile", "__percpu", "__nocast", "__safe", "__bitwise", "__packed__", "__packed2__", "__naked", "__maybe_unused",  # noqa: E501
    "__always_unused", "__noreturn", "__used", "__cold", "__pure", "__noclone", "__deprecated", "__read_mostly", "__ro_after_init", "__kprobes",  # noqa: E501
)  # fmt: skip
ATTRIBUTE_WORDS_AFTER = (
    "____cacheline_aligned", "____cacheline_aligned_in_smp", "____cacheline_internodealigned_in_smp", "__weak",  # noqa: E501
)  # fmt: skip
ALLOC_SIZE = r"__alloc_size\s*\(\s*\d+\s*(?:,\s*\d+\s*)?\)"
ATTRIBUTE = group_alternatives(*ATTRIBUTE_WORDS_BEFORE, INIT, *ATTRIBUTE_WORDS_AFTER, ALLOC_SIZE)
MODIFIER = group_alternatives(ATTRIBUTE, SPARSE, "fastcall")

MEMBER = rf"(?:->{IDENT}|\.{IDENT}|\[[^]]*\])"
LVAL = rf"{IDENT}{MEMBER}*"
INT_SUFFIX = "(?i:llu|ull|ll|lu|ul|l|u)"
OCTAL = rf"0[0-7]+{INT_SUFFIX}?"
INT = rf"[0-9]+{INT_SUFFIX}?"
FLOAT = group_alternatives(
    "(?i:0x[0-9a-f]+p-?[0-9]+[fl]?)",
    r"(?i:(?:[0-9]+\.[0-9]*|[0-9]*\.[0-9]+)(?:e-?[0-9]+)?[fl]?)",
    "(?i:[0-9]+e-?[0-9]+[fl]?)",
)
CONSTANT = group_alternatives(
    FLOAT, rf"(?i:0b[01]+){INT_SUFFIX}?", OCTAL, rf"(?i:0x[0-9a-f]+){INT_SUFFIX}?", INT
)
STRING = r'(?:\b[Lu])?"[X\t]*"'
LABEL_END = rf"\s*{NOTE}*(?:\s*\{{)?\s*{NOTE}*(?:\s*\\)?\s*$|\s*return\s+"
"""The end of the line of a case label, or a return."""
ASSIGNMENT = r"(?:\*=|/=|%=|\+=|-=|<<=|>>=|&=|\^=|\|=|=)"
COMPARE = r"(?:<=|>=|==|!=|<|(?<!-)>)"
OPERATORS = r"(?:<=|>=|==|!=|=>|->|<<|>>|<|>|!|~|&&|\|\||,|\^|\+\+|--|&|\||\+|-|\*|/|%)"
KEYWORDS = group_alternatives(
    "do",
    "for",
    "while",
    "if",
    "else",
    "return",
    "goto",
    "continue",
    "switch",
    "default",
    "case",
    "break",
)
ZERO = rf"(?:(?:(?:0[xX])?0+{INT_SUFFIX}?|NULL|false)\b)"
BALANCED = r"\([^()]*+\)"
for _ in range(7):
    BALANCED = rf"\((?:[^()]++|{BALANCED})*+\)"

C99_TYPES = r"(?:__)?(?:[us]_?)?int_?(?:8|16|32|64)_t"
TYPEDEFS = group_alternatives(
    rf"{C99_TYPES}\b",
    r"(?:u_(?:char|short|int|long)|u(?:nchar|short|int|long))\b",
    r"(?:(?:__)?(?:u|s|be|le)(?:8|16|32|64)|atomic_t)\b",
    r"FILE\b",
)
LOG_FUNCTIONS = group_alternatives(
    "printk(?:_ratelimited|_once|_deferred_once|_deferred|)",
    "(?:[a-z0-9]+_){1,2}(?:printk|emerg|alert|crit|err|warning|warn|notice|info|debug|dbg|vdbg|devel|cont|WARN)(?:_ratelimited|_once|)",
    "TP_printk",
    "WARN(?:_RATELIMIT|_ONCE|)",
    "panic",
    "MODULE_[A-Z_]+",
    "seq_vprintf|seq_printf|seq_puts",
)
ALLOC_FUNCTIONS = group_alternatives(
    r"(?:(?:devm_)?(?:kv|k|v)[czm]alloc(?:_array)?(?:_node)?|kstrdup(?:_const)?|kmemdup(?:_nul)?)",
    r"(?:\w+)?alloc_skb(?:_ip_align)?",
    "dma_alloc_coherent",
)
DECLARATION_MACROS = group_alternatives(
    rf"(?:{STORAGE}\s+)?(?:[A-Z_][A-Z0-9]*_){{0,2}}(?:DEFINE|DECLARE)(?:_[A-Z0-9]+){{1,6}}\s*\(",
    rf"(?:{STORAGE}\s+)?[HLP]?LIST_HEAD\s*\(",
    r"(?:SKCIPHER_REQUEST|SHASH_DESC|AHASH_REQUEST)_ON_STACK\s*\(",
    rf"(?:{STORAGE}\s+)?(?:XA_STATE|XA_STATE_ORDER)\s*\(",
)

# match a complete value: a name with its members, which may be called or cast
LVAL_OR_CALL = rf"((?:[&*]\s*)?{LVAL})\s*({BALANCED})?\s*"


# "S" means signed or unsigned; "s" may be left out. The alternatives are tried in this order.
NUMBER_TYPES = (
    "s char", "s short int", "s short", "s int", "s long int", "s long long int", "s long long", "s long", "S",  # noqa: E501
)  # fmt: skip
MISORDERED_TYPES = (
    "char S", "int s short", "int short S", "short int S", "S int short", "short S", "long int S", "int long S", "long S int",  # noqa: E501
    "int S long", "int S", "int long long S", "long long int S", "long long S int", "long long S", "long S",  # noqa: E501
)  # fmt: skip
_INT_TYPES = (
    "long long int S", "long long S int", "long long S", "s long long int", "s long long", "int long long S", "int s long long",  # noqa: E501
    "long int S", "long S int", "long S", "s long int", "s long", "int long S", "int s long", "int S", "s int",  # noqa: E501
)  # fmt: skip


def _integer_type_pattern(order: str) -> str:
    sign = "(?:un)?signed"
    words = order.replace(" ", r"\s+").replace("S", sign)
    return re.sub(r"\bs\\s\+", lambda _: rf"(?:{sign}\s+)?", words)


INT_TYPES = group_alternatives(*map(_integer_type_pattern, _INT_TYPES))


def _known_type_pattern() -> str:
    words = group_alternatives(
        "void",
        *map(_integer_type_pattern, NUMBER_TYPES),
        rf"float|double|bool|(?:struct|union|enum)\s+{IDENT}|{IDENT}_(?:t|handler|handler_fn)",
        *map(_integer_type_pattern, MISORDERED_TYPES),
    )
    return rf"(?:{MODIFIER}\s+)*(?:(?:typeof|__typeof__)\s*\([^)]*\)|{TYPEDEFS}|{words}\b)(?:\s+{MODIFIER})*"  # noqa: E501


@cache
def value_pattern() -> str:
    """Return a pattern for an argument: a value or a constant, with an optional cast.

    The groups are the cast, the value, the name, and the parentheses of a call.
    """
    return rf"(?:\s*(\(\s*{_known_type_pattern()}\s*\))?\s*)?({LVAL_OR_CALL}|{CONSTANT}|{STRING})"


_NAMES = {
    "S_IRWXU": 0o700,
    "S_IRUSR": 0o400,
    "S_IWUSR": 0o200,
    "S_IXUSR": 0o100,
    "S_IRWXG": 0o070,
    "S_IRGRP": 0o040,
    "S_IWGRP": 0o020,
    "S_IXGRP": 0o010,
    "S_IRWXO": 0o007,
    "S_IROTH": 0o004,
    "S_IWOTH": 0o002,
    "S_IXOTH": 0o001,
    "S_IRWXUGO": 0o777,
    "S_IRUGO": 0o444,
    "S_IWUGO": 0o222,
    "S_IXUGO": 0o111,
}
_NAME = rf"(?:{'|'.join(sorted(_NAMES, key=len, reverse=True))})"
MODE_NAMES = rf"{_NAME}(?:\s*\|\s*{_NAME})*"
MODE = rf"(?:{MODE_NAMES}|0[0-7]{{3}})"


def parse_file_mode(text: str) -> int:
    """Parse a file mode: four octal digits, or names joined by `|`."""
    if match_ascii(r"\s*0[0-7]{3}\s*$", text):
        return int(text, 8)
    mode = 0
    end = None
    for match in compile_ascii(rf"\b({_NAME})\b(?:\s*\|\s*)?\s*").finditer(text):
        if end is not None and match.start() != end:
            break
        end = match.end()
        mode |= _NAMES[match[1]]
    return mode
