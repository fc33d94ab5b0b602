#include "survey.h"

#include <string.h>

#include "progress.h"
#include "text.h"

int64_t amount_bytes(const struct amount *amount)
{
    return amount->key_bytes + amount->value_bytes;
}

static int64_t added(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b; /* sizes come from the file */
}

static void add(struct amount *to, const struct amount *amount)
{
    to->keys = added(to->keys, amount->keys);
    to->key_bytes = added(to->key_bytes, amount->key_bytes);
    to->value_bytes = added(to->value_bytes, amount->value_bytes);
}

/* -------------------------------------------------------------------------------------- top -- */

static void clear_entry(gpointer entry)
{
    g_byte_array_unref(((struct entry *)entry)->name);
}

static struct top top_make(guint limit)
{
    struct top top = {.entries = g_array_new(FALSE, FALSE, sizeof(struct entry)), .limit = limit};
    g_array_set_clear_func(top.entries, clear_entry);
    return top;
}

static int compare_ranks(gconstpointer a, gconstpointer b)
{
    const struct entry *left = a, *right = b;
    if (left->rank != right->rank)
        return left->rank > right->rank ? -1 : 1;
    return key_compare(stm_bytes_of(left->name->data, left->name->len),
                       stm_bytes_of(right->name->data, right->name->len));
}

static void cut(struct top *top)
{
    g_array_sort(top->entries, compare_ranks);
    if (top->entries->len <= top->limit)
        return;
    for (guint i = top->limit; i < top->entries->len; i++)
        add(&top->others, &g_array_index(top->entries, struct entry, i).amount);
    g_array_set_size(top->entries, top->limit);
}

/* Takes the name over. Cut when twice as many have come together, so that each costs little. */
static void offer(struct top *top, struct entry entry)
{
    top->count++;
    g_array_append_val(top->entries, entry);
    if (top->entries->len >= 2 * (top->limit + 16))
        cut(top);
}

/* Its data is never NULL, not even of no bytes. */
static GByteArray *copied(const void *data, size_t size)
{
    GByteArray *bytes = g_byte_array_sized_new((guint)MAX(size, 1));
    return g_byte_array_append(bytes, data, (guint)size);
}

/* --------------------------------------------------------------------------------- prefixes -- */

/* A prefix that is being added up, of so many parts: all keys that begin so, and those that have no further
 * part. */
struct level {
    GByteArray *prefix;
    struct amount all, direct;
};

struct prefixes {
    struct level levels[SURVEY_DEPTH_MAX + 1];
    struct level first; /* by the first character in which keys differ: what all have in common, and one more */
    size_t common;      /* bytes that all keys so far have in common */
    struct amount past; /* all keys so far */
    const char *separators;
};

static void finish_level(struct survey *survey, struct level *level, unsigned depth)
{
    const GByteArray *prefix = level->prefix;
    if (depth > 0 && level->all.keys > 0)
        offer(&survey->prefixes[depth], (struct entry){.name = copied(prefix->data, prefix->len),
                                                       .amount = level->all,
                                                       .rank = amount_bytes(&level->all)});
    for (unsigned deeper = depth + 1; deeper <= SURVEY_DEPTH_MAX && level->direct.keys > 0; deeper++)
        offer(&survey->prefixes[deeper], (struct entry){.name = copied(prefix->data, prefix->len),
                                                        .amount = level->direct,
                                                        .rank = amount_bytes(&level->direct),
                                                        .direct = true});
    level->all = level->direct = (struct amount){0};
}

static void finish_first(struct survey *survey, struct prefixes *prefixes)
{
    struct level *first = &prefixes->first;
    if (first->all.keys > 0)
        offer(&survey->prefixes[0], (struct entry){.name = copied(first->prefix->data, first->prefix->len),
                                                   .amount = first->all,
                                                   .rank = amount_bytes(&first->all),
                                                   .direct = first->prefix->len == prefixes->common});
    first->all = (struct amount){0};
}

static bool begins_with(stm_bytes key, const GByteArray *prefix)
{
    return key.size >= prefix->len && memcmp(key.data, prefix->data, prefix->len) == 0;
}

static void set_prefix(struct level *level, stm_bytes key, size_t size)
{
    g_byte_array_set_size(level->prefix, 0);
    g_byte_array_append(level->prefix, key.data, (guint)size);
}

/* Where each of the key's parts ends, its separator included; returns how many parts have one. */
static unsigned find_parts(stm_bytes key, const char *separators, size_t ends[SURVEY_DEPTH_MAX + 1])
{
    const char *data = key.data;
    unsigned count = 0;
    ends[0] = 0;
    for (size_t i = 0; i < key.size && count < SURVEY_DEPTH_MAX; i++)
        if (data[i] != '\0' && strchr(separators, data[i]) != NULL)
            ends[++count] = i + 1;
    return count;
}

/* How many bytes of these, in whole characters, the key begins with. */
static size_t common_size(stm_bytes key, const unsigned char *bytes, size_t size)
{
    size_t common = 0;
    while (common < size && common < key.size) {
        gunichar character;
        size_t next = common + text_character(bytes + common, size - common, &character);
        if (next > key.size || memcmp(bytes + common, (const char *)key.data + common, next - common) != 0)
            break;
        common = next;
    }
    return common;
}

/* Where the key's first character behind the common ones ends. */
static size_t first_end(stm_bytes key, size_t common)
{
    gunichar character;
    const unsigned char *data = key.data;
    return common == key.size ? common : common + text_character(data + common, key.size - common, &character);
}

/* All keys so far have more in common with each other than with the next one: they are one entry. */
static void join_first(struct survey *survey, struct prefixes *prefixes, size_t common)
{
    struct level *first = &prefixes->first;
    struct top *top = &survey->prefixes[0];
    g_array_set_size(top->entries, 0);
    *top = (struct top){.entries = top->entries, .limit = top->limit};
    first->all = prefixes->past;
    g_byte_array_set_size(first->prefix,
                          (guint)first_end(stm_bytes_of(first->prefix->data, first->prefix->len), common));
    prefixes->common = common;
}

static void add_to_first(struct survey *survey, struct prefixes *prefixes, stm_bytes key,
                         const struct amount *amount)
{
    struct level *first = &prefixes->first;
    if (prefixes->past.keys == 0)
        set_prefix(first, key, prefixes->common = key.size);
    size_t common = common_size(key, first->prefix->data, prefixes->common);
    if (common < prefixes->common)
        join_first(survey, prefixes, common);
    size_t size = first_end(key, prefixes->common);
    if (first->prefix->len != size || !begins_with(key, first->prefix)) {
        finish_first(survey, prefixes);
        set_prefix(first, key, size);
    }
    add(&first->all, amount);
    add(&prefixes->past, amount);
}

/* Levels that the key does not continue are finished, the deepest first; then it begins its own. */
static void add_to_prefixes(struct survey *survey, struct prefixes *prefixes, stm_bytes key,
                            const struct amount *amount)
{
    size_t ends[SURVEY_DEPTH_MAX + 1];
    unsigned parts = find_parts(key, prefixes->separators, ends), same = 0;
    while (same < parts && prefixes->levels[same + 1].prefix->len == ends[same + 1] &&
           begins_with(key, prefixes->levels[same + 1].prefix))
        same++;
    for (unsigned depth = SURVEY_DEPTH_MAX; depth > same; depth--) {
        finish_level(survey, &prefixes->levels[depth], depth);
        set_prefix(&prefixes->levels[depth], key, depth <= parts ? ends[depth] : 0);
    }
    for (unsigned depth = 0; depth <= parts; depth++)
        add(&prefixes->levels[depth].all, amount);
    add(&prefixes->levels[parts].direct, amount);
    add_to_first(survey, prefixes, key, amount);
}

static void finish_prefixes(struct survey *survey, struct prefixes *prefixes)
{
    for (unsigned depth = SURVEY_DEPTH_MAX + 1; depth-- > 0;) {
        finish_level(survey, &prefixes->levels[depth], depth);
        g_byte_array_unref(prefixes->levels[depth].prefix);
    }
    finish_first(survey, prefixes);
    g_byte_array_unref(prefixes->first.prefix);
}

/* The fewest parts by which no single prefix has nearly everything; 0 if all keys are in one whatever their parts. */
static unsigned best_depth(const struct survey *survey)
{
    const struct entry *first;
    if (survey->prefixes[1].entries->len == 0)
        return 0;
    first = &g_array_index(survey->prefixes[1].entries, struct entry, 0);
    if (survey->prefixes[1].count == 1 && first->name->len == 0)
        return 0; /* no key has a separator */
    for (unsigned depth = 1; depth <= SURVEY_DEPTH_MAX; depth++) {
        first = &g_array_index(survey->prefixes[depth].entries, struct entry, 0);
        if ((double)amount_bytes(&first->amount) < 0.9 * (double)amount_bytes(&survey->all))
            return depth;
    }
    return survey->prefixes[1].count == 1 ? 0 : 1;
}

/* ----------------------------------------------------------------------------------- survey -- */

static unsigned bucket_of(int64_t size)
{
    unsigned bucket = 0;
    for (; size > 0; size >>= 1)
        bucket++;
    return bucket;
}

#define WRITERS_MAX 65535 /* more labels a store cannot have */

static void add_writer(struct survey *survey, GHashTable *writers, const struct row *row,
                       const struct amount *amount)
{
    GBytes *label = g_bytes_new(row->writer_label.data, MIN(row->writer_label.size, STM_LABEL_SIZE_MAX));
    struct amount *of = g_hash_table_lookup(writers, label);
    if (of == NULL && g_hash_table_size(writers) < WRITERS_MAX) {
        of = g_new0(struct amount, 1);
        g_hash_table_insert(writers, g_bytes_ref(label), of);
    }
    add(of == NULL ? &survey->writers.others : of, amount);
    g_bytes_unref(label);
}

static void offer_writers(struct survey *survey, GHashTable *writers)
{
    GHashTableIter each;
    gpointer label, amount;
    g_hash_table_iter_init(&each, writers);
    while (g_hash_table_iter_next(&each, &label, &amount)) {
        gsize size;
        const void *data = g_bytes_get_data(label, &size);
        const struct amount *of = amount;
        offer(&survey->writers, (struct entry){.name = copied(data, size), .amount = *of, .rank = of->keys});
    }
}

/* The name is copied only of those that may stay. */
static void offer_key(struct top *top, const struct row *row, const struct amount *amount, int64_t rank,
                      int64_t *least)
{
    if (top->entries->len >= top->limit && rank <= *least) {
        top->count++;
        return;
    }
    offer(top, (struct entry){.name = copied(row->key.data, row->key.size),
                              .amount = *amount,
                              .rank = rank,
                              .version = row->version,
                              .type = row->type});
    if (top->entries->len >= 2 * (top->limit + 16) - 1)
        cut(top);
    if (top->entries->len == top->limit && top->limit > 0)
        *least = g_array_index(top->entries, struct entry, top->limit - 1).rank;
}

static void add_row(struct survey *survey, const struct row *row, const struct amount *amount)
{
    unsigned type = row->type < 0 || row->type > STM_TYPE_MAX ? SURVEY_TYPES - 1 : (unsigned)row->type;
    add(&survey->all, amount);
    add(&survey->types[type], amount);
    add(&survey->values[bucket_of(row->size)], amount);
}

static void go_through(struct survey *survey, struct rows *rows, const struct options *options)
{
    struct prefixes prefixes = {.first.prefix = copied("", 0), .separators = options->separators};
    GHashTable *writers =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, g_free);
    int64_t least_size = -1, least_version = -1;
    for (unsigned depth = 0; depth <= SURVEY_DEPTH_MAX; depth++)
        prefixes.levels[depth].prefix = copied("", 0);
    while (rows_next(rows)) {
        const struct row *row = &rows->row;
        struct amount amount = {1, (int64_t)row->key.size, row->size};
        add_row(survey, row, &amount);
        add_to_prefixes(survey, &prefixes, row->key, &amount);
        offer_key(&survey->largest, row, &amount, row->size, &least_size);
        offer_key(&survey->published, row, &amount, row->version, &least_version);
        if (row->has_writer)
            add_writer(survey, writers, row, &amount);
        progress_step(rows->count);
    }
    finish_prefixes(survey, &prefixes);
    offer_writers(survey, writers);
    g_hash_table_unref(writers);
}

void survey_make(struct survey *survey, struct file *file, const struct snapshot *snapshot,
                 const struct options *options, guint limit)
{
    struct rows rows;
    *survey = (struct survey){.largest = top_make(limit),
                              .published = top_make(limit),
                              .writers = top_make(limit),
                              .has_writers = snapshot->has_writers};
    for (unsigned depth = 0; depth <= SURVEY_DEPTH_MAX; depth++)
        survey->prefixes[depth] = top_make(limit);
    rows_open(&rows, file, snapshot, options, WITHOUT_VALUES);
    progress_begin("adding up", (uint64_t)snapshot->key_count);
    go_through(survey, &rows, options);
    progress_end();
    rows_close(&rows);
    for (unsigned depth = 0; depth <= SURVEY_DEPTH_MAX; depth++)
        cut(&survey->prefixes[depth]);
    cut(&survey->largest);
    cut(&survey->published);
    cut(&survey->writers);
    survey->depth = options->depth < 0 ? best_depth(survey) : (unsigned)options->depth;
}

void survey_free(struct survey *survey)
{
    for (unsigned depth = 0; depth <= SURVEY_DEPTH_MAX; depth++)
        g_array_free(survey->prefixes[depth].entries, TRUE);
    g_array_free(survey->largest.entries, TRUE);
    g_array_free(survey->published.entries, TRUE);
    g_array_free(survey->writers.entries, TRUE);
}

GString *prefix_text(const struct entry *entry, size_t columns_max)
{
    if (entry->direct && entry->name->len == 0)
        return g_string_new("(no prefix)");
    GString *text = text_escaped(stm_bytes_of(entry->name->data, entry->name->len), columns_max - 1);
    g_string_append(text, entry->direct ? "" : "*");
    if (entry->direct)
        g_string_append(text, "(no further)");
    return text;
}

const char *bucket_text(unsigned bucket)
{
    static char text[48];
    int64_t from = bucket == 0 ? 0 : INT64_C(1) << (bucket - 1);
    int64_t to = bucket == 0 ? 0 : bucket == 63 ? INT64_MAX : (INT64_C(1) << bucket) - 1;
    if (from == to)
        g_snprintf(text, sizeof text, "%s", text_count(from));
    else
        g_snprintf(text, sizeof text, "%s to %s", text_count(from), text_count(to));
    return text;
}
