package main

const runLong = `Run runs shell commands, several at a time.

With a command, it is run once for each value: those that follow :::, the lines
of a file (-f), or those of standard input. What takes a value's place in the
command is written as in GNU parallel, and quoted for the shell:

  {}    the value, which is put at the end if the command does not say where
  {.}   without its extension       {/}   without its directory
  {//}  its directory               {/.}  without directory and extension
  {1}   the value of the first ::: list; {2/.} and so on for the others
  {#}   the number of the job

Several lists of values are combined, each value with each. Without a command,
what follows ::: are commands themselves.

With neither, jobs are read from a file (-f) or standard input, in one of these:

  lines  a command on each line; blank ones and those that start with # are none
  jsonl  a JSON object on each line, with a job's fields (see below)
  toml   a [[jobs]] table for each job, with the same fields

  name     what others need it by
  command  a shell command
  env      variables to set: {"MODE": "debug"}
  dir      the directory to run in
  timeout  for each attempt: "90s"
  retries  how often to try again
  needs    names of jobs that must succeed first
  jobs     jobs of a group, which has no command

A job of a group is named after it: group/job. It inherits the group's env, dir,
timeout and retries, and what it sets itself is seen by no other. At the top of a
TOML file the same can be set for all. Commands find their variables in the
environment, with HEIRLOOM_JOB, HEIRLOOM_NUMBER and HEIRLOOM_ATTEMPT.

A command has ended when its process has; what that leaves in the background is
ended as well. Its standard input is empty.

Ctrl-C (SIGINT), SIGTERM, SIGHUP and SIGQUIT are passed on to all that runs,
which is killed if it has not ended in time (--grace), or at the second signal.

The exit code tells what became of the jobs:

  0    all succeeded, in this run or one that it resumes
  1    some failed, or results could not be written
  2    nothing was run: a flag, an argument or the jobs' file is wrong
  124  some timed out, and none failed otherwise
  129, 130, 131, 143
       the run was ended by SIGHUP, SIGINT, SIGQUIT or SIGTERM`

const runExample = `  heirloom run 'gzip -9 {}' ::: *.log
  find . -name '*.png' -print0 | heirloom run -0 -j 4 'optipng {}'
  heirloom run echo {1}-{2} ::: a b c ::: 1 2
  heirloom run --output lines ::: 'npm start' 'go run ./server'
  heirloom run -j 8 --log jobs.log < jobs.txt
  heirloom run -j 8 --log jobs.log --resume < jobs.txt
  heirloom run -f build.toml --fail-fast --timeout 10m`
