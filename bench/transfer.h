/*
 * transfer.h -- the transfer, for the variants that measure something else beside it.
 */
#ifndef BENCH_TRANSFER_H
#define BENCH_TRANSFER_H

#include "bench.h"

#define BENCH_AMOUNT_SIZE sizeof(int64_t) /* of a value that is a balance and nothing else */

extern const bench_work bench_transfer_plain; /* unsynchronised: one thread only */
extern const bench_work bench_transfer_mutex; /* the same under the bank's mutex */
extern const bench_work bench_transfer_names; /* one handle, commit again while BUSY, reset after CONFLICT */
extern const bench_work bench_transfer_atomically; /* through stm_atomically */

#endif
