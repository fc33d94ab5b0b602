#include "winners.h"

#include "mix.h"

#include <glib.h>

enum {
    CHUNK_BITS = 15,         /* 4 KiB: 32,768 transactions */
    CHUNK_COUNT_MAX = 16384, /* 64 MiB; half a billion transactions, if they lie close together */
    WAITING_COUNT_MAX = 250000,
    PUBLICATIONS_KEPT = 1 << 20
};

typedef struct chunk {
    uint64_t number;
    uint32_t scope;
    uint64_t bits[(1 << CHUNK_BITS) / 64];
} chunk;

/* Conflicts that wait for a commit (scope and transaction) or for a publication (its tag). */
typedef struct waiting {
    uint64_t first, second;
    uint64_t count;
} waiting;

/* The tag tells key and version; 64 bits of it are not mistaken for another. */
typedef struct publication {
    uint64_t tag, txn;
} publication;

struct winners {
    GHashTable *chunks;
    chunk *last;
    GHashTable *for_commit, *for_publication;
    publication *publications;
    winner_counts counts;
};

static guint chunk_hash(gconstpointer key)
{
    const chunk *chunk = key;
    return mix_hash(chunk->number, chunk->scope);
}

static gboolean chunk_equal(gconstpointer a, gconstpointer b)
{
    const chunk *one = a, *other = b;
    return one->number == other->number && one->scope == other->scope;
}

static guint waiting_hash(gconstpointer key)
{
    const waiting *waiting = key;
    return mix_hash(waiting->first, waiting->second);
}

static gboolean waiting_equal(gconstpointer a, gconstpointer b)
{
    const waiting *one = a, *other = b;
    return one->first == other->first && one->second == other->second;
}

winners *winners_create(void)
{
    winners *winners = g_new0(struct winners, 1);
    winners->chunks = g_hash_table_new_full(chunk_hash, chunk_equal, NULL, g_free);
    winners->for_commit = g_hash_table_new_full(waiting_hash, waiting_equal, NULL, g_free);
    winners->for_publication = g_hash_table_new_full(waiting_hash, waiting_equal, NULL, g_free);
    return winners;
}

void winners_free(winners *winners)
{
    g_hash_table_unref(winners->chunks);
    g_hash_table_unref(winners->for_commit);
    g_hash_table_unref(winners->for_publication);
    g_free(winners->publications);
    g_free(winners);
}

/* ----------------------------------------------------------------------------- waiting -- */

static void wait_for(winners *winners, GHashTable *table, uint64_t first, uint64_t second)
{
    waiting wanted = {first, second, 1};
    waiting *found = g_hash_table_lookup(table, &wanted);
    if (found != NULL)
        found->count++;
    else if (g_hash_table_size(table) < WAITING_COUNT_MAX)
        g_hash_table_add(table, g_memdup2(&wanted, sizeof wanted));
    else
        winners->counts.incomplete = true;
}

/* How many have waited for it. */
static uint64_t arrive(GHashTable *table, uint64_t first, uint64_t second)
{
    if (g_hash_table_size(table) == 0)
        return 0;
    waiting wanted = {first, second, 0};
    const waiting *found = g_hash_table_lookup(table, &wanted);
    uint64_t count = found != NULL ? found->count : 0;
    if (found != NULL)
        g_hash_table_remove(table, &wanted);
    return count;
}

/* ----------------------------------------------------------------------------- commits -- */

/* NULL: there is none, or, if it is to be made, there are too many. */
static chunk *chunk_at(winners *winners, uint32_t scope, uint64_t txn, bool make)
{
    uint64_t number = txn >> CHUNK_BITS;
    if (winners->last != NULL && winners->last->number == number && winners->last->scope == scope)
        return winners->last;
    chunk wanted;
    wanted.number = number;
    wanted.scope = scope;
    chunk *found = g_hash_table_lookup(winners->chunks, &wanted);
    if (found == NULL && make && g_hash_table_size(winners->chunks) < CHUNK_COUNT_MAX) {
        found = g_new0(chunk, 1);
        found->number = number;
        found->scope = scope;
        g_hash_table_add(winners->chunks, found);
    }
    if (found != NULL)
        winners->last = found;
    return found;
}

static uint64_t bit_of(uint64_t txn)
{
    return UINT64_C(1) << (txn % 64);
}

static uint64_t *word_of(chunk *chunk, uint64_t txn)
{
    return &chunk->bits[txn % (1 << CHUNK_BITS) / 64];
}

void winners_commit(winners *winners, uint32_t scope, uint64_t txn)
{
    chunk *chunk = chunk_at(winners, scope, txn, true);
    if (chunk != NULL)
        *word_of(chunk, txn) |= bit_of(txn);
    else
        winners->counts.incomplete = true;
    winners->counts.matched += arrive(winners->for_commit, scope, txn);
}

static bool has_committed(winners *winners, uint32_t scope, uint64_t txn)
{
    chunk *chunk = chunk_at(winners, scope, txn, false);
    return chunk != NULL && (*word_of(chunk, txn) & bit_of(txn)) != 0;
}

/* ------------------------------------------------------------------------- publications -- */

static uint64_t tag_of(uint32_t scope, const event *event)
{
    return mix_pair(mix_pair(event->key_hash, event->found), scope) | 1; /* never 0, which is nobody's */
}

static void judge(winners *winners, bool same, uint64_t count)
{
    if (same)
        winners->counts.verified += count;
    else
        winners->counts.contradicted += count;
}

void winners_publish(winners *winners, uint32_t scope, const event *event)
{
    if (winners->publications == NULL)
        winners->publications = g_new0(publication, PUBLICATIONS_KEPT);
    uint64_t tag = tag_of(scope, event);
    winners->publications[(tag >> 1) % PUBLICATIONS_KEPT] = (publication){tag, event->txn};
    /* All who found this version waited with the winner that they were told. */
    uint64_t same = arrive(winners->for_publication, tag, event->txn);
    if (same > 0)
        judge(winners, true, same);
}

static void check_publication(winners *winners, uint32_t scope, const event *event)
{
    uint64_t tag = tag_of(scope, event);
    const publication *kept =
        winners->publications != NULL ? &winners->publications[(tag >> 1) % PUBLICATIONS_KEPT] : NULL;
    if (kept != NULL && kept->tag == tag)
        judge(winners, kept->txn == event->winner_txn, 1);
    else
        wait_for(winners, winners->for_publication, tag, event->winner_txn);
}

/* ---------------------------------------------------------------------------- conflicts -- */

void winners_conflict(winners *winners, uint32_t scope, const event *event)
{
    if (event->winner_txn == 0) {
        winners->counts.unnamed++;
        return;
    }
    if (has_committed(winners, scope, event->winner_txn))
        winners->counts.matched++;
    else
        wait_for(winners, winners->for_commit, scope, event->winner_txn);
    check_publication(winners, scope, event);
}

/* A conflict still waiting for a publication that came with another transaction is a contradiction; the publication
 * may also have been forgotten, or never come, and then nothing is known. */
static uint64_t late_contradictions(const winners *winners)
{
    uint64_t contradicted = 0;
    GHashTableIter iterator;
    gpointer key;
    g_hash_table_iter_init(&iterator, winners->for_publication);
    while (winners->publications != NULL && g_hash_table_iter_next(&iterator, &key, NULL)) {
        const waiting *waiting = key;
        if (winners->publications[(waiting->first >> 1) % PUBLICATIONS_KEPT].tag == waiting->first)
            contradicted += waiting->count;
    }
    return contradicted;
}

winner_counts winners_count(const winners *winners)
{
    winner_counts counts = winners->counts;
    GHashTableIter iterator;
    gpointer key;
    counts.contradicted += late_contradictions(winners);
    g_hash_table_iter_init(&iterator, winners->for_commit);
    while (g_hash_table_iter_next(&iterator, &key, NULL))
        counts.unmatched += ((const waiting *)key)->count;
    return counts;
}
