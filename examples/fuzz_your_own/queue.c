#include "queue.h"

#include <stdio.h>

/*
 * A body runs again from the start after a conflict: it sets all that it answers anew each time. The names of slots are
 * made each time as well; a queue for more than an example would resolve them once (stm_key_resolve).
 */
struct call {
    const queue *queue;
    int64_t number;
    queue_answer answer;
};

static stm_bytes slot(char name[32], const queue *queue, int64_t index)
{
    snprintf(name, 32, "slot %d", (int)(index % queue->capacity));
    return stm_text(name);
}

/* The index that this call is going to move: checked out for update. One that has no value yet is 0. */
static stm_status use_index(stm_txn *txn, const char *name, int64_t *index)
{
    *index = 0;
    return stm_txn_use_int64(txn, stm_text(name), index);
}

/* The other one must not change meanwhile, and is not published. */
static stm_status get_index(stm_txn *txn, const char *name, int64_t *index)
{
    *index = 0;
    stm_status status = stm_txn_get_int64(txn, stm_text(name), index);
    return status == STM_NOT_FOUND ? STM_OK : status;
}

#ifdef QUEUE_BUG
/* "The tail will be set anyway, and a set checks its key out. So a look without a checkout is enough." */
static stm_status look_at_tail(stm_txn *txn, int64_t *tail)
{
    stm_bytes value;
    stm_status status = stm_txn_peek(txn, stm_text("tail"), &value);
    *tail = 0;
    if (status == STM_OK && value.size == sizeof *tail)
        memcpy(tail, value.data, sizeof *tail);
    return status == STM_NOT_FOUND ? STM_OK : status;
}
#else
static stm_status look_at_tail(stm_txn *txn, int64_t *tail)
{
    return use_index(txn, "tail", tail);
}
#endif

static stm_status put(stm_txn *txn, void *arg)
{
    struct call *call = arg;
    int64_t head, tail;
    char name[32];
    stm_status status = look_at_tail(txn, &tail);
    if (status == STM_OK)
        status = get_index(txn, "head", &head);
    if (status != STM_OK)
        return status;
    call->answer = tail - head == call->queue->capacity ? QUEUE_FULL : QUEUE_DONE;
    if (call->answer == QUEUE_FULL)
        return STM_OK;
    status = stm_txn_set_int64(txn, slot(name, call->queue, tail), call->number);
    return status == STM_OK ? stm_txn_set_int64(txn, stm_text("tail"), tail + 1) : status;
}

static stm_status take(stm_txn *txn, void *arg)
{
    struct call *call = arg;
    int64_t head, tail;
    char name[32];
    stm_status status = use_index(txn, "head", &head);
    if (status == STM_OK)
        status = get_index(txn, "tail", &tail);
    if (status != STM_OK)
        return status;
    call->answer = tail == head ? QUEUE_EMPTY : QUEUE_DONE;
    if (call->answer == QUEUE_EMPTY)
        return STM_OK;
    status = stm_txn_use_int64(txn, slot(name, call->queue, head), &call->number);
    return status == STM_OK ? stm_txn_set_int64(txn, stm_text("head"), head + 1) : status;
}

stm_status queue_open(queue *queue, int64_t capacity)
{
    queue->capacity = capacity;
    return stm_store_open(NULL, &queue->store);
}

stm_status queue_close(queue *queue)
{
    return stm_store_close(queue->store);
}

queue_answer queue_put(queue *queue, int64_t number)
{
    struct call call = {queue, number, QUEUE_FAILED};
    return stm_atomically(queue->store, "put", NULL, put, &call) == STM_OK ? call.answer : QUEUE_FAILED;
}

queue_answer queue_take(queue *queue, int64_t *number)
{
    struct call call = {queue, 0, QUEUE_FAILED};
    if (stm_atomically(queue->store, "take", NULL, take, &call) != STM_OK)
        return QUEUE_FAILED;
    *number = call.number;
    return call.answer;
}
