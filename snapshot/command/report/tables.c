/* tables.c -- the tables of the page. What a table shows as text, it sorts as text; figures tell their plain
 * value. */
#include <inttypes.h>

#include "../text.h"
#include "figure.h"
#include "markup.h"
#include "parts.h"
#include "table.h"

static void cell_size(GString *html, int64_t size)
{
    g_string_append_printf(html, "<td class=\"n\" data-v=\"%" PRId64 "\">%s</td>", size, text_size(size));
}

/* Versions of nothing sort below all others. */
static void cell_version(GString *html, int64_t version)
{
    if (version > 0)
        cell_count(html, (uint64_t)version);
    else
        cell_unknown(html);
}

static void cell_escaped(GString *html, stm_bytes bytes)
{
    GString *text = text_escaped(bytes, 120);
    cell_name(html, text->str);
    g_string_free(text, TRUE);
}

static stm_bytes name_of(const struct entry *entry)
{
    return stm_bytes_of(entry->name->data, entry->name->len);
}

static void amount_cells(GString *html, const struct amount *amount, const struct amount *all)
{
    cell_count(html, (uint64_t)amount->keys);
    cell_size(html, amount_bytes(amount));
    cell_ratio(html, (uint64_t)amount_bytes(amount), (uint64_t)amount_bytes(all));
}

/* Of what was too much to be kept, a line that sorts like the others. */
static void others_row(GString *html, const struct top *top, const struct amount *all)
{
    if (top->others.keys == 0)
        return;
    table_row_begin(html);
    cell_text(html, "(others)");
    amount_cells(html, &top->others, all);
    table_row_end(html);
}

#define AMOUNT_COLUMNS                                        \
    {"Keys", NULL, 'n'}, {"Size", "of keys and values", 'n'}, \
    {                                                         \
        "Share", "of all bytes", 'n'                          \
    }

void prefixes_write(GString *html, const struct facts *facts)
{
    static const column columns[] = {{"Prefix", NULL, 't'}, AMOUNT_COLUMNS};
    const struct top *top = &facts->survey.prefixes[facts->survey.depth];
    if (facts->survey.all.keys == 0)
        return;
    table_open(html, facts->survey.depth == 0 ? "First characters" : "Prefixes", columns,
               G_N_ELEMENTS(columns));
    for (guint i = 0; i < top->entries->len; i++) {
        const struct entry *entry = &g_array_index(top->entries, struct entry, i);
        GString *text = prefix_text(entry, 120);
        table_row_begin(html);
        cell_name(html, text->str);
        amount_cells(html, &entry->amount, &facts->survey.all);
        table_row_end(html);
        g_string_free(text, TRUE);
    }
    others_row(html, top, &facts->survey.all);
    table_close(html, top->entries->len);
}

void types_write(GString *html, const struct facts *facts)
{
    static const column columns[] = {{"Type", NULL, 't'}, AMOUNT_COLUMNS};
    const struct survey *survey = &facts->survey;
    if (survey->all.keys == 0)
        return;
    table_open(html, "Types of values", columns, G_N_ELEMENTS(columns));
    for (unsigned type = 0; type < SURVEY_TYPES; type++) {
        if (survey->types[type].keys == 0)
            continue;
        table_row_begin(html);
        cell_text(html, type <= STM_TYPE_MAX ? type_name(type) : "(no type)");
        amount_cells(html, &survey->types[type], &survey->all);
        table_row_end(html);
    }
    table_close(html, SURVEY_TYPES);
}

void writers_write(GString *html, const struct facts *facts)
{
    static const column columns[] = {{"Label", "of the transaction that published the key last", 't'},
                                     AMOUNT_COLUMNS};
    const struct top *top = &facts->survey.writers;
    if (!facts->survey.has_writers || top->entries->len == 0) {
        nothing_write(html, "Writers are shown if the snapshot was exported with them.");
        return;
    }
    table_open(html, "Written last by", columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < top->entries->len; i++) {
        const struct entry *entry = &g_array_index(top->entries, struct entry, i);
        table_row_begin(html);
        cell_escaped(html, name_of(entry));
        amount_cells(html, &entry->amount, &facts->survey.all);
        table_row_end(html);
    }
    others_row(html, top, &facts->survey.all);
    table_close(html, top->entries->len);
}

static void keys_write(GString *html, const char *caption, const struct top *top)
{
    static const column columns[] = {{"Key", NULL, 't'},
                                     {"Type", NULL, 't'},
                                     {"Value", "its size", 'n'},
                                     {"Version", "how often it was published", 'n'}};
    if (top->entries->len == 0)
        return;
    table_open(html, caption, columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < top->entries->len; i++) {
        const struct entry *entry = &g_array_index(top->entries, struct entry, i);
        table_row_begin(html);
        cell_escaped(html, name_of(entry));
        cell_text(html, type_name(entry->type));
        cell_size(html, entry->amount.value_bytes);
        cell_version(html, entry->version);
        table_row_end(html);
    }
    table_close(html, top->entries->len);
    if (top->count > (int64_t)top->entries->len)
        g_string_append_printf(html, "<p class=\"more\">The first %u of %s.</p>\n", top->entries->len,
                               text_count(top->count));
}

void largest_write(GString *html, const struct facts *facts)
{
    keys_write(html, "Largest values", &facts->survey.largest);
}

void published_write(GString *html, const struct facts *facts)
{
    keys_write(html, "Published most often", &facts->survey.published);
}

/* ---------------------------------------------------------------------------------- history -- */

void instants_write(GString *html, const struct facts *facts)
{
    static const column columns[] = {{"Id", NULL, 'n'},     {"Taken at", NULL, 't'},
                                     {"Label", NULL, 't'},  {"Revision", NULL, 'n'},
                                     {"Keys", NULL, 'n'},   {"Size", "of keys and values", 'n'},
                                     {"Added", NULL, 'n'},  {"Changed", "or published again", 'n'},
                                     {"Removed", NULL, 'n'}};
    table_open(html, "Snapshots", columns, G_N_ELEMENTS(columns));
    for (guint i = facts->instants->len; i-- > 0;) {
        const struct instant *each = &g_array_index(facts->instants, struct instant, i);
        const struct snapshot *snapshot = &each->snapshot;
        table_row_begin(html);
        cell_number(html, (uint64_t)snapshot->id);
        cell_escaped(html, stm_text(snapshot->taken_at));
        cell_escaped(html, stm_text(snapshot->label));
        cell_count(html, (uint64_t)snapshot->revision);
        cell_count(html, (uint64_t)snapshot->key_count);
        cell_size(html, snapshot->bytes);
        cell_count(html, (uint64_t)MAX(each->added, 0));
        cell_count(html, (uint64_t)MAX(each->changed, 0));
        cell_count(html, (uint64_t)MAX(each->removed, 0));
        table_row_end(html);
    }
    table_close(html, facts->instants->len);
}

/* Sorts by how often it was published in between. */
static void versions_cell(GString *html, const struct difference *difference)
{
    int64_t was = difference->version_before, is = difference->version_after;
    g_string_append_printf(html, "<td class=\"n\" data-v=\"%" PRId64 "\">", is > was ? is - was : 0);
    if (was > 0)
        g_string_append(html, text_count(was));
    g_string_append(html, was > 0 && is > 0 ? " → " : "");
    if (is > 0)
        g_string_append(html, text_count(is));
    g_string_append(html, "</td>");
}

static void difference_row(GString *html, const struct difference *difference)
{
    static const char *const marks[] = {"", "+ added", "− removed", "~ changed", ""};
    table_row_begin(html);
    g_string_append_printf(html, "<td class=\"mark-%s\">%s</td>", change_name(difference->change),
                           marks[difference->change]);
    cell_name(html, difference->key->str);
    cell_name(html, difference->before->str);
    cell_name(html, difference->after->str);
    versions_cell(html, difference);
    cell_name(html, difference->writer->str);
    table_row_end(html);
}

void differences_write(GString *html, const struct facts *facts)
{
    static const column columns[] = {{"Change", NULL, 't'},
                                     {"Key", NULL, 't'},
                                     {"Before", NULL, 't'},
                                     {"After", NULL, 't'},
                                     {"Versions", "how often the key had been published", 'n'},
                                     {"Writer", NULL, 't'}};
    const uint64_t *counts = facts->counts;
    uint64_t all = counts[CHANGE_ADDED] + counts[CHANGE_REMOVED] + counts[CHANGE_VALUE];
    if (!facts->has_before) {
        nothing_write(html, "There is no snapshot before to compare with.");
        return;
    }
    if (all == 0) {
        nothing_write(html, "No key has another value than in the snapshot before.");
        return;
    }
    table_open(html, "By value, in the order of keys", columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < facts->differences->len; i++)
        difference_row(html, &g_array_index(facts->differences, struct difference, i));
    table_close(html, facts->differences->len);
    if (all > facts->differences->len)
        g_string_append_printf(
            html, "<p class=\"more\">The first %u of %s; stm-snapshot diff shows all of them.</p>\n",
            facts->differences->len, figure_count(all).text);
}

/* --------------------------------------------------------------------------------- the store -- */

void hot_keys_write(GString *html, const struct facts *facts)
{
    static const column columns[] = {
        {"Key", NULL, 't'}, {"Conflicts", NULL, 'n'}, {"Too high by at most", NULL, 'n'}};
    if (facts->hot_keys->len == 0) {
        nothing_write(html, "No conflict had been counted when the snapshot was taken.");
        return;
    }
    table_open(html, "Conflicts, since the store was opened", columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < facts->hot_keys->len; i++) {
        const struct hot_key *hot = &g_array_index(facts->hot_keys, struct hot_key, i);
        table_row_begin(html);
        cell_name(html, hot->key->str);
        cell_count(html, (uint64_t)MAX(hot->conflicts, 0));
        cell_count(html, (uint64_t)MAX(hot->error, 0));
        table_row_end(html);
    }
    table_close(html, facts->hot_keys->len);
}

void counters_write(GString *html, const struct facts *facts)
{
    static const column columns[] = {{"Counter", NULL, 't'}, {"Value", NULL, 'n'}};
    if (facts->counters->len == 0)
        return;
    table_open(html, "Counters of the store", columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < facts->counters->len; i++) {
        const struct counter *counter = &g_array_index(facts->counters, struct counter, i);
        table_row_begin(html);
        cell_name(html, counter->name->str);
        cell_count(html, (uint64_t)MAX(counter->value, 0));
        table_row_end(html);
    }
    table_close(html, facts->counters->len);
}
