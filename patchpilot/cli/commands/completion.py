# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot completion`: print the completion script for a shell."""

from patchpilot.cli.command import argument, make_command
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
# git's own completion calls it for `git patchpilot`
_git_patchpilot() {{
    local COMP_WORDS=(patchpilot "${{COMP_WORDS[@]:__git_cmd_idx + 1}}")
    local COMP_CWORD=$((COMP_CWORD - __git_cmd_idx))
    _patchpilot_completion patchpilot
}}
""",
    "zsh": rf"""
#compdef patchpilot git-patchpilot
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
# a file of this name, _patchpilot or _git-patchpilot, is first run by a completion
_git-patchpilot() {{ _patchpilot_completion }}
case $funcstack[1] in
_patchpilot | _git-patchpilot) _patchpilot_completion ;;
*) compdef _patchpilot_completion patchpilot git-patchpilot ;;
esac
""",
    "fish": rf"""
function _patchpilot_completion
    set -l typed (commandline -cp --tokenize) (commandline -ct)
    # `git patchpilot`, or the command by its path
    set -l at (contains -i -- patchpilot $typed; or echo 1)
    set -l all (string join \x1f -- $typed[(math $at + 1)..])
    for line in (env {_ASK}=$all $typed[$at])
        if string match -q -r '^\t' -- $line
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c patchpilot -f -a '(_patchpilot_completion)'
complete -c git -n '__fish_seen_subcommand_from patchpilot' -f -a '(_patchpilot_completion)'
""",
}


@make_command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot completion bash > ~/.local/share/bash-completion/completions/patchpilot\n"
        "  patchpilot completion zsh > ~/.zfunc/_patchpilot\n"
        "  patchpilot completion fish > ~/.config/fish/conf.d/patchpilot.fish"
    )
)
@argument("shell", choices=tuple(SCRIPTS))
def command(shell: str) -> int:
    """Print the completion script for SHELL.

    The script completes commands, options and their values, such as rules, revisions and projects.
    """
    print(SCRIPTS[shell].strip())
    return ExitCode.OK
