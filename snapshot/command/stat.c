/* stat -- what takes the room: sizes by prefix and type, how large values are, who wrote, what was published
 * most. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "fail.h"
#include "snapshot_json.h"
#include "survey.h"
#include "text.h"

#define NAME_COLUMNS 40
#define BAR_COLUMNS 30

static const struct entry *entry_at(const struct top *top, guint i)
{
    return &g_array_index(top->entries, struct entry, i);
}

static stm_bytes name_of(const struct entry *entry)
{
    return stm_bytes_of(entry->name->data, entry->name->len);
}

static double share(int64_t part, int64_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0.0;
}

/* ------------------------------------------------------------------------------------- text -- */

static void put_amount(const struct amount *amount, const struct amount *all)
{
    printf("%12s  %10s  %5.1f %%\n", text_count(amount->keys), text_size(amount_bytes(amount)),
           share(amount_bytes(amount), amount_bytes(all)));
}

static void put_padded(const char *text, size_t columns)
{
    int pad = (int)columns - (int)g_utf8_strlen(text, -1);
    printf("%s%*s  ", text, pad > 0 ? pad : 0, "");
}

static void put_heading(const char *name, const char *columns)
{
    putchar('\n');
    put_padded(name, NAME_COLUMNS);
    puts(columns);
}

static void put_others(const struct top *top, const struct amount *all)
{
    if (top->others.keys == 0)
        return;
    put_padded("(others)", NAME_COLUMNS);
    put_amount(&top->others, all);
}

static void put_prefixes(const struct survey *survey)
{
    const struct top *top = &survey->prefixes[survey->depth];
    put_heading(survey->depth == 0 ? "FIRST CHARACTER" : "PREFIX", "        KEYS        SIZE    SHARE");
    for (guint i = 0; i < top->entries->len; i++) {
        GString *text = prefix_text(entry_at(top, i), NAME_COLUMNS);
        put_padded(text->str, NAME_COLUMNS);
        put_amount(&entry_at(top, i)->amount, &survey->all);
        g_string_free(text, TRUE);
    }
    put_others(top, &survey->all);
}

static void put_types(const struct survey *survey)
{
    put_heading("TYPE", "        KEYS        SIZE    SHARE");
    for (unsigned type = 0; type < SURVEY_TYPES; type++)
        if (survey->types[type].keys > 0) {
            put_padded(type <= STM_TYPE_MAX ? type_name(type) : "(no type)", NAME_COLUMNS);
            put_amount(&survey->types[type], &survey->all);
        }
}

static void put_writers(const struct survey *survey)
{
    put_heading("WRITTEN LAST BY", "        KEYS        SIZE    SHARE");
    for (guint i = 0; i < survey->writers.entries->len; i++) {
        size_t used = text_put_short(stdout, name_of(entry_at(&survey->writers, i)), NAME_COLUMNS);
        printf("%*s  ", (int)(NAME_COLUMNS - used), "");
        put_amount(&entry_at(&survey->writers, i)->amount, &survey->all);
    }
    put_others(&survey->writers, &survey->all);
}

static void put_histogram(const struct survey *survey)
{
    int64_t most = 1;
    for (unsigned i = 0; i < SURVEY_BUCKETS; i++)
        most = MAX(most, survey->values[i].keys);
    put_heading("BYTES IN A VALUE", "        KEYS");
    for (unsigned i = 0; i < SURVEY_BUCKETS; i++) {
        int64_t keys = survey->values[i].keys;
        int bar = (int)((double)keys / (double)most * BAR_COLUMNS);
        if (keys == 0)
            continue;
        put_padded(bucket_text(i), NAME_COLUMNS);
        printf("%12s  %.*s\n", text_count(keys), bar > 0 ? bar : 1, "##############################");
    }
}

static void put_keys(const char *name, const struct top *top)
{
    put_heading(name, "     VERSION        SIZE");
    for (guint i = 0; i < top->entries->len; i++) {
        const struct entry *entry = entry_at(top, i);
        size_t used = text_put_short(stdout, name_of(entry), NAME_COLUMNS);
        printf("%*s  %12s  %10s\n", (int)(NAME_COLUMNS - used), "", text_count(entry->version),
               text_size(entry->amount.value_bytes));
    }
}

static void put_all(const struct survey *survey, const struct file *file, const struct snapshot *snapshot)
{
    text_put(stdout, stm_text(file->path));
    printf(":%lld  ", (long long)snapshot->id);
    text_put(stdout, stm_text(snapshot->taken_at));
    fputs("  ", stdout);
    text_put(stdout, stm_text(snapshot->label));
    printf("\n%s keys: %s of keys, %s of values; revision %s\n", text_count(survey->all.keys),
           text_size(survey->all.key_bytes), text_size(survey->all.value_bytes),
           text_count(snapshot->revision));
    put_prefixes(survey);
    put_types(survey);
    put_histogram(survey);
    if (survey->has_writers)
        put_writers(survey);
    put_keys("LARGEST", &survey->largest);
    put_keys("PUBLISHED MOST", &survey->published);
}

/* ------------------------------------------------------------------------------------- json -- */

static void amount_json(struct json *json, const struct amount *amount)
{
    json_integer(json, "keys", amount->keys);
    json_integer(json, "key_bytes", amount->key_bytes);
    json_integer(json, "value_bytes", amount->value_bytes);
}

static void amounts_json(struct json *json, const char *name, const struct top *top, const char *each)
{
    json_open(json, name, '[', JSON_LINES);
    for (guint i = 0; i < top->entries->len; i++) {
        json_open(json, NULL, '{', JSON_INLINE);
        json_escaped(json, each, name_of(entry_at(top, i)));
        if (entry_at(top, i)->direct)
            json_bool(json, "no_further_part", true);
        amount_json(json, &entry_at(top, i)->amount);
        json_close(json);
    }
    json_close(json);
}

static void keys_json(struct json *json, const char *name, const struct top *top)
{
    json_open(json, name, '[', JSON_LINES);
    for (guint i = 0; i < top->entries->len; i++) {
        const struct entry *entry = entry_at(top, i);
        json_open(json, NULL, '{', JSON_INLINE);
        json_escaped(json, "key", name_of(entry));
        json_string(json, "type", stm_text(type_name(entry->type)));
        json_integer(json, "size", entry->amount.value_bytes);
        json_integer(json, "version", entry->version);
        json_close(json);
    }
    json_close(json);
}

static void histogram_json(struct json *json, const struct survey *survey)
{
    json_open(json, "value_sizes", '[', JSON_LINES);
    for (unsigned i = 0; i < SURVEY_BUCKETS; i++) {
        if (survey->values[i].keys == 0)
            continue;
        json_open(json, NULL, '{', JSON_INLINE);
        json_integer(json, "from", i == 0 ? 0 : INT64_C(1) << (i - 1));
        json_integer(json, "to", i == 0 ? 0 : i == 63 ? INT64_MAX : (INT64_C(1) << i) - 1);
        json_integer(json, "keys", survey->values[i].keys);
        json_close(json);
    }
    json_close(json);
}

static void types_json(struct json *json, const struct survey *survey)
{
    json_open(json, "types", '[', JSON_LINES);
    for (unsigned type = 0; type < SURVEY_TYPES; type++)
        if (survey->types[type].keys > 0) {
            json_open(json, NULL, '{', JSON_INLINE);
            json_string(json, "type", stm_text(type <= STM_TYPE_MAX ? type_name(type) : "none"));
            amount_json(json, &survey->types[type]);
            json_close(json);
        }
    json_close(json);
}

static void all_json(const struct survey *survey, const struct file *file, const struct snapshot *snapshot)
{
    struct json json = json_on(stdout);
    const struct top *prefixes = &survey->prefixes[survey->depth];
    json_open(&json, NULL, '{', JSON_LINES);
    json_escaped(&json, "file", stm_text(file->path));
    json_open(&json, "snapshot", '{', JSON_INLINE);
    snapshot_json(&json, snapshot);
    json_close(&json);
    amount_json(&json, &survey->all);
    json_integer(&json, "prefix_depth", survey->depth);
    json_integer(&json, "prefix_count", prefixes->count);
    amounts_json(&json, "prefixes", prefixes, "prefix");
    json_open(&json, "other_prefixes", '{', JSON_INLINE);
    amount_json(&json, &prefixes->others);
    json_close(&json);
    types_json(&json, survey);
    histogram_json(&json, survey);
    if (survey->has_writers)
        amounts_json(&json, "writers", &survey->writers, "label");
    keys_json(&json, "largest", &survey->largest);
    keys_json(&json, "published_most", &survey->published);
    json_close(&json);
}

static int run(const struct options *options)
{
    struct file file;
    struct snapshot snapshot;
    struct survey survey;
    file_open_at(&file, options->operands[0], options->at, &snapshot);
    survey_make(&survey, &file, &snapshot, options, (guint)options->top);
    if (options->json)
        all_json(&survey, &file, &snapshot);
    else
        put_all(&survey, &file, &snapshot);
    survey_free(&survey);
    snapshot_free(&snapshot);
    file_close(&file);
    return EXIT_FINE;
}

const struct command command_stat = {
    .name = "stat",
    .operands = "FILE[:ID]",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "sizes by prefix, type and writer; how large values are",
    .accepts = "akdstj",
    .text = "A prefix is the first parts of a key, each with its separator: of account:7:name, account: is "
            "one part deep.\n"
            "--depth 0 goes by the first character in which keys differ.\n",
    .run = run,
};
