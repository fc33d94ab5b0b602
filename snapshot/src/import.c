/*
 * import.c -- a snapshot in a file becomes the state of a store: read in the order of keys, in batches, each of
 * which is one transaction. A batch that loses to another writer is read again from its first key.
 *
 * Nothing in the file is believed: each row is checked for itself, and all of them together by the checksum that was
 * recorded, before the last batch is committed.
 */
#include "open.h"
#include "place.h"
#include "range.h"
#include "row.h"

#include <sched.h>
#include <string.h>

#define PROGRESS_EVERY 1024
#define BUSY_MAX 10000     /* commits of one batch that are told so */
#define ATTEMPTS_MAX 1000  /* of one batch, lost to other writers */
#define ROW_ROOM 10000     /* what a row has beside its value, at most */

/* What one pass over a batch adds up to; kept once it is committed. */
struct tally {
    struct stmi_sum sum;
    uint64_t imported, renumbered, kept, row_count;
};

struct import {
    struct stmi_sql sql;
    stm_store *store;
    stm_import_options options;
    stm_import_result *result;
    struct stmi_range range;
    int64_t snapshot;
    uint64_t total;
    unsigned char checksum[STM_CHECKSUM_SIZE];
    uint64_t batch_max; /* keys that one transaction takes */
    stm_txn *txn;
    struct tally done, batch;
    bool more; /* rows behind this batch */
    unsigned char last[STM_KEY_SIZE_MAX]; /* the key read last */
    size_t last_size;                     /* 0: none yet */
    unsigned char next[STM_KEY_SIZE_MAX + 1]; /* the next batch begins here */
    size_t next_size;                         /* 0: with the first key */
};

/* --------------------------------------------------------------------------- the snapshot -- */

static stm_file_status read_snapshot(struct import *import, sqlite3_stmt *statement)
{
    stm_bytes checksum = stmi_blob_read(statement, 1);
    if (sqlite3_column_int(statement, 2) == 0)
        return stmi_fault(import->sql.error, STM_FILE_INVALID, "snapshot %lld of %s was exported without values",
                          (long long)import->snapshot, import->sql.name);
    if (checksum.size != sizeof import->checksum)
        return stmi_fault(import->sql.error, STM_FILE_DAMAGED, "%s: snapshot %lld has no checksum", import->sql.name,
                          (long long)import->snapshot);
    import->total = (uint64_t)sqlite3_column_int64(statement, 0);
    memcpy(import->checksum, checksum.data, sizeof import->checksum);
    return STM_FILE_OK;
}

static stm_file_status find_snapshot(struct import *import)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    stm_file_status status = STM_FILE_OK;
    import->snapshot = import->options.snapshot;
    if (import->snapshot == 0)
        status = stmi_sql_number(&import->sql, "SELECT max(id) FROM main.snapshots", 0, &import->snapshot);
    if (status == STM_FILE_OK)
        status = stmi_sql_prepare(
            &import->sql, "SELECT key_count, checksum, has_values FROM main.snapshots WHERE id = ?1", &statement);
    if (status == STM_FILE_OK)
        status = stmi_sql_bound(&import->sql, sqlite3_bind_int64(statement, 1, import->snapshot));
    if (status == STM_FILE_OK)
        status = stmi_sql_step(&import->sql, statement, &row);
    if (status == STM_FILE_OK)
        status = row ? read_snapshot(import, statement)
                     : stmi_fault(import->sql.error, STM_FILE_NOT_FOUND, "%s has no snapshot %lld", import->sql.name,
                                  (long long)import->snapshot);
    sqlite3_finalize(statement);
    return status;
}

/* ---------------------------------------------------------------------------------- rows -- */

/* All keys of the snapshot from the batch's beginning. Without a lower bound keys that are no BLOBs show as well, and
 * are found to be wrong. */
static stm_file_status open_rows(struct import *import, sqlite3_stmt **rows)
{
    import->last_size = 0;
    stm_bytes low = import->range.low, high = import->range.high;
    if (import->next_size != 0)
        low = stm_bytes_of(import->next, import->next_size);
    const char *from = low.data == NULL ? "" : " AND key >= ?2", *to = high.data == NULL ? "" : " AND key < ?3";
    char *text = sqlite3_mprintf(
        "SELECT " STMI_ROW_NAMES " FROM main.kv WHERE since <= ?1%s%s UNION ALL"
        " SELECT " STMI_ROW_NAMES " FROM main.past WHERE since <= ?1 AND until > ?1%s%s ORDER BY key", from, to, from, to);
    if (text == NULL)
        return stmi_sql_fault(&import->sql, SQLITE_NOMEM, "read");
    stm_file_status status = stmi_sql_prepare(&import->sql, text, rows);
    sqlite3_free(text);
    if (status != STM_FILE_OK)
        return status;
    int code = sqlite3_bind_int64(*rows, 1, import->snapshot);
    if (low.data != NULL)
        code |= sqlite3_bind_blob64(*rows, 2, low.data, low.size, SQLITE_STATIC);
    if (high.data != NULL)
        code |= sqlite3_bind_blob64(*rows, 3, high.data, high.size, SQLITE_STATIC);
    return stmi_sql_bound(&import->sql, code == SQLITE_OK ? SQLITE_OK : SQLITE_NOMEM);
}

static stm_file_status read_row(struct import *import, sqlite3_stmt *rows, struct stmi_row *row, char number[8])
{
    struct stmi_key_text text;
    const char *wrong = stmi_row_read(rows, row, number);
    if (sqlite3_errcode(import->sql.db) == SQLITE_NOMEM)
        return stmi_sql_fault(&import->sql, SQLITE_NOMEM, "read");
    if (wrong == NULL && row->value.data == NULL)
        wrong = "the value is missing";
    if (wrong == NULL && stmi_key_compare(stm_bytes_of(import->last, import->last_size), row->key) >= 0)
        wrong = "the key is there twice, or out of order";
    if (wrong == NULL) {
        memcpy(import->last, row->key.data, row->key.size);
        import->last_size = row->key.size;
        return STM_FILE_OK;
    }
    return stmi_fault(import->sql.error, STM_FILE_DAMAGED, "%s: key \"%s\": %s", import->sql.name,
                      row->key.data == NULL ? "?" : stmi_key_text(row->key, &text), wrong);
}

static stm_file_status next_row(struct import *import, sqlite3_stmt *rows, bool *there)
{
    stm_file_status status = stmi_sql_step(&import->sql, rows, there);
    if (status != STM_FILE_TOO_LARGE)
        return status;
    import->sql.error->store = STM_TOO_LARGE;
    return stmi_fault(import->sql.error, STM_FILE_STORE,
                      "%s has a value larger than the store takes: raise stm_options.value_size_max", import->sql.name);
}

/* ------------------------------------------------------------------------------ one key -- */

static stm_file_status store_fault(struct import *import, stm_bytes key, stm_status answer)
{
    char what[200];
    struct stmi_key_text text;
    sqlite3_snprintf(sizeof what, what, "cannot import key \"%s\"", stmi_key_text(key, &text));
    return stmi_fault_store(import->sql.error, answer, what);
}

static bool keeps(const struct import *import, bool exists, uint64_t held, uint64_t version)
{
    switch (import->options.policy) {
    case STM_IMPORT_KEEP:
        return exists;
    case STM_IMPORT_NEWER:
        return held >= version;
    default:
        return false;
    }
}

static stm_file_status refuse(struct import *import, stm_bytes key)
{
    struct stmi_key_text text;
    return stmi_fault(import->sql.error, STM_FILE_EXISTS,
                      "the store has a value under \"%s\" already: name a policy (stm_import_options.policy)",
                      stmi_key_text(key, &text));
}

/* Sets it in the transaction. *answer: CONFLICT and BUSY, when the batch must be read again. */
static stm_file_status take_row(struct import *import, const struct stmi_row *row, stm_status *answer)
{
    stm_txn *txn = import->txn;
    uint64_t held = 0;
    *answer = stm_txn_get(txn, row->key, NULL);
    bool exists = *answer == STM_OK;
    if (*answer == STM_OK || *answer == STM_NOT_FOUND)
        *answer = stm_txn_version(txn, row->key, &held);
    if (*answer != STM_OK)
        return STM_FILE_OK;
    if (exists && import->options.policy == STM_IMPORT_REFUSE)
        return refuse(import, row->key);
    if (keeps(import, exists, held, row->version)) {
        import->batch.kept++;
        return STM_FILE_OK;
    }
    bool rises = row->version > held;
    *answer = rises ? stm_txn_restore(txn, row->key, row->value, (stm_type)row->type, row->version)
                    : stm_txn_set_typed(txn, row->key, row->value, (stm_type)row->type);
    import->batch.imported++;
    import->batch.renumbered += !rises;
    return STM_FILE_OK;
}

/* ---------------------------------------------------------------------------- one batch -- */

static bool is_lost(stm_status answer)
{
    return answer == STM_CONFLICT || answer == STM_BUSY;
}

static stm_file_status tell_progress(struct import *import)
{
    uint64_t done = import->done.row_count + import->batch.row_count;
    if (import->options.progress == NULL || done % PROGRESS_EVERY != 0)
        return STM_FILE_OK;
    if (import->options.progress(done, done < import->total ? import->total : done, import->options.progress_arg))
        return STM_FILE_OK;
    return stmi_fault(import->sql.error, STM_FILE_CANCELLED, "the import from %s was cancelled", import->sql.name);
}

/* Where the batch behind this key begins: with the smallest key that is greater. */
static void set_next(struct import *import, stm_bytes key)
{
    memcpy(import->next, key.data, key.size);
    import->next[key.size] = 0;
    import->next_size = key.size + 1;
}

/* Reads as many rows as a transaction takes. */
static stm_file_status fill_batch(struct import *import, sqlite3_stmt *rows, stm_status *answer)
{
    char number[8];
    bool there = false;
    import->batch = (struct tally){.sum = {0, 0}};
    *answer = STM_OK;
    stm_file_status status = next_row(import, rows, &there);
    while (status == STM_FILE_OK && there && import->batch.row_count < import->batch_max) {
        struct stmi_row row;
        status = read_row(import, rows, &row, number);
        if (status == STM_FILE_OK)
            status = take_row(import, &row, answer);
        if (status == STM_FILE_OK && *answer != STM_OK)
            return is_lost(*answer) ? STM_FILE_OK : store_fault(import, row.key, *answer);
        if (status != STM_FILE_OK)
            break;
        stmi_sum_add(&import->batch.sum, &row);
        import->batch.row_count++;
        status = tell_progress(import);
        if (status == STM_FILE_OK)
            status = next_row(import, rows, &there);
    }
    import->more = there;
    return status;
}

static void add_tally(struct import *import)
{
    struct tally *done = &import->done, *batch = &import->batch;
    done->sum.low += batch->sum.low;
    done->sum.high += batch->sum.high + (done->sum.low < batch->sum.low);
    done->imported += batch->imported;
    done->renumbered += batch->renumbered;
    done->kept += batch->kept;
    done->row_count += batch->row_count;
}

/* Everything has been read, and not yet committed: is it what was exported? */
static stm_file_status check_sum(const struct import *import)
{
    struct stmi_sum sum = import->done.sum;
    unsigned char checksum[STM_CHECKSUM_SIZE];
    if (import->more || import->options.edited || import->range.low.data != NULL || import->range.high.data != NULL)
        return STM_FILE_OK;
    sum.low += import->batch.sum.low;
    sum.high += import->batch.sum.high + (sum.low < import->batch.sum.low);
    stmi_sum_write(&sum, checksum);
    if (memcmp(checksum, import->checksum, sizeof checksum) == 0)
        return STM_FILE_OK;
    return stmi_fault(import->sql.error, STM_FILE_DAMAGED,
                      "%s: snapshot %lld has another checksum than was recorded. If it was edited on purpose, say so"
                      " (stm_import_options.edited)", import->sql.name, (long long)import->snapshot);
}

static stm_status commit(struct import *import)
{
    stm_status answer = STM_BUSY;
    for (unsigned i = 0; answer == STM_BUSY && i < BUSY_MAX; i++) {
        answer = stm_txn_commit(import->txn);
        if (answer == STM_BUSY)
            sched_yield();
    }
    return answer;
}

/* One attempt. *answer: of the store; CONFLICT and BUSY: try again. */
static stm_file_status try_batch(struct import *import, stm_status *answer)
{
    sqlite3_stmt *rows = NULL;
    stm_txn_reset(import->txn);
    stm_file_status status = open_rows(import, &rows);
    if (status == STM_FILE_OK)
        status = fill_batch(import, rows, answer);
    if (status == STM_FILE_OK && *answer == STM_OK && import->more && import->options.atomic)
        status = stmi_fault(import->sql.error, STM_FILE_TOO_LARGE,
                            "%s has more keys than the %llu of one transaction: raise stm_options.txn_key_count_max",
                            import->sql.name, (unsigned long long)import->batch_max);
    if (status == STM_FILE_OK && *answer == STM_OK)
        status = check_sum(import);
    if (status == STM_FILE_OK && *answer == STM_OK && import->batch.row_count != 0)
        *answer = commit(import);
    sqlite3_finalize(rows);
    if (status != STM_FILE_OK || *answer != STM_OK)
        return status;
    add_tally(import);
    import->result->commits += import->batch.row_count != 0;
    if (import->last_size != 0)
        set_next(import, stm_bytes_of(import->last, import->last_size));
    return STM_FILE_OK;
}

static stm_file_status import_batch(struct import *import)
{
    stm_status answer = STM_CONFLICT;
    stm_file_status status = STM_FILE_OK;
    for (unsigned i = 0; status == STM_FILE_OK && is_lost(answer) && i < ATTEMPTS_MAX; i++)
        status = try_batch(import, &answer);
    return status == STM_FILE_OK && answer != STM_OK
               ? stmi_fault_store(import->sql.error, answer, "cannot commit the import")
               : status;
}

/* ------------------------------------------------------------------------------- import -- */

/* Before anything is published: does the store have any of these keys? The commits will ask again. */
static stm_file_status look_for_existing(struct import *import, const stm_snapshot *snapshot)
{
    sqlite3_stmt *rows = NULL;
    bool there = false;
    char number[8];
    stm_entry entry;
    stm_file_status status = open_rows(import, &rows);
    if (status == STM_FILE_OK)
        status = next_row(import, rows, &there);
    while (status == STM_FILE_OK && there) {
        struct stmi_row row;
        status = read_row(import, rows, &row, number);
        if (status != STM_FILE_OK)
            break;
        stm_status answer = stm_snapshot_get(snapshot, row.key, &entry);
        if (answer == STM_OK)
            status = refuse(import, row.key);
        else if (answer != STM_NOT_FOUND)
            status = store_fault(import, row.key, answer);
        if (status == STM_FILE_OK)
            status = next_row(import, rows, &there);
    }
    sqlite3_finalize(rows);
    return status;
}

static stm_file_status refuse_existing(struct import *import)
{
    stm_stats stats;
    stm_snapshot *snapshot = NULL;
    stm_status answer = stm_store_stats(import->store, &stats);
    if (import->options.policy != STM_IMPORT_REFUSE || (answer == STM_OK && stats.keys_live == 0))
        return STM_FILE_OK;
    if (answer == STM_OK)
        answer = stm_snapshot_take(import->store, import->options.label, &snapshot);
    if (answer != STM_OK)
        return stmi_fault_store(import->sql.error, answer, "cannot look at the store");
    stm_file_status status = look_for_existing(import, snapshot);
    stm_snapshot_release(snapshot);
    return status;
}

static stm_file_status import_all(struct import *import)
{
    stm_file_status status = find_snapshot(import);
    if (status == STM_FILE_OK)
        status = refuse_existing(import);
    if (status != STM_FILE_OK)
        return status;
    stm_status answer = stm_txn_begin(import->store, import->options.label, &import->txn);
    if (answer != STM_OK)
        return stmi_fault_store(import->sql.error, answer, "cannot begin the import");
    import->more = true;
    while (status == STM_FILE_OK && import->more)
        status = import_batch(import);
    stm_txn_end(import->txn);
    import->result->imported = import->done.imported;
    import->result->renumbered = import->done.renumbered;
    import->result->kept = import->done.kept;
    return status;
}

static stm_file_status import_make(struct import *import, stm_store *store, const stm_import_options *given,
                                   stm_import_result *result, stm_file_error *error)
{
    stm_options limits = {.size = sizeof limits};
    memset(import, 0, sizeof *import);
    memset(result, 0, sizeof *result);
    import->sql.error = error;
    import->store = store;
    import->result = result;
    if (given != NULL && given->size != sizeof *given)
        return stmi_fault(error, STM_FILE_INVALID, "set stm_import_options.size to sizeof(stm_import_options)");
    if (given != NULL)
        import->options = *given;
    if (import->options.label == NULL)
        import->options.label = "import";
    if ((unsigned)import->options.policy > STM_IMPORT_KEEP || import->options.snapshot < 0)
        return stmi_fault(error, STM_FILE_INVALID, "there is no such policy, or no such snapshot");
    stm_status answer = stm_store_options(store, &limits);
    if (answer != STM_OK)
        return answer == STM_INVALID ? stmi_fault(error, STM_FILE_INVALID, "no store was given")
                                     : stmi_fault_store(error, answer, "cannot import");
    import->batch_max = limits.txn_key_count_max;
    return stmi_range_make(&import->range, import->options.low, import->options.high, import->options.prefix, error);
}

/* A row that holds more than the store takes is not even read. */
static void bound_rows(const struct import *import)
{
    stm_options limits = {.size = sizeof limits};
    if (stm_store_options(import->store, &limits) != STM_OK)
        return;
    size_t size = limits.value_size_max + ROW_ROOM;
    sqlite3_limit(import->sql.db, SQLITE_LIMIT_LENGTH, size > INT32_MAX ? INT32_MAX : size < 1000000 ? 1000000 : (int)size);
}

stm_file_status stm_file_import(stm_store *store, const char *path, const stm_import_options *given,
                                stm_import_result *result, stm_file_error *error)
{
    struct import import;
    struct stmi_place place;
    stm_file_error spare;
    stm_import_result spare_result;
    error = stmi_fault_clear(error, &spare);
    stm_file_status status = import_make(&import, store, given, result == NULL ? &spare_result : result, error);
    if (status == STM_FILE_OK)
        status = stmi_place_find(&place, path, import.options.lock_wait_ms, error);
    if (status == STM_FILE_OK)
        status = stmi_open_to_read(&import.sql, place.path, place.lock_wait_ms, error);
    if (status != STM_FILE_OK)
        return status;
    bound_rows(&import);
    status = stmi_sql_run(&import.sql, "BEGIN"); /* one state of the file throughout */
    if (status == STM_FILE_OK)
        status = import_all(&import);
    sqlite3_close(import.sql.db);
    return status;
}

stm_file_status stm_file_import_from(stm_store *store, struct sqlite3 *connection, const stm_import_options *given,
                                     stm_import_result *result, stm_file_error *error)
{
    struct import import;
    stm_file_error spare;
    stm_import_result spare_result;
    error = stmi_fault_clear(error, &spare);
    stm_file_status status = import_make(&import, store, given, result == NULL ? &spare_result : result, error);
    if (status == STM_FILE_OK && connection == NULL)
        status = stmi_fault(error, STM_FILE_INVALID, "no connection was given");
    if (status != STM_FILE_OK)
        return status;
    import.sql.db = connection;
    import.sql.name = "the database given";
    status = stmi_sql_run(&import.sql, "SAVEPOINT stm_import");
    if (status != STM_FILE_OK)
        return status;
    status = stmi_open_check(&import.sql);
    if (status == STM_FILE_OK)
        status = import_all(&import);
    sqlite3_exec(connection, "RELEASE stm_import", NULL, NULL, NULL); /* nothing was written */
    return status;
}
