/*
 * mend.h -- cuts a trace off where it is whole.
 *
 * A stream of a trace is a file of packets, and beside it lies an index: an entry for each packet that was written.
 * When the disk was full, or the consumer was killed, the last packet of a stream, or the last entry of an index, may be
 * there in part; and readers refuse the whole trace for that. So what is not whole is cut off.
 */
#ifndef CONTENTION_RECORD_MEND_H
#define CONTENTION_RECORD_MEND_H

/* All streams beneath folder, which nobody writes any more. Returns how many had to be cut. */
unsigned mend_trace(const char *folder);

#endif
