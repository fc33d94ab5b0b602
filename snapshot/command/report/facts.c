#define _POSIX_C_SOURCE 200809L
#include "facts.h"

#include <sys/stat.h>

#include "../progress.h"
#include "../text.h"

#define VALUE_COLUMNS 40
#define KEY_COLUMNS 120

/* ---------------------------------------------------------------------------------- history -- */

static void keep_instant(const struct snapshot *snapshot, void *arg)
{
    struct facts *facts = arg;
    if (snapshot->id > facts->snapshot.id)
        return;
    struct instant instant = {.snapshot = *snapshot};
    instant.snapshot.label = g_strdup(snapshot->label);
    instant.snapshot.taken_at = g_strdup(snapshot->taken_at);
    instant.snapshot.written_by = NULL;
    if (facts->instants->len == SNAPSHOTS_SHOWN) {
        snapshot_free(&g_array_index(facts->instants, struct instant, 0).snapshot);
        g_array_remove_index(facts->instants, 0);
    }
    g_array_append_val(facts->instants, instant);
    facts->instant_count++;
}

/* The first of the snapshots shown that is not before id; NULL: none, or those not shown would have to be
 * asked. */
static struct instant *instant_from(const struct facts *facts, int64_t id)
{
    const GArray *instants = facts->instants;
    guint low = 0, high = instants->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(instants, struct instant, middle).snapshot.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    bool cut = low == 0 && facts->instant_count > (int64_t)instants->len;
    return low == instants->len || cut ? NULL : &g_array_index(instants, struct instant, low);
}

enum happening { APPEARED, WENT, REPLACED };

/* Rows by the snapshot since which, or until which, they were seen. A row that follows another of its key
 * between the same two snapshots has replaced it. Ids of snapshots that were pruned may stand for the next
 * one. */
static const char *const happenings[] = {
    [APPEARED] =
        "SELECT since, count(*) FROM (SELECT since FROM kv UNION ALL SELECT since FROM past) GROUP BY since",
    [WENT] = "SELECT until, count(*) FROM past GROUP BY until",
    [REPLACED] = "SELECT until, count(*) FROM (SELECT until, key, (SELECT min(id) FROM snapshots WHERE id >= "
                 "until) AS seen "
                 "FROM past) AS p WHERE EXISTS (SELECT 1 FROM kv AS k WHERE k.key = p.key AND k.since "
                 "BETWEEN p.until AND p.seen) "
                 "OR EXISTS (SELECT 1 FROM past AS k WHERE k.key = p.key AND k.since BETWEEN p.until AND "
                 "p.seen) GROUP BY until",
};

static void count_happenings(struct facts *facts, struct file *file)
{
    for (unsigned what = APPEARED; what <= REPLACED; what++) {
        sqlite3_stmt *statement = file_prepare(file, happenings[what]);
        while (file_step(file, statement)) {
            struct instant *instant = instant_from(facts, sqlite3_column_int64(statement, 0));
            int64_t count = sqlite3_column_int64(statement, 1);
            if (instant == NULL)
                continue;
            instant->added += what == APPEARED ? count : what == REPLACED ? -count : 0;
            instant->removed += what == WENT ? count : what == REPLACED ? -count : 0;
            instant->changed += what == REPLACED ? count : 0;
        }
        sqlite3_finalize(statement);
    }
}

/* ------------------------------------------------------------------------------ differences -- */

static GString *value_text(struct rows *rows)
{
    struct value value = rows_value(rows);
    GString *text = g_string_new(NULL);
    if (value.form == FORM_INTEGER)
        g_string_printf(text, "%" G_GINT64_FORMAT, value.integer);
    else if (value.form == FORM_REAL)
        g_string_assign(text, text_real(value.real));
    else if (value.form == FORM_NONE)
        g_string_printf(text, "(%s)", text_size(rows->row.size));
    else
        return g_string_free(text, TRUE), text_escaped(value.bytes, VALUE_COLUMNS);
    return text;
}

static bool keep_difference(enum change change, struct rows *before, struct rows *after, void *arg)
{
    struct facts *facts = arg;
    if (change == CHANGE_REPUBLISHED || facts->differences->len >= DIFFERENCES_SHOWN)
        return true;
    bool was = change != CHANGE_ADDED, is = change != CHANGE_REMOVED;
    const struct row *row = is ? &after->row : &before->row;
    struct difference difference = {
        .change = change,
        .key = text_escaped(row->key, KEY_COLUMNS),
        .before = was ? value_text(before) : g_string_new(NULL),
        .after = is ? value_text(after) : g_string_new(NULL),
        .writer = text_escaped(is && row->has_writer ? row->writer_label : stm_text(""), STM_LABEL_SIZE_MAX),
        .version_before = was ? before->row.version : 0,
        .version_after = is ? after->row.version : 0,
    };
    g_array_append_val(facts->differences, difference);
    return true;
}

static void find_differences(struct facts *facts, struct file *file, const struct options *options)
{
    struct rows rows[2];
    if (facts->instants->len < 2)
        return;
    facts->has_before = true;
    facts->before = g_array_index(facts->instants, struct instant, facts->instants->len - 2).snapshot;
    rows_open(&rows[0], file, &facts->before, options, WITH_VALUES);
    rows_open(&rows[1], file, &facts->snapshot, options, WITH_VALUES);
    progress_begin("comparing", (uint64_t)facts->snapshot.key_count);
    compare(&rows[0], &rows[1], keep_difference, facts, facts->counts);
    progress_end();
    rows_close(&rows[0]);
    rows_close(&rows[1]);
}

/* --------------------------------------------------------------------------------- the store -- */

#define COUNTERS_MAX "100"

static void read_hot_keys(struct facts *facts, struct file *file)
{
    sqlite3_stmt *statement = file_prepare(
        file, "SELECT key, count, error FROM hottest WHERE snapshot = ?1 ORDER BY rank LIMIT " COUNTERS_MAX);
    sqlite3_bind_int64(statement, 1, facts->snapshot.id);
    while (file_step(file, statement)) {
        struct hot_key hot = {text_escaped(file_text(statement, 0), KEY_COLUMNS),
                              sqlite3_column_int64(statement, 1), sqlite3_column_int64(statement, 2)};
        g_array_append_val(facts->hot_keys, hot);
    }
    sqlite3_finalize(statement);
}

static void read_counters(struct facts *facts, struct file *file)
{
    sqlite3_stmt *statement = file_prepare(
        file, "SELECT name, value FROM stats WHERE snapshot = ?1 ORDER BY name LIMIT " COUNTERS_MAX);
    sqlite3_bind_int64(statement, 1, facts->snapshot.id);
    while (file_step(file, statement)) {
        struct counter counter = {text_escaped(file_text(statement, 0), 60),
                                  sqlite3_column_int64(statement, 1)};
        g_array_append_val(facts->counters, counter);
    }
    sqlite3_finalize(statement);
}

void facts_gather(struct facts *facts, struct file *file, const struct snapshot *snapshot,
                  const struct options *options)
{
    struct stat found;
    *facts = (struct facts){
        .path = file->path,
        .file_bytes = stat(file->path, &found) == 0 ? (int64_t)found.st_size : 0,
        .snapshot = *snapshot,
        .instants = g_array_new(FALSE, FALSE, sizeof(struct instant)),
        .differences = g_array_new(FALSE, FALSE, sizeof(struct difference)),
        .hot_keys = g_array_new(FALSE, FALSE, sizeof(struct hot_key)),
        .counters = g_array_new(FALSE, FALSE, sizeof(struct counter)),
    };
    file_each(file, keep_instant, facts);
    count_happenings(facts, file);
    survey_make(&facts->survey, file, snapshot, options, ROWS_SHOWN);
    find_differences(facts, file, options);
    read_hot_keys(facts, file);
    read_counters(facts, file);
}

static void free_text(GString *text)
{
    g_string_free(text, TRUE);
}

void facts_free(struct facts *facts)
{
    for (guint i = 0; i < facts->instants->len; i++)
        snapshot_free(&g_array_index(facts->instants, struct instant, i).snapshot);
    for (guint i = 0; i < facts->differences->len; i++) {
        struct difference *difference = &g_array_index(facts->differences, struct difference, i);
        free_text(difference->key);
        free_text(difference->before);
        free_text(difference->after);
        free_text(difference->writer);
    }
    for (guint i = 0; i < facts->hot_keys->len; i++)
        free_text(g_array_index(facts->hot_keys, struct hot_key, i).key);
    for (guint i = 0; i < facts->counters->len; i++)
        free_text(g_array_index(facts->counters, struct counter, i).name);
    g_array_free(facts->instants, TRUE);
    g_array_free(facts->differences, TRUE);
    g_array_free(facts->hot_keys, TRUE);
    g_array_free(facts->counters, TRUE);
    survey_free(&facts->survey);
}
