/*
 * watcher.c -- a tracer to be preloaded: it counts, and tells when the store is closed.
 */
#include <stm/probe.h>

static unsigned counts[STM_EVENT_KIND_COUNT];

static void count(void *context, const stm_event *event)
{
    (void)context;
    counts[event->kind]++;
    if (event->kind == STM_EVENT_STORE_CLOSE)
        printf("watched: %u opened, %u checkouts, %u commits, %u conflicts\n", counts[STM_EVENT_STORE_OPEN],
               counts[STM_EVENT_CHECKOUT], counts[STM_EVENT_COMMIT], counts[STM_EVENT_CONFLICT]);
}

static const stm_observer observer = {sizeof(stm_observer), STM_EVENT_ALL, false, count, NULL, NULL};

STM_API const stm_observer *stm_provider(void)
{
    return &observer;
}
