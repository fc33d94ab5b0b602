/*
 * tbb.cpp -- oneTBB's concurrent_hash_map with its element locks: an operation holds the accessors of all its
 * keys at once, taken in the order of keys, so that nobody waits in a circle (two-phase locking).
 *
 * Updates and reads of known keys are serializable; there is no way to see the whole map at one instant.
 */
#include "peer.h"

#include <algorithm>
#include <array>
#include <oneapi/tbb/concurrent_hash_map.h>
#include <oneapi/tbb/version.h>
#include <string>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace
{

using key_text = std::array<char, PEER_KEY_SIZE>;

struct key_compare {
    static size_t hash(const key_text &key)
    {
        return XXH3_64bits(key.data(), key.size());
    }
    static bool equal(const key_text &a, const key_text &b)
    {
        return a == b;
    }
};

/* A small value lies in its element, a large one behind it. */
struct element {
    int64_t number = 0;
    std::vector<char> rest;
};

using map = tbb::concurrent_hash_map<key_text, element, key_compare>;

struct tbb_store {
    map elements;
    size_t value_size;
};

struct tbb_context : peer_context {
    tbb_store *store;
    std::vector<char> buffer;
};

tbb_context *own(peer_context *context)
{
    return static_cast<tbb_context *>(context);
}

key_text key_of(const char *text)
{
    key_text key;
    std::memcpy(key.data(), text, key.size());
    return key;
}

/* The places of the keys in their order. */
size_t sort_keys(const peer_keys *keys, std::array<uint8_t, PEER_KEYS_MAX> &order)
{
    for (size_t i = 0; i < keys->count; i++)
        order[i] = static_cast<uint8_t>(i);
    std::sort(
        order.begin(), order.begin() + static_cast<std::ptrdiff_t>(keys->count),
        [&](uint8_t a, uint8_t b) { return std::memcmp(keys->texts[a], keys->texts[b], PEER_KEY_SIZE) < 0; });
    return keys->count;
}

/* Takes the accessors of all keys, in order. */
template <class Accessor>
void hold(const tbb_store *store, const peer_keys *keys, std::array<Accessor, PEER_KEYS_MAX> &held)
{
    std::array<uint8_t, PEER_KEYS_MAX> order;
    size_t count = sort_keys(keys, order);
    for (size_t i = 0; i < count; i++) {
        /* find() of a writing accessor is not const; it changes nothing but the lock. */
        if (!const_cast<map &>(store->elements).find(held[order[i]], key_of(keys->texts[order[i]])))
            bench_fail("the map has lost %.16s", keys->texts[order[i]]);
    }
}

void set(tbb_store *store, const char *text, const void *value)
{
    map::accessor held;
    (void)store->elements.insert(held, key_of(text));
    held->second.number = peer_number(value);
    const char *bytes = static_cast<const char *>(value);
    held->second.rest.assign(bytes + PEER_INT64_SIZE, bytes + store->value_size);
}

void put(peer_context *context, const peer_keys *keys, const void *value)
{
    for (size_t i = 0; i < keys->count; i++)
        set(own(context)->store, keys->texts[i], value);
    context->commits++;
}

/* A large value is copied out and in, as with everybody else. */
void add(tbb_context *c, element &at, int64_t delta)
{
    at.number += delta;
    if (at.rest.empty())
        return;
    c->buffer.assign(at.rest.begin(), at.rest.end());
    std::copy(c->buffer.begin(), c->buffer.end(), at.rest.begin());
}

void update(peer_context *context, const peer_keys *keys, const int64_t *deltas)
{
    std::array<map::accessor, PEER_KEYS_MAX> held;
    hold(own(context)->store, keys, held);
    for (size_t i = 0; i < keys->count; i++)
        add(own(context), held[i]->second, deltas[i]);
    context->commits++;
}

int64_t read_sum(peer_context *context, const peer_keys *keys)
{
    std::array<map::const_accessor, PEER_KEYS_MAX> held;
    int64_t sum = 0;
    hold(own(context)->store, keys, held);
    for (size_t i = 0; i < keys->count; i++)
        sum += held[i]->second.number;
    context->commits++;
    return sum;
}

/* Two steps: others may see both keys, or neither. */
void replace(peer_context *context, const peer_keys *keys, const void *value)
{
    if (!own(context)->store->elements.erase(key_of(keys->texts[0])))
        bench_fail("the map has lost %.16s", keys->texts[0]);
    set(own(context)->store, keys->texts[1], value);
    context->commits++;
}

/* Walking the map is not safe beside others that change it: the library says so. For one thread only. */
peer_sum scan(peer_context *context)
{
    peer_sum all = {0, 0};
    for (const auto &at : own(context)->store->elements) {
        all.sum += at.second.number;
        all.count++;
    }
    return all;
}

const char *version()
{
    return TBB_VERSION_STRING;
}

void *open_store(const peer_setup *setup)
{
    tbb_store *store = new tbb_store;
    store->elements.rehash(setup->key_count_max);
    store->value_size = setup->value_size;
    return store;
}

void close_store(void *store)
{
    delete static_cast<tbb_store *>(store);
}

peer_context *enter(void *store)
{
    tbb_context *c = new tbb_context{};
    c->store = static_cast<tbb_store *>(store);
    return c;
}

void leave(peer_context *context)
{
    delete own(context);
}

const peer tbb_map = {
    .name = "tbb",
    .title = "oneTBB's concurrent_hash_map",
    .setup = "all element locks held, in order; replacing takes two steps",
    .gives =
        {.atomic = 1, .isolation = PEER_ISOLATION_SERIALIZABLE, .snapshot = 0, .durable = 0, .blocks = 1},
    .threads_max = 0,
    .scans_alone = 1,
    .by_handle = 0,
    .version = version,
    .open = open_store,
    .close = close_store,
    .enter = enter,
    .leave = leave,
    .put = put,
    .update = update,
    .read = read_sum,
    .prefetch = nullptr,
    .replace = replace,
    .scan = scan,
    .range = nullptr,
    .bytes_elsewhere = nullptr,
};

} // namespace

extern const peer *const bench_peers[] = {&tbb_map, nullptr};
