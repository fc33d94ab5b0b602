/*
 * observer -- is told of each point of every transaction: one door for tracing, logging and tests.
 *
 * It is named when the store is opened, and called by the thread that does the work. It says which
 * events it wants; the others cost it nothing.
 */
#include "../check.h"

#include <stm/probe.h>

typedef struct log_book {
    int commits, conflicts;
} log_book;

static void write_log(void *context, const stm_event *event)
{
    log_book *log = context;
    if (event->kind == STM_EVENT_COMMIT) {
        log->commits++;
        printf("%s: committed, keys published: %d\n", event->label, (int)event->write_count);
    } else if (event->kind == STM_EVENT_CONFLICT) {
        log->conflicts++;
        printf("%s: beaten to %.*s by %s\n", event->label, (int)event->key.size,
               (const char *)event->key.data, event->winner.label);
        CHECK(strcmp(event->winner.label, "hare") == 0);
    }
}

int main(void)
{
    log_book log = {0, 0};
    const stm_observer observer = {
        .size = sizeof(observer),
        .events = STM_EVENT_BIT(STM_EVENT_COMMIT) | STM_EVENT_BIT(STM_EVENT_CONFLICT),
        .event = write_log,
        .context = &log,
    };
    const stm_options options = {.size = sizeof(options), .observer = &observer};
    stm_store *store;
    stm_txn *hare, *tortoise;

    CHECK_OK(stm_store_open(&options, &store));
    CHECK_OK(stm_txn_begin(store, "hare", &hare));
    CHECK_OK(stm_txn_begin(store, "tortoise", &tortoise));
    CHECK_OK(stm_txn_use(tortoise, stm_text("finish"), NULL));
    CHECK_OK(stm_txn_use(hare, stm_text("finish"), NULL));
    CHECK_OK(stm_txn_commit(hare));
    CHECK(stm_txn_commit(tortoise) == STM_CONFLICT);
    CHECK(log.commits == 1 && log.conflicts == 1);

    stm_txn_end(hare);
    stm_txn_end(tortoise);
    CHECK_OK(stm_store_close(store));
    return 0;
}
