/*
 * guard.h -- reading in a process of its own. babeltrace2 ends its process (by an assertion of its own) on some damaged traces, reads
 * others for ever, or until there is no memory; and the user may end ours. In all cases somebody must say so, and take the temporary
 * folders away.
 */
#ifndef CONTENTION_GUARD_H
#define CONTENTION_GUARD_H

/* Runs the command in a child that has a TMPDIR of its own, and limits (limits.h). Returns its exit status, or EXIT_NOTHING where it
 * crashed or met a limit; a signal that ended it on somebody's wish ends this process, too. */
int guard_run(int (*command)(int argc, char **argv), int argc, char **argv);

#endif
