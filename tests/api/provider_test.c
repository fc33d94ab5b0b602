/*
 * provider_test.c -- a program that defines stm_provider() watches each store that names no observer.
 *
 * What must not happen: the provider is not found although it is linked in; it overrules an observer
 * that a store names; a provider that has none to give is a failure.
 */
#include "support.h"

#include <stm/probe.h>

static unsigned provided_commits, named_commits;

static void count(void *context, const stm_event *event)
{
    unsigned *commits = context;

    if (event->kind == STM_EVENT_COMMIT)
        ++*commits;
}

static const stm_observer provided = {sizeof(stm_observer), STM_EVENT_ALL, false, count, &provided_commits, NULL};
static const stm_observer named = {sizeof(stm_observer), STM_EVENT_ALL, false, count, &named_commits, NULL};
static const stm_observer *to_provide = &provided;

const stm_observer *stm_provider(void)
{
    return to_provide;
}

Test(provider, watches_stores_that_name_no_observer)
{
    const stm_options options = {.seed = 1};
    stm_store *by_default = open_store(NULL), *with_options = open_store(&options);

    put(by_default, "key", "x");
    EQUALS(provided_commits, 1);
    put(with_options, "key", "x");
    EQUALS(provided_commits, 2);

    OK(stm_store_close(by_default));
    close_store(with_options);
}

Test(provider, does_not_overrule_an_observer_that_is_named)
{
    const stm_options options = {.observer = &named};
    stm_store *store = open_store(&options);

    put(store, "key", "x");
    EQUALS(named_commits, 1);
    EQUALS(provided_commits, 0);

    close_store(store);
}

Test(provider, may_have_none_to_give)
{
    to_provide = NULL;
    stm_store *store = open_store(NULL);

    put(store, "key", "x");
    EQUALS(provided_commits, 0);

    close_store(store);
}
