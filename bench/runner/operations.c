/*
 * operations.c -- see operations.h. What all peers are asked to do is decided here, with the same random
 * numbers for each; what it costs to choose keys and write their texts is part of every measurement.
 */
#include "operations.h"

#include "../key_text.h"

#define READ_COUNT 4
#define LONG_COUNT 64
#define WORD_COUNT 32
#define WORD_SLOTS 64 /* a power of two, for finding a word that came before */
#define RANGE_COUNT 100

/* Keys of one operation while it is put together. */
typedef struct choice {
    char texts[PEER_KEYS_MAX][PEER_KEY_SIZE];
    uint32_t numbers[PEER_KEYS_MAX];
} choice;

static size_t key_count(const bench_worker *worker)
{
    return worker->session->key_count;
}

static peer_keys keys_of(const choice *c, size_t count)
{
    return (peer_keys){(const char(*)[PEER_KEY_SIZE])c->texts, c->numbers, count};
}

static peer_keys name_keys(const bench_worker *worker, choice *c, size_t count)
{
    for (size_t i = 0; i < count && !worker->session->peer->by_handle; i++)
        bench_key_write(c->texts[i], c->numbers[i]);
    return keys_of(c, count);
}

/* Different ones, since each is of a stretch of its own; beginning anywhere, so that they come in no order. */
static void choose_apart(bench_worker *worker, choice *c, size_t count)
{
    size_t stretch = key_count(worker) / count, first = bench_random_below(&worker->random, count);
    for (size_t i = 0; i < count; i++)
        c->numbers[i] =
            (uint32_t)((first + i) % count * stretch) + bench_random_below(&worker->random, stretch);
}

static void choose_pair(bench_worker *worker, choice *c, size_t count)
{
    (void)count;
    bench_random_pair(&worker->random, key_count(worker), c->numbers);
}

typedef void chooser(bench_worker *worker, choice *c, size_t count);

static void choose_ahead(bench_worker *worker, chooser *choose, bench_ahead *ahead, size_t count)
{
    choice next;
    choose(worker, &next, count);
    const peer_keys keys = name_keys(worker, &next, count);
    memcpy(ahead->numbers, next.numbers, count * sizeof next.numbers[0]);
    memcpy(ahead->texts, next.texts, count * sizeof next.texts[0]);
    ahead->chosen = true;
    worker->session->peer->prefetch(worker->context, &keys);
}

/* Chooses and names the keys of an operation: of this one, or of the next one if the peer wants to know them in time. */
static peer_keys choose_and_name(bench_worker *worker, chooser *choose, bench_ahead *ahead, choice *c, size_t count)
{
    if (worker->session->peer->prefetch == NULL) {
        choose(worker, c, count);
        return name_keys(worker, c, count);
    }
    if (!ahead->chosen)
        choose_ahead(worker, choose, ahead, count);
    memcpy(c->numbers, ahead->numbers, count * sizeof c->numbers[0]);
    memcpy(c->texts, ahead->texts, count * sizeof c->texts[0]);
    choose_ahead(worker, choose, ahead, count);
    return keys_of(c, count);
}

static void update(bench_worker *worker, choice *c, const int64_t *deltas, size_t count)
{
    const peer_keys keys = name_keys(worker, c, count);
    worker->session->peer->update(worker->context, &keys, deltas);
}

static void move_amount(bench_worker *worker, const peer_keys *keys)
{
    int64_t amount = (int64_t)(worker->random & 15);
    const int64_t deltas[2] = {-amount, amount};
    worker->session->peer->update(worker->context, keys, deltas);
}

static void transfer_chosen(bench_worker *worker, choice *c)
{
    const peer_keys keys = name_keys(worker, c, 2);
    move_amount(worker, &keys);
}

void transfer(bench_worker *worker)
{
    choice c;
    const peer_keys keys = choose_and_name(worker, choose_pair, &worker->transfer_ahead, &c, 2);
    move_amount(worker, &keys);
}

void transfer_zipf(bench_worker *worker)
{
    choice c;
    c.numbers[0] = zipf_next(&worker->session->zipf, &worker->random);
    do
        c.numbers[1] = zipf_next(&worker->session->zipf, &worker->random);
    while (c.numbers[1] == c.numbers[0]);
    transfer_chosen(worker, &c);
}

static void choose_partners(bench_worker *worker, choice *c)
{
    c->numbers[0] = bench_random_below(&worker->random, key_count(worker) / 2) * 2;
    c->numbers[1] = c->numbers[0] + 1;
}

void transfer_partner(bench_worker *worker)
{
    choice c;
    choose_partners(worker, &c);
    transfer_chosen(worker, &c);
}

void read_four(bench_worker *worker)
{
    choice c;
    const peer_keys keys = choose_and_name(worker, choose_apart, &worker->read_ahead, &c, READ_COUNT);
    worker->seen += worker->session->peer->read(worker->context, &keys);
}

/* A sum that is wrong breaks a promise, or is counted where there is none. */
static void note_wrong(bench_worker *worker, bool promised, const char *what, int64_t sum)
{
    if (promised)
        bench_fail("%s: %s added up to %lld", worker->session->peer->name, what, (long long)sum);
    worker->wrong++;
}

void read_partners(bench_worker *worker)
{
    choice c;
    choose_partners(worker, &c);
    const peer_keys keys = name_keys(worker, &c, 2);
    int64_t sum = worker->session->peer->read(worker->context, &keys);
    if (sum != 2 * OPENING_NUMBER)
        note_wrong(worker, worker->session->peer->gives.isolation != PEER_ISOLATION_NONE, "two accounts",
                   sum);
}

void mix(bench_worker *worker)
{
    if (bench_random_below(&worker->random, 10) == 0)
        transfer(worker);
    else
        read_four(worker);
}

void count_up(bench_worker *worker)
{
    static const int64_t one = 1;
    choice c;
    c.numbers[0] = bench_random_below(&worker->random, key_count(worker));
    update(worker, &c, &one, 1);
    worker->added++;
}

void transfer_many(bench_worker *worker)
{
    choice c;
    int64_t deltas[LONG_COUNT];
    choose_apart(worker, &c, LONG_COUNT);
    for (size_t i = 0; i < LONG_COUNT; i++)
        deltas[i] = i % 2 == 0 ? 1 : -1;
    update(worker, &c, deltas, LONG_COUNT);
}

/* Of each pair of numbers one key is there, and the other takes its place. Each thread has pairs of its own: so
 * it knows which is there, keys come back, and nobody's memory can grow for ever. */
void replace_key(bench_worker *worker)
{
    choice c;
    size_t count = key_count(worker) / worker->count;
    size_t pair = worker->index * count + bench_random_below(&worker->random, count);
    uint8_t *odd = &worker->session->odd[pair];
    c.numbers[0] = (uint32_t)(2 * pair + *odd);
    *odd = !*odd;
    c.numbers[1] = (uint32_t)(2 * pair + *odd);
    const peer_keys keys = name_keys(worker, &c, 2);
    worker->session->peer->replace(worker->context, &keys, worker->session->value);
}

/* A word that comes again is counted twice, not named twice. */
void count_words(bench_worker *worker)
{
    choice c;
    int64_t deltas[WORD_COUNT];
    uint8_t places[WORD_SLOTS] = {0}; /* of a word in the choice, from 1 */
    size_t count = 0;
    for (unsigned i = 0; i < WORD_COUNT; i++) {
        uint32_t word = zipf_next(&worker->session->zipf, &worker->random);
        unsigned slot = word % WORD_SLOTS;
        while (places[slot] != 0 && c.numbers[places[slot] - 1] != word)
            slot = (slot + 1) % WORD_SLOTS;
        if (places[slot] == 0) {
            c.numbers[count] = word;
            deltas[count] = 0;
            places[slot] = (uint8_t)++count;
        }
        deltas[places[slot] - 1]++;
    }
    update(worker, &c, deltas, count);
    worker->added += WORD_COUNT;
}

void scan_all(bench_worker *worker)
{
    const bench_session *session = worker->session;
    peer_sum all = session->peer->scan(worker->context);
    int64_t sum = (int64_t)session->key_count * OPENING_NUMBER;
    worker->context->commits++;
    if (all.count != session->key_count || all.sum != sum)
        note_wrong(worker, session->peer->gives.snapshot, "a scan", all.sum);
}

void range_of_hundred(bench_worker *worker)
{
    char low[PEER_KEY_SIZE];
    bench_key_write(low, bench_random_below(&worker->random, key_count(worker) - RANGE_COUNT + 1));
    peer_sum all = worker->session->peer->range(worker->context, low, RANGE_COUNT);
    if (all.count != RANGE_COUNT || all.sum != RANGE_COUNT * OPENING_NUMBER)
        bench_fail("%s: a range of %d keys has %zu", worker->session->peer->name, RANGE_COUNT, all.count);
    worker->context->commits++;
}
