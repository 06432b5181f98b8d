# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot completion`: print the completion script for a shell."""

from patchpilot.cli.verb_command import argument, verb
from patchpilot.errors import ExitCode

_ASK = "_PATCHPILOT_COMPLETE=1 _PATCHPILOT_WORDS"
SCRIPTS = {
    "bash": rf"""
_patchpilot_completion() {{
    local word
    # bash splits at "=", which is part of a word here
    local words=() at=1
    while ((at <= COMP_CWORD)); do
        word=${{COMP_WORDS[at]}}
        if [[ $word == "=" || ${{COMP_WORDS[at - 1]}} == "=" && at -gt 1 ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
        ((at += 1))
    done
    local typed="${{words[*]: -1}}" all
    all=$(IFS=$'\x1f'; printf '%s' "${{words[*]}}")
    COMPREPLY=()
    while IFS= read -r word; do
        word=${{word%%$'\t'*}}
        if [[ -z $word ]]; then
            compopt -o default
            continue
        fi
        [[ $typed == *=* && ${{COMP_WORDS[COMP_CWORD]}} != *=* ]] && word=${{word#*=}}
        [[ $word == *[^[:alnum:]_./@+,:=%^~-]* ]] && printf -v word %q "$word"
        COMPREPLY+=("$word")
    done < <(env {_ASK}="$all" "$1")
}}
complete -o nosort -F _patchpilot_completion patchpilot
""",
    "zsh": rf"""
#compdef patchpilot
_patchpilot_completion() {{
    local line word files
    local -a found shown
    while IFS= read -r line; do
        word=${{line%%$'\t'*}}
        if [[ -z $word ]]; then
            files=1
        else
            found+=("$word")
            shown+=("$word  ${{line#*$'\t'}}")
        fi
    done < <(env {_ASK}="${{(pj:\x1f:)words[2,CURRENT]}}" "$words[1]")
    local added=1
    (( ${{#found}} )) && compadd -U -V patchpilot -l -d shown -a found && added=0
    [[ -n $files ]] && _files && added=0
    return added
}}
compdef _patchpilot_completion patchpilot
""",
    "fish": rf"""
function _patchpilot_completion
    set -l typed (commandline -cp --tokenize) (commandline -ct)
    set -l all (string join \x1f -- $typed[2..])
    for line in (env {_ASK}=$all $typed[1])
        if string match -q -r '^\t' -- $line
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c patchpilot -f -a '(_patchpilot_completion)'
""",
}


@verb(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot completion bash > ~/.local/share/bash-completion/completions/patchpilot\n"
        "  patchpilot completion zsh > ~/.zfunc/_patchpilot\n"
        "  patchpilot completion fish > ~/.config/fish/completions/patchpilot.fish"
    )
)
@argument("shell", choices=tuple(SCRIPTS))
def command(shell: str) -> int:
    """Print the completion script for SHELL.

    The script completes commands, options and their values, such as rules, revisions and projects.
    """
    print(SCRIPTS[shell].strip())
    return ExitCode.OK
