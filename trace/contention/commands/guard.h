/*
 * guard.h -- reading in a process of its own. babeltrace2 ends its process (by an assertion of its own) on some damaged traces, and
 * the user may end ours; in both cases somebody must say so, and take the temporary folders away.
 */
#ifndef CONTENTION_GUARD_H
#define CONTENTION_GUARD_H

/* Runs the command in a child that has a TMPDIR of its own. Returns its exit status, or EXIT_NOTHING where it crashed;
 * a signal that ended it on somebody's wish ends this process, too. */
int guard_run(int (*command)(int argc, char **argv), int argc, char **argv);

#endif
