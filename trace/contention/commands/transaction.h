/*
 * transaction.h -- which transaction is meant: TXN, STORE:TXN, or PROCESS:STORE:TXN. Ids are unique in a store, and stores
 * are numbered in their process.
 */
#ifndef CONTENTION_TRANSACTION_H
#define CONTENTION_TRANSACTION_H

#include "../event.h"

typedef struct transaction {
    bool has_pid, has_store;
    uint64_t pid, store, txn;
} transaction;

/* False: not such a name. */
bool transaction_parse(const char *text, transaction *transaction);
/* The event is of that process and store, as far as they were named. */
bool transaction_is_in(const transaction *transaction, const event *event);

#endif
