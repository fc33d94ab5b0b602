/*
 * winners.h -- is the winner that a conflict names really there?
 *
 * A conflict names the transaction that won. Where commits were recorded, there must be one of that transaction; where
 * publications were recorded, the one that published the version that was found must be of that transaction. Either
 * may come before or after the conflict in the trace, so those that have not come yet are waited for.
 *
 * Bounded. Which transactions have committed is a bit each: a handle numbers its transactions one after the other, so
 * the bits lie close together. Of publications only the last PUBLICATIONS_KEPT are known; a conflict about an older one
 * is not checked, which is no failure.
 */
#ifndef CONTENTION_WINNERS_H
#define CONTENTION_WINNERS_H

#include "../event.h"

typedef struct winners winners;

typedef struct winner_counts {
    uint64_t matched, unmatched, unnamed; /* by commits */
    uint64_t verified, contradicted;      /* by publications */
    bool incomplete;                      /* too many to remember: matched is too low */
} winner_counts;

winners *winners_create(void);
void winners_free(winners *winners);
void winners_commit(winners *winners, uint32_t scope, uint64_t txn);
void winners_publish(winners *winners, uint32_t scope, const event *event);
void winners_conflict(winners *winners, uint32_t scope, const event *event);
winner_counts winners_count(const winners *winners);

#endif
