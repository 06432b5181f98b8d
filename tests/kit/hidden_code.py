# SPDX-License-Identifier: GPL-2.0-or-later
"""Collect C in which a quote or a comment mark seems to hide the code around it."""

MARK = "@@"
"""The lines of the flaw in a trick."""

TRICKS = {
    # text that is no string
    **{
        f"{directive} with a quote": f"{directive} don't\n{MARK}"
        for directive in (
            *("#warning", "#error", "#pragma x", "# warning", "%:warning", "#ident", "#undef"),
            *("#if 1\n#endif", "#define A", "#define A(x) #x"),
        )
    },
    **{f"macro of {text}": f"#define A {text}\n{MARK}" for text in ("'", '"', "'/*", '"/*', "\\'")},
    **{
        f"header name {name}": f"#include {name}\n{MARK}"
        for name in (
            *("<x'y.h>", "<x/*y.h>", "<a//b.h>", '"x/*y.h"', '"x\\"', '<x"y.h>', "<a*/b.h>"),
            *("<x'y.h> // '", "<x'y.h> /* ' */"),
        )
    },
    **{
        f"skipped {text}": f"#if 0\n{text}\n#endif\n{MARK}"
        for text in ("it's", '"', "'\"", "/* ' */ \"", "// /* '", "it's /*")
    },
    # comments that end early, or are none
    "line comment with a quote": f"// don't\n{MARK}",
    "block comment with a quote": f"/* don't */\n{MARK}",
    "line comment opens none": f"// see /* here\n{MARK}",
    "comment of a slash": f"/*/ x */\n{MARK}",
    "comment of nothing": f"/**/\n{MARK}",
    "nested comment": f"/* /* */\n{MARK}",
    "comment closed on two lines": f"/* x *\\\n/\n{MARK}",
    "comment closed on three lines": f"/* x *\\\n\\\n/\n{MARK}",
    # strings that end early
    "string opens no comment": f'char *a = "/*";\n{MARK}',
    "character opens no comment": f"int a = '/*';\n{MARK}",
    "continued string": f'char *a = "x\\\ny";\n{MARK}',
    "string with an escaped quote": f'char *a = "\\"";\n{MARK}',
    "string of a backslash": f'char *a = "\\\\";\n{MARK}',
    "quotes as characters": f"int a = '\"' + '\\'';\n{MARK}",
    "raw string": f'char *a = R"(\n\'\n/*\n)";\n{MARK}',
    "raw string of a quote": f'char *a = R"x(")x";\n{MARK}',
    # closing marks below the code
    **{
        f"closed by {text}": f"{MARK}\n{text}"
        for text in (
            *("// */", 'char *a = "*/";', "int a = '*/';", "#define B */", "#if 0\n*/\n#endif"),
            *("#error */", "#pragma */", "#warning x */", "// it's */", "#include <a*/b.h>"),
            *("char *a = STR(*/);", "// * */", "//*/", "/* x */", "#if 0\n */\n#endif"),
            *("#if 0\n * text\n */\n#endif", "int *a = &b; // */", "#endif */"),
        )
    },
}
