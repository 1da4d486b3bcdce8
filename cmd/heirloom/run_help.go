package main

const runLong = `Run runs shell commands, several at a time.

With a command, it is run once for each value: those that follow :::, the lines
of the files that follow ::::, of a file (-f), or of standard input. Placeholders in
the command are written as in GNU parallel:

  {}    the value, which is added at the end of a command without placeholders
  {.}   without its extension       {/}   without its directory
  {//}  its directory               {/.}  without directory and extension
  {1}   the value of the first list; {2/.} {-1} and so on for the others
  {#}   the number of the job       {%}   its slot, among the jobs that run at once

Values are quoted as their place in the command requires, also within quotes and in
code for another shell. A command in which a value would be code is refused.

Several lists of values are combined, each value with each; a list that follows
:::+ or ::::+ is linked with the one before it, value by value. Without a command,
what follows ::: are commands themselves.

With neither, jobs are read from a file (-f) or standard input, in one of these
formats:

  lines  a command on each line; blank lines and those that start with # are skipped
  jsonl  a JSON object on each line, with a job's fields (see below)
  toml   a [[jobs]] table for each job, with the same fields

  name     the name by which other jobs need it
  command  a shell command
  env      variables to set: {"MODE": "debug"}
  unset    names of variables to remove
  dir      the directory to run in
  timeout  for each attempt: "90s"
  retries  how often to try again
  needs    names of jobs that must succeed first
  jobs     jobs of a group, which has no command

A job of a group is called group/job. It inherits the group's env, dir, timeout and
retries; what it sets itself affects no other job. At the top of a TOML file, the same
fields apply to all jobs. Commands find their variables in the
environment, with HEIRLOOM_JOB, HEIRLOOM_NUMBER, HEIRLOOM_SLOT and HEIRLOOM_ATTEMPT.

A command has ended when its process has; processes that it leaves in the background
are ended as well. Its standard input is empty. Run servers that end at the end of
their input with --stdin open, and commands that ask for a password or an answer with
--tty.

With --on, jobs run on the machines on which heirloom worker serves the same hub (see
there, and heirloom-hub), as many at once as the workers accept. All else is as on
this machine: output whole and in order, exit codes, retries, needs, time limits, signals.
Files are not copied, so share a file system, or have commands fetch what they need.
If a machine is lost, its jobs go to others, so a command may run twice. With --log
and --resume, jobs that ended after the run was killed, within a day, do not run again:
their results are fetched.

Ctrl-C (SIGINT), SIGTERM, SIGHUP and SIGQUIT are passed on to all running commands,
which are killed if they have not ended in time (--grace), or at the second signal.
With --drain, the first signal only keeps further jobs from being started. Ctrl-Z
stops the jobs too, and fg lets them go on.

Results (--log, --json) are text. Names, commands and output that are not UTF-8 are
repeated in base64, in fields whose names end in _base64.

The exit code:

  0    all jobs succeeded, in this run or one that it resumes, or as many as --halt
       requires
  1    some jobs failed, or results could not be written
  2    nothing was run: a flag, an argument or the jobs' file is wrong, or there are
       no jobs and no -r
  124  some jobs timed out, and none failed otherwise
  129, 130, 131, 143
       the run was ended by SIGHUP, SIGINT, SIGQUIT or SIGTERM

docs/parallel.md compares it with GNU parallel, flag by flag.`

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
