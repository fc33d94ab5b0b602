/*
 * operations.h -- the operations that workloads consist of; each does one.
 */
#ifndef BENCH_OPERATIONS_H
#define BENCH_OPERATIONS_H

#include "workload.h"

void transfer(bench_worker *worker);         /* between two random accounts */
void transfer_zipf(bench_worker *worker);    /* between two that are chosen often or seldom */
void transfer_partner(bench_worker *worker); /* between an even account and the next one */
void read_four(bench_worker *worker);
void read_partners(bench_worker *worker); /* the two must hold what two accounts hold */
void mix(bench_worker *worker);           /* nine times read_four, once transfer */
void count_up(bench_worker *worker);      /* one account gets one more */
void transfer_many(bench_worker *worker); /* 64 accounts give or take one */
void replace_key(bench_worker *worker);   /* one account goes, one comes */
void count_words(bench_worker *worker);   /* of 32 words, drawn as they come in a text */
void scan_all(bench_worker *worker);
void range_of_hundred(bench_worker *worker);

#endif
