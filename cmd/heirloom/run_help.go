package main

const runLong = `Run runs shell commands, several at a time.

With a command, it is run once for each value: those that follow :::, the lines
of the files that follow ::::, of a file (-f), or of standard input. What takes a
value's place in the command is written as in GNU parallel:

  {}    the value, which is put at the end of a command with none of these
  {.}   without its extension       {/}   without its directory
  {//}  its directory               {/.}  without directory and extension
  {1}   the value of the first list; {2/.} {-1} and so on for the others
  {#}   the number of the job       {%}   its slot, of those that run at once

Values are quoted for where they stand, within quotes of the command's and in code
for another shell too. A command in which one would be code is refused.

Several lists of values are combined, each value with each; a list that follows
:::+ or ::::+ is linked with the one before it, value by value. Without a command,
what follows ::: are commands themselves.

With neither, jobs are read from a file (-f) or standard input, in one of these:

  lines  a command on each line; blank ones and those that start with # are none
  jsonl  a JSON object on each line, with a job's fields (see below)
  toml   a [[jobs]] table for each job, with the same fields

  name     what others need it by
  command  a shell command
  env      variables to set: {"MODE": "debug"}
  unset    names of variables that are not to be there
  dir      the directory to run in
  timeout  for each attempt: "90s"
  retries  how often to try again
  needs    names of jobs that must succeed first
  jobs     jobs of a group, which has no command

A job of a group is named after it: group/job. It inherits the group's env, dir,
timeout and retries, and what it sets itself is seen by no other. At the top of a
TOML file the same can be set for all. Commands find their variables in the
environment, with HEIRLOOM_JOB, HEIRLOOM_NUMBER, HEIRLOOM_SLOT and HEIRLOOM_ATTEMPT.

A command has ended when its process has; what that leaves in the background is
ended as well. Its standard input is empty. Servers that end with it are to be run
with --stdin open; what asks for a password or an answer, with --tty.

With --on, jobs run on the machines on which heirloom worker serves the same hub (see
there, and heirloom-hub), as many at once as these have places for. All else is as it
is here: output whole and in order, exit codes, retries, needs, time limits, signals.
The files of a job's folder are your business: they are not copied, so share a file
system, or have commands fetch what they need. A machine that is lost loses nothing,
but a command may then run twice. With --log and --resume, what ended after the run
was killed, within a day, is fetched and does not run again.

Ctrl-C (SIGINT), SIGTERM, SIGHUP and SIGQUIT are passed on to all that runs,
which is killed if it has not ended in time (--grace), or at the second signal.
With --drain, the first signal only keeps further jobs from being started. Ctrl-Z
stops the jobs too, and fg lets them go on.

Results (--log, --json) hold text. Names, commands and output with other bytes are
there once more in base64, in fields that end in _base64.

The exit code tells what became of the jobs:

  0    all succeeded, in this run or one that it resumes, or as many as --halt asks
  1    some failed, or results could not be written
  2    nothing was run: a flag, an argument or the jobs' file is wrong, or there are
       no jobs (but with -r)
  124  some timed out, and none failed otherwise
  129, 130, 131, 143
       the run was ended by SIGHUP, SIGINT, SIGQUIT or SIGTERM

docs/parallel.md has all that GNU parallel's users look for.`

const runExample = `  heirloom run 'gzip -9 {}' ::: *.log
  find . -name '*.png' -print0 | heirloom run -0 -j 4 'optipng {}'
  heirloom run echo {1}-{2} ::: a b c ::: 1 2
  heirloom run 'convert {1} -resize {2} {1.}-{2}.png' :::: photos.txt ::: 200 800
  heirloom run --output lines --stdin open ::: 'npm start' 'go run ./server'
  heirloom run --pipe --block 10M 'grep -c error' < big.log
  heirloom run -j 8 --log jobs.log < jobs.txt
  heirloom run -j 8 --log jobs.log --resume < jobs.txt
  heirloom run -f build.toml --fail-fast --timeout 10m
  heirloom run --on nats://hub:4222 'convert /shared/{} /shared/{.}.webp' ::: *.png`
