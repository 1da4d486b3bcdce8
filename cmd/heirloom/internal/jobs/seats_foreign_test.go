//go:build unix

package jobs_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// foreign are commands in which another program than the shell gets a value, by what
// becomes of that.
var foreign = map[string][]string{
	// Quoted for the shell that runs the argument, in which it is within single quotes.
	"shell": {
		"sh -c 'cat {}'", "bash -c 'cat {}'", "rbash -c 'cat {}'", "yash -c 'cat {}'", "posh -c 'cat {}'", "lksh -c 'cat {}'", "osh -c 'cat {}'", "busybox sh -c 'cat {}'",
		"git submodule foreach 'cat {}'", "git submodule foreach --recursive 'cat {}'", "git submodule --quiet foreach 'cat {}'", "git rebase -x 'cat {}'", "git rebase --exec 'cat {}' main",
		"git rebase --exec='cat {}' main", "git bisect run sh -c 'cat {}'", "git filter-branch --tree-filter 'rm {}' HEAD", "git difftool -x 'cat {}'", "git difftool --extcmd='cat {}'",
		"ssh host 'cat {}'", "sshpass -p x ssh host 'cat {}'", "rsh host 'cat {}'", "gcloud compute ssh host --command='cat {}'", "gcloud compute ssh host -- 'cat {}'", "fly ssh console -C 'cat {}'",
		"su -c 'cat {}'", "su -c'cat {}'", "su - user -c 'cat {}'", "su user --command='cat {}'", "runuser -c 'cat {}' user", "sg group 'cat {}'", "sg group -c 'cat {}'", "sudo sh -c 'cat {}'", "doas sh -c 'cat {}'",
		"timeout 5 sh -c 'cat {}'", "nice sh -c 'cat {}'", "nohup ssh host 'cat {}'", "setsid sh -c 'cat {}'", "stdbuf -oL sh -c 'cat {}'", "strace -f sh -c 'cat {}'", "timeout 5 git submodule foreach 'cat {}'",
		"flock f -c 'cat {}'", "script -c 'cat {}' log", "script -qc 'cat {}' log", "xterm -e 'cat {}'", "xterm -e sh -c 'cat {}'", "npx -c 'cat {}'", "npm exec -c 'cat {}'",
		"docker exec c sh -c 'cat {}'", "docker run img sh -c 'cat {}'", "docker run --entrypoint sh img -c 'cat {}'", "docker run --entrypoint=/bin/bash img -ec 'cat {}'", "kubectl exec p -- sh -c 'cat {}'",
		"oc exec p -- sh -c 'cat {}'", "lxc-attach -n c -- sh -c 'cat {}'", "start-stop-daemon --start --exec /bin/sh -- -c 'cat {}'", "capsh -- -c 'cat {}'", "machinectl shell x@ /bin/sh -c 'cat {}'",
		"tar -xf x --to-command='cat > {}'", "tar --to-command 'cat > {}' -xf x", "tar --checkpoint-action=exec='cat {}' -cf x f", "tar --checkpoint-action='exec=cat {}' -cf x f", "split --filter='cat > {}' f",
		"sbatch --wrap='cat {}'", "nix-shell --run 'cat {}'", "vagrant ssh -c 'cat {}'", "nodemon -x 'cat {}'", "zip -TT 'cat {}' x f", "unknown sh -c 'cat {}'", "parallel-no-program bash -ec 'cat {}'",
	},
	// An argument as it is: data to the program, or the name of a program that the user asks for.
	"plain": {
		"cat {}", "unknown {}", "unknown -x {}", "unknown --flag {}", "python3 x.py {}", "python3 -c 1 {}", "perl x.pl {}", "ruby x.rb {}", "node -e 1 {}", "node x.js {}", "php x.php {}", "lua x.lua {}", "bun run x.ts {}",
		"deno run x.ts {}", "go run . {}", "julia x.jl {}", "Rscript x.R {}", "java -jar x.jar {}", "dotnet run -- {}", "tclsh x.tcl {}", "expect -f x {}", "awk -v x={} 1", "awk '{print $1}' {}", "sed s/a/b/ {}",
		"jq --arg x {} .x f", "yq . {}", "sqlite3 {} .tables", "psql -d {}", "psql -v x={} -f f.sql", "psql -f {}", "find . -name {}", "find . -exec echo {1} \\;", "xargs echo {}", "sudo cat {}", "timeout 5 cat {}",
		"make -C {} x", "git log --format={}", "git commit -m {}", "git config user.name {}", "git config --get {}", "git config remote.origin.url {}", "git bisect run ./x {}", "git submodule foreach cat {}", "git clone -c user.name={} u x",
		"docker run -e X={} img", "docker exec c cat {}", "docker run --entrypoint sh img x.sh {}", "kubectl exec p -- cat {}", "flock f cat {}", "script -q log cat {}", "vim {}", "nvim {}", "gdb -p {}", "emacs {}",
		"tar cf x.tar {}", "rsync -a {} host:", "scp {} host:", "curl {}", "grep perl -e {} f", "rg python -e {} .", "echo perl -e {}", "pwsh x.ps1 {}", "powershell -File x.ps1 {}", "mosh host -- cat {}", "redis-cli set x {}",
		"clickhouse-client --param_x={} -q 'select 1'", "duckdb {} .tables", "mongosh x.js {}", "fish x.fish {}", "nu x.nu {}", "xterm -e cat {}", "npm run x -- {}", "strace -e {} true", "nix build {}",
	},
	// Code in which nothing is quoted: numbers only.
	"number": {
		"node -e 'f(\"{}\")'", "node -p '\"{}\"'", "node --eval='\"{}\"'", "nodejs -e {}", "bun -e '{}'", "bun --eval '{}'", "tsx -e '{}'", "ts-node -e '{}'", "deno eval 'f(\"{}\")'", "deno eval -p '\"{}\"'",
		"php -r 'f(\"{}\");'", "ruby -e 'puts \"{}\"'", "perl -e 'print \"{}\"'", "perl -ne 'print if /{}/' f", "perl -Mx={} -e 1", "python -c 'f(\"{}\")'", "python3.12 -c '{}'", "pypy3 -c '{}'", "uv run python -c '{}'",
		"python3 -m timeit '{}'", "python3 -m pdb -c '{}' x.py", "lua -e '{}'", "lua5.4 -e '{}'", "luajit -e '{}'", "R -e '{}'", "Rscript -e '{}'", "julia -e '{}'", "raku -e '{}'", "perl6 -e '{}'", "groovy -e '{}'",
		"kotlin -e '{}'", "scala -e '{}'", "clojure -e '{}'", "bb -e '{}'", "sbcl --eval '{}'", "racket -e '{}'", "guile -c '{}'", "elixir -e '{}'", "erl -noshell -eval 'f({})' -s init stop", "ghc -e '{}'", "ocaml -e '{}'",
		"swift -e '{}'", "crystal eval '{}'", "nim --eval:'{}'", "octave --eval '{}'", "matlab -batch 'f({})'", "maxima --batch-string='{}'", "wolframscript -code '{}'", "sage -c '{}'", "swipl -g '{}' x.pl", "gs -c '{}' -f x",
		"awk 'BEGIN{print \"{}\"}'", "awk '/{}/' f", "gawk -e '{}' f", "busybox awk '/{}/' f", "mlr put '$x=\"{}\"' f", "sed 's/a/{}/' f", "sed -e 's/a/{}/' f", "sed --expression='{}' f", "gnuplot -e '{}'", "osascript -e '{}'",
		"expect -c 'spawn {}'", "gdb -ex '{}' x", "lldb -o '{}' x", "bpftrace -e '{}'", "vim -c '{}' f", "vim +{} f", "nvim --cmd '{}' f", "nvim --headless +'{}' f", "emacs --eval '{}'", "emacsclient -e '{}'", "less '+{}' f",
		"env -S 'cat {}'", "env --split-string='cat {}'", "timeout 5 perl -e '{}'", "nice -n 5 awk '/{}/' f", "docker run img perl -e '{}'", "docker run --entrypoint perl img -e '{}'", "kubectl exec p -- perl -e '{}'",
		"docker-compose run c perl -e '{}'", "oc exec p -- perl -e '{}'", "mpiexec -n 2 perl -e '{}'", "nix develop --command perl -e '{}'", "unknown perl -e '{}'", "tar --to-command='perl -e {}' -xf x", "git bisect run perl -e '{}'",
		"su -c 'perl -e {}'", "su -c'perl -e {}'", "split --filter='awk {}' f", "rsync -e 'ssh -i {}' a b:", "rsync --rsync-path='sudo {}' a b:", "tar --checkpoint-action={} -cf x f", "git difftool --extcmd={}", "mosh --ssh={} host",
		"fish -c 'cat {}'", "fish -lc 'cat {}'", "csh -c 'cat {}'", "nu -c 'open {}'", "elvish -c '{}'", "docker exec c fish -c 'cat {}'", "lftp -e 'get {}' host", "yt-dlp --exec 'cat {}' u", "fzf --preview 'cat {}'", "nix eval --expr '{}'",
		"git filter-repo --blob-callback '{}'", "redis-cli eval '{}' 0", "mongosh --eval '{}'", "rake -e '{}'", "latexmk -e '{}' x", "rg --pre 'cat {}' x", "dc -e '{}'", "nc -e {} h 1", "socat - EXEC:'cat {}'",
	},
	// And these, names also.
	"name": {
		"psql -c \"select '{}'\"", "psql --command=\"select '{}'\"", "sqlite3 db \"select '{}'\"", "sqlite3 -cmd {} db", "mysql -e 'select {}'", "mysql --execute='select {}'", "mysql --init-command={}", "mysqldump --where={} db",
		"mariadb -e {}", "duckdb db \"select '{}'\"", "duckdb -c {}", "clickhouse-client --query \"select '{}'\"", "cqlsh -e {}", "sqlcmd -Q {}", "trino --execute {}", "bq query {}", "jq '.a == \"{}\"' f", "gojq .{} f", "yq '.a = \"{}\"' f",
		"make X={}", "make {}", "gmake X={} target", "go build -ldflags '-X main.v={}' .", "go test -exec {} .",
	},
	// Nothing.
	"refused": {
		"git -c alias.x='!cat {}' x", "git -c 'alias.x=!cat {}' x", "git config alias.x '!cat {}'", "git config --global core.pager {}", "git config set core.editor {}", "git clone -c core.x={} u x", "git clone --config=core.x={} u x",
		"watch cat {}", "watch 'cat {}'", "timeout 5 watch 'cat {}'", "parallel cat {} ::: a", "rush 'cat {}'", "tmux new-session 'cat {}'", "tmux send-keys -t x {}", "screen -X stuff {}", "hyperfine 'cat {}'", "entr -s 'cat {}'",
		"pwsh -c 'cat {}'", "pwsh -Command \"cat '{}'\"", "powershell 'cat {}'", "powershell.exe -EncodedCommand {}", "cmd /c 'type {}'", "cmd.exe /k \"type {}\"", "wsl cat {}", "heroku run 'cat {}'", "consul lock x 'cat {}'", "fab -- 'cat {}'",
		"find . -exec cat {} \\;", "find . -exec sh -c 'cat {}' \\;", "xargs -I{} sh -c 'cat {}'", "just {}", "ansible all -m shell -a 'cat {}'", "pdsh -w h 'cat {}'", "salt '*' cmd.run 'cat {}'", "alias x={}", "PAGER={} less x",
	},
}

func TestValuesForOtherPrograms(t *testing.T) {
	shell, err := jobs.NamedShell("bash")
	if err != nil {
		t.Skip(err)
	}
	const value = "a'; touch ran #"
	quoted := `'a'\''; touch ran #'`
	within := strings.ReplaceAll(quoted, "'", `'\''`)
	for what, commands := range foreign {
		for _, command := range commands {
			parsed, err := jobs.ParseTemplate(command, shell, jobs.TemplateOptions{Values: 1})
			if what == "refused" {
				assert.Error(t, err, command)
				continue
			}
			if !assert.NoError(t, err, command) {
				continue
			}
			expand := func(value string) (string, error) { return parsed.Expand(1, []string{value}) }
			text, err := expand(value)
			switch what {
			case "shell":
				require.NoError(t, err, command)
				assert.Equal(t, strings.NewReplacer("{}", within).Replace(command), text)
			case "plain":
				require.NoError(t, err, command)
				assert.Equal(t, strings.NewReplacer("{}", quoted, "{1}", quoted).Replace(command), text)
			default:
				assert.Error(t, err, "%s: %s", command, text)
				_, err = expand("7")
				assert.NoError(t, err, command)
				_, err = expand("name")
				assert.Equal(t, what == "name", err == nil, command)
			}
		}
	}
}

// sudo -s makes one command of its arguments, and quotes all in them but $.
func TestValuesForShellsOfSudo(t *testing.T) {
	shell, err := jobs.NamedShell("sh")
	if err != nil {
		t.Skip(err)
	}
	for command, refused := range map[string]bool{
		"sudo -s cat {}": true, "sudo -u www -i cat {}": true, "sudo -iu www cat {}": true, "sudo --login cat {}": true, "x={}; sudo -s cat \"$x\"": true, "sudo cat {}": false, "sudo -u s cat -s {}": false,
	} {
		parsed, err := jobs.ParseTemplate(command, shell, jobs.TemplateOptions{Values: 1})
		require.NoError(t, err, command)
		_, err = parsed.Expand(1, []string{"a; $HOME"})
		assert.Equal(t, refused, err != nil, "%s: %v", command, err)
		_, err = parsed.Expand(1, []string{"a; 'b'"})
		assert.NoError(t, err, command)
	}
}
