package jobs

import (
	"slices"
	"strings"
)

// codeVariables are variables whose value is run, by a shell or by a program that starts a
// shell for it.
var codeVariables = []string{
	"BASH_ALIASES", "BASH_CMDS", "BASH_ENV", "ENV", "FCEDIT", "NULLCMD", "PROMPT", "PROMPT_COMMAND", "PS0", "PS1", "PS2", "PS3", "PS4", "READNULLCMD", "RPROMPT", "ZDOTDIR",
	"aliases", "commands", "dis_aliases", "dis_functions", "dis_galiases", "dis_saliases", "functions", "galiases", "prompt", "saliases",
	"BROWSER", "CVS_RSH", "EDITOR", "EXINIT", "FZF_DEFAULT_COMMAND", "FZF_DEFAULT_OPTS", "GIT_ASKPASS", "GIT_CONFIG_PARAMETERS", "GIT_EDITOR", "GIT_EXTERNAL_DIFF", "GIT_PAGER",
	"GIT_PROXY_COMMAND", "GIT_SEQUENCE_EDITOR", "GIT_SSH", "GIT_SSH_COMMAND", "GNUMAKEFLAGS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "LESS", "LESSCLOSE", "LESSOPEN", "LUA_INIT",
	"MAKEFLAGS", "MANPAGER", "NODE_OPTIONS", "PAGER", "PERL5DB", "PERL5OPT", "PSQL_EDITOR", "PSQL_PAGER", "RSYNC_CONNECT_PROG", "RSYNC_RSH", "RUBYOPT", "SSH_ASKPASS",
	"SUDO_ASKPASS", "SUDO_EDITOR", "SYSTEMD_EDITOR", "SYSTEMD_PAGER", "TAR_OPTIONS", "VIMINIT", "VISUAL", "_JAVA_OPTIONS",
}

// runsCode reports whether a program that reads the variable runs its value. Bash reads
// functions from its environment.
func runsCode(name string) bool {
	return slices.Contains(codeVariables, name) || strings.HasPrefix(name, "BASH_FUNC_") || strings.HasPrefix(name, "GIT_CONFIG_VALUE_")
}

// computedVariables are variables whose value some shell evaluates as an expression, which
// may run commands, when they are set.
var computedVariables = []string{
	"BASHPID", "BASH_SUBSHELL", "BAUD", "COLUMNS", "DIRSTACKSIZE", "EGID", "EPOCHREALTIME", "EPOCHSECONDS", "ERRNO", "EUID", "FUNCNEST", "GID", "HISTCMD", "HISTSIZE", "JOBMAX",
	"KEYTIMEOUT", "LINENO", "LINES", "LISTMAX", "LOGCHECK", "MAILCHECK", "MBEGIN", "MEND", "OPTIND", "PERIOD", "PGRP", "PPID", "RANDOM", "SAVEHIST", "SECONDS", "SHLVL", "SRANDOM",
	"TMOUT", "TRY_BLOCK_ERROR", "TRY_BLOCK_INTERRUPT", "TTYIDLE", "UID", "ZSH_SUBSHELL",
}
