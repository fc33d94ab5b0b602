/*
 * record.h -- stm-contention record: runs a program under the tracer and leaves a trace in a folder.
 */
#ifndef CONTENTION_RECORD_H
#define CONTENTION_RECORD_H

/* argv[0] is "record"; the rest is what followed it. Returns the exit status of the process. */
int record_main(int argc, char **argv);

#endif
