#include "store.h"

#include "mutant.h"
#include "observe.h"
#include "order.h"

#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define KEY_SIZE_MAX 1024
#define VALUE_SIZE_MAX ((size_t)16 << 20)
#define TXN_KEY_COUNT_MAX 65536
#define TXN_KEY_COUNT_LIMIT (1u << 24)
#define KEY_COUNT_HINT 1024
#define KEY_COUNT_HINT_LIMIT (UINT64_C(1) << 36)

/* Provided by a tracer that is linked in or preloaded, or by nobody. */
__attribute__((weak)) const stm_observer *stm_provider(void);

stmi_word stmi_fork_count;
static stmi_word store_count;

#ifdef STM_TESTING
void (*stmi_access_hook)(const stmi_access *access);
void (*stmi_store_hook)(volatile void *address, size_t size, uint64_t value, memory_order order);
volatile void *(*stmi_place_hook)(volatile void *address);
enum stmi_mutant stmi_mutant_chosen;
void (*stmi_options_hook)(stm_options *options);
void (*stmi_show_hook)(const void *address, size_t size);
#endif

/* In the child the other threads are gone, wherever they were: no store of the parent may be used. */
static void count_fork(void)
{
    stmi_tally(&stmi_fork_count, 1); /* the child has one thread */
}

__attribute__((constructor)) static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, count_fork);
}

stm_status stmi_store_check(const struct stm_store *store)
{
    if (stmi_unlikely(store == NULL))
        return STM_INVALID;
    if (stmi_unlikely(store->magic != STMI_STORE_MAGIC))
        return STM_ENDED;
    if (stmi_unlikely(store->fork_count != stmi_peek(&stmi_fork_count)))
        return STM_FORKED;
    return STM_OK;
}

static bool limits_fill(const stm_options *given, stm_options *limits)
{
    *limits = (stm_options){.size = sizeof *limits};
    if (given != NULL) {
        if (given->size != sizeof *given)
            return false;
        *limits = *given;
    }
#ifdef STM_TESTING
    if (stmi_options_hook != NULL)
        stmi_options_hook(limits);
#endif
    if (limits->key_size_max == 0)
        limits->key_size_max = KEY_SIZE_MAX;
    if (limits->value_size_max == 0)
        limits->value_size_max = VALUE_SIZE_MAX;
    if (limits->txn_key_count_max == 0)
        limits->txn_key_count_max = TXN_KEY_COUNT_MAX;
    if (limits->key_count_hint == 0)
        limits->key_count_hint = KEY_COUNT_HINT;
    return limits->key_size_max <= STM_KEY_SIZE_MAX && limits->value_size_max <= STM_VALUE_SIZE_MAX &&
           limits->txn_key_count_max <= TXN_KEY_COUNT_LIMIT && limits->key_count_hint <= KEY_COUNT_HINT_LIMIT &&
           (limits->allocator.alloc == NULL) == (limits->allocator.free == NULL);
}

/* From the system's generator. Should it have nothing to give, what cannot be the same twice will do: nobody is
 * kept out by this number. */
static void id_draw(struct stm_store *store)
{
    if (getrandom(store->id, sizeof store->id, GRND_NONBLOCK) == (ssize_t)sizeof store->id)
        return;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t words[2] = {(uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec,
                         (uint64_t)getpid() << 32 ^ store->number};
    memcpy(store->id, words, sizeof store->id);
}

static bool observer_valid(const stm_observer *observer)
{
    return observer == NULL ||
           ((observer->size == sizeof *observer || observer->size == STM_OBSERVER_SIZE_1) && observer->event != NULL);
}

static void observer_set(struct stm_store *store, const stm_observer *observer)
{
    store->observer = observer;
    if (observer == NULL)
        return;
    store->observed = observer->events;
    store->observes = observer->size == sizeof *observer ? observer->enabled : NULL;
}

static void tell(struct stm_store *store, stm_event_kind kind)
{
    stm_event event = {.kind = kind};
    if (stmi_observes(store, STM_EVENT_BIT(kind)) != 0)
        stmi_observe(store, &event);
}

stm_status stm_store_open(const stm_options *options, stm_store **out)
{
    stm_options limits;
    if (out == NULL)
        return STM_INVALID;
    *out = NULL;
    if (!limits_fill(options, &limits))
        return STM_INVALID;
    const stm_observer *observer = limits.observer;
    if (observer == NULL && stm_provider != NULL)
        observer = stm_provider();
    if (!observer_valid(observer))
        return STM_INVALID;
    struct stmi_memory memory = {.hooks = limits.allocator};
    struct stm_store *store = stmi_pages_get(&memory, sizeof *store);
    if (store == NULL)
        return STM_NO_MEMORY;
    store->memory.hooks = limits.allocator;
    stmi_tally(&store->memory.bytes_used, stmi_peek(&memory.bytes_used));
    stm_status status = stmi_index_open(&store->memory, &store->index, limits.key_count_hint, limits.seed);
    if (status != STM_OK) {
        stmi_pages_put(&memory, store, sizeof *store);
        return status;
    }
    store->limits = limits;
    observer_set(store, observer);
    store->fork_count = stmi_peek(&stmi_fork_count);
    store->number = stmi_add(&store_count, 1, RELAXED) + 1; /* only a number */
    id_draw(store);
    stmi_store(&store->clock, 1, RELAXED);                  /* nobody has the store yet */
    stmi_store(&store->epoch.global, 1, RELAXED);
    store->magic = STMI_STORE_MAGIC;
    *out = store;
    tell(store, STM_EVENT_STORE_OPEN);
    return STM_OK;
}

stm_status stm_store_options(const stm_store *store, stm_options *options)
{
    stm_status status = stmi_store_check(store);
    if (status != STM_OK)
        return status;
    if (options == NULL || options->size != sizeof *options)
        return STM_INVALID;
    *options = store->limits;
    options->observer = store->observer;
    return STM_OK;
}

stm_status stm_store_id(const stm_store *store, unsigned char id[STM_STORE_ID_SIZE])
{
    stm_status status = stmi_store_check(store);
    if (status != STM_OK)
        return status;
    if (id == NULL)
        return STM_INVALID;
    memcpy(id, store->id, sizeof store->id);
    return STM_OK;
}

static bool in_use(struct stm_store *store)
{
    for (struct stm_txn *slot = stmi_load(&store->slots, ACQUIRE); slot != NULL; slot = slot->next_slot)
        if (stmi_load(&slot->state, ACQUIRE) != STMI_SLOT_FREE) /* snapshots and cursors claim one, too */
            return true;
    return false;
}

static void free_record(struct stmi_memory *memory, struct stm_txn *slot, struct stmi_record *record)
{
    uint64_t info = stmi_peek(&record->info);
    size_t key_size = stmi_info_key_size(info);
    if (stmi_info_kind(info) == STMI_KIND_BLOCK)
        stmi_block_drop(slot, (struct stmi_block *)(uintptr_t)stmi_peek(&record->payload[0]));
    if (key_size > STMI_KEY_INLINE_MAX)
        stmi_memory_put(memory, (void *)(uintptr_t)stmi_peek(&record->payload[2]), key_size);
}

/* Nobody else is in the store any more. */
static void drain(struct stm_store *store)
{
    struct stmi_memory *memory = &store->memory;
    struct stm_txn *slot = stmi_load(&store->slots, RELAXED);
    for (struct stm_txn *each = slot; each != NULL; each = each->next_slot)
        stmi_epoch_drain(each);
    for (uint64_t i = 0, count = stmi_load(&store->records.count, RELAXED); i < count; i++)
        free_record(memory, slot, stmi_records_at(&store->records, i));
    while (slot != NULL) {
        struct stm_txn *next = slot->next_slot;
        stmi_slot_drain(slot);
        slot = next;
    }
    stmi_order_drain(store);
    stmi_index_drain(memory, &store->index);
    stmi_records_drain(memory, &store->records);
    stmi_label_drain(memory, &store->labels);
    stmi_depot_drain(memory, &store->depot);
}

stm_status stm_store_close(stm_store *store)
{
    stm_status status = stmi_store_check(store);
    if (status != STM_OK)
        return status;
    if (in_use(store))
        return STM_BUSY;
    tell(store, STM_EVENT_STORE_CLOSE);
    store->magic = 0;
    drain(store);
    struct stmi_memory memory = {.hooks = store->memory.hooks};
    stmi_pages_put(&memory, store, sizeof *store);
    return STM_OK;
}
