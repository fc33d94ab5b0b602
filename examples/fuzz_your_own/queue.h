/*
 * queue.h -- a bounded queue of numbers, first in first out, for any number of producers and consumers. It lives in a
 * store, under keys of its own:
 *
 *     head     how many have been taken out
 *     tail     how many have been put in
 *     slot N   the number in place N, 0 to capacity - 1
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <stm/stm.h>

typedef struct queue {
    stm_store *store;
    int64_t capacity;
} queue;

typedef enum queue_answer { QUEUE_DONE, QUEUE_FULL, QUEUE_EMPTY, QUEUE_FAILED } queue_answer;

stm_status queue_open(queue *queue, int64_t capacity);
stm_status queue_close(queue *queue);

/* Neither waits for room, or for a number. */
queue_answer queue_put(queue *queue, int64_t number);
queue_answer queue_take(queue *queue, int64_t *number);

#endif
