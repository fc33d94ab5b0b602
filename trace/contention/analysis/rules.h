/*
 * rules.h -- what a trace's figures advise. trace/README.md lists the rules; here are their thresholds.
 */
#ifndef CONTENTION_RULES_H
#define CONTENTION_RULES_H

#include "../report.h"

/* Below so few losses, nothing is concluded. */
#define RULE_LOSSES_MIN UINT64_C(10)
/* All is well: so small a share of attempts lost, and of time wasted. */
#define RULE_LOST_SHARE_WELL 0.01
#define RULE_WASTED_SHARE_WELL 0.02
/* "Most": of losses on one key, on one prefix, of conflicts of one kind. */
#define RULE_SHARE_MOST 0.5
/* A handful of keys; a prefix that nearly all of the keys have says nothing. */
#define RULE_FEW_KEYS_MAX 5
#define RULE_PREFIX_KEYS_SHARE_MAX 0.9
/* BUSY above CONFLICT: this many times as many. */
#define RULE_BUSY_TIMES 1.0
/* Losers' read sets are large: their median, alone and compared with that of those who commit. */
#define RULE_READ_SET_LARGE UINT64_C(16)
#define RULE_READ_SET_TIMES 2.0
/* One label loses nearly always, and the others together do not. */
#define RULE_STARVED_SHARE 0.8
#define RULE_STARVED_TIMES 2.0
#define RULE_STARVED_ATTEMPTS_MIN UINT64_C(20)

/* Threads that were not running: most of the time wasted is in attempts of so many nanoseconds or more, and half of
 * those that commit take less than a tenth of that. */
#define RULE_STALL_NS INT64_C(1000000)
#define RULE_STALL_TIMES_USUAL 10

/* A burst: a bucket of the time line with so many times the mean of losses, and not too few of them. */
#define BURST_TIMES_MEAN 3.0
#define BURST_LOSSES_MIN UINT64_C(5)

/* Cause, sentence and advice, from all that is filled in already. */
void rules_apply(report *report);

#endif
