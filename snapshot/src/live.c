/*
 * live.c -- a running store as a table of a SQLite connection: an eponymous virtual table over the store's cursors.
 *
 * One instant a statement: the first cursor that is opened takes a snapshot, all that are opened beside it share it, and
 * the last one to be closed gives it back. SQLite keeps a statement's cursors open until the statement is reset, so
 * that self-joins and subqueries see the same instant; so do other statements of the connection that run meanwhile.
 *
 *     nothing held --open--> snapshot held by n cursors --close--> ... --last close--> nothing held
 *
 * The attachment is a transaction's handle, which is never used: it makes the store answer BUSY to stm_store_close. It ends
 * with the connection, or when the table has been taken away and the last statement that names it is finalized.
 *
 * WITHOUT ROWID, since SQLite identifies rows that it finds by two ways (OR) by their rowids: here by key.
 */
#include "range.h"
#include "row.h"

#include <string.h>

enum column { KEY, KEY_TEXT, TYPE, SIZE, VERSION, REVISION, WRITER_TXN, WRITER_LABEL, WRITER_TID, VALUE, BYTES };

static const char declaration[] =
    "CREATE TABLE store(key BLOB NOT NULL PRIMARY KEY, key_text TEXT, type INTEGER, size INTEGER, version INTEGER,"
    " revision INTEGER, writer_txn INTEGER, writer_label TEXT, writer_tid INTEGER, value, bytes BLOB) WITHOUT ROWID";

struct attachment {
    stm_store *store;
    stm_txn *hold;
};

struct table {
    sqlite3_vtab base;
    stm_store *store;
    stm_snapshot *snapshot; /* NULL while no cursor is open */
    unsigned cursor_count;
};

struct cursor {
    sqlite3_vtab_cursor base;
    stm_cursor *keys;
    stm_bytes low, high; /* owned, as far as there are any; data == NULL: no bound */
    bool none;           /* nothing can be between them */
    bool end;
    stm_entry entry;
};

static struct table *table_of(sqlite3_vtab_cursor *cursor)
{
    return (struct table *)cursor->pVtab;
}

/* ------------------------------------------------------------------------------ the table -- */

static int table_connect(sqlite3 *db, void *context, int argc, const char *const *argv, sqlite3_vtab **table,
                         char **message)
{
    const struct attachment *attachment = context;
    (void)argc, (void)argv, (void)message;
    int code = sqlite3_declare_vtab(db, declaration);
    if (code != SQLITE_OK)
        return code;
    struct table *made = sqlite3_malloc64(sizeof *made);
    if (made == NULL)
        return SQLITE_NOMEM;
    *made = (struct table){.store = attachment->store};
    *table = &made->base;
    return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

static int fail(sqlite3_vtab *table, stm_status answer)
{
    if (answer == STM_NO_MEMORY)
        return SQLITE_NOMEM;
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = sqlite3_mprintf("the store answered %s: %s", stm_status_name(answer), stm_status_text(answer));
    return SQLITE_ERROR;
}

/* ---------------------------------------------------------------------------- the plan -- */

/*
 * Each constraint that a plan uses is a letter of its text, in the order of the filter's arguments: column (k: key, t:
 * key_text) and comparison. None is taken as done: SQLite looks at each row again, so that a bound may be too wide.
 */
static char letter_of(unsigned char comparison)
{
    switch (comparison) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
        return '=';
    case SQLITE_INDEX_CONSTRAINT_GT:
        return '>';
    case SQLITE_INDEX_CONSTRAINT_GE:
        return 'g';
    case SQLITE_INDEX_CONSTRAINT_LT:
        return '<';
    case SQLITE_INDEX_CONSTRAINT_LE:
        return 'l';
    case SQLITE_INDEX_CONSTRAINT_GLOB:
        return 'G';
    case SQLITE_INDEX_CONSTRAINT_LIKE:
        return 'L';
    default:
        return '\0';
    }
}

static bool is_useful(const struct sqlite3_index_constraint *constraint)
{
    char letter = letter_of(constraint->op);
    bool is_pattern = letter == 'G' || letter == 'L';
    return constraint->usable && letter != '\0' &&
           (constraint->iColumn == KEY_TEXT || (constraint->iColumn == KEY && !is_pattern));
}

/* What a plan costs, in rows of a store of some size: only the order of plans matters. */
static void estimate(sqlite3_index_info *info, const char *letters)
{
    bool equal = strchr(letters, '=') != NULL;
    bool from = strpbrk(letters, ">gGL") != NULL, to = strpbrk(letters, "<lGL") != NULL;
    double rows = equal ? 1 : from && to ? 1e3 : from || to ? 1e5 : 1e6;
    info->estimatedRows = (sqlite3_int64)rows;
    info->estimatedCost = rows + 20; /* finding the first */
    if (equal)
        info->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
}

static int table_plan(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    int count = 0;
    char *letters = sqlite3_malloc64((uint64_t)info->nConstraint * 2 + 1);
    if (letters == NULL)
        return SQLITE_NOMEM;
    for (int i = 0; i < info->nConstraint; i++) {
        const struct sqlite3_index_constraint *constraint = &info->aConstraint[i];
        if (!is_useful(constraint))
            continue;
        letters[2 * count] = constraint->iColumn == KEY ? 'k' : 't';
        letters[2 * count + 1] = letter_of(constraint->op);
        info->aConstraintUsage[i].argvIndex = ++count;
    }
    letters[2 * count] = '\0';
    info->idxStr = letters;
    info->needToFreeIdxStr = 1;
    estimate(info, letters);
    info->orderByConsumed =
        info->nOrderBy == 1 && info->aOrderBy[0].iColumn == KEY && info->aOrderBy[0].desc == 0;
    return SQLITE_OK;
}

/* ---------------------------------------------------------------------------- the range -- */

static void free_bound(stm_bytes *bound)
{
    sqlite3_free((void *)(uintptr_t)bound->data);
    *bound = stm_bytes_of(NULL, 0);
}

/* Copies bytes, with a NUL behind them that is part of the bound if successor: the smallest greater key. */
static bool copy_bound(stm_bytes bytes, bool successor, stm_bytes *bound)
{
    char *copy = sqlite3_malloc64(bytes.size + 1);
    if (copy == NULL)
        return false;
    if (bytes.size != 0)
        memcpy(copy, bytes.data, bytes.size);
    copy[bytes.size] = '\0';
    *bound = stm_bytes_of(copy, bytes.size + successor);
    return true;
}

static int raise_low(struct cursor *cursor, stm_bytes bytes, bool successor)
{
    stm_bytes bound;
    if (!copy_bound(bytes, successor, &bound))
        return SQLITE_NOMEM;
    stm_bytes *lower = cursor->low.data == NULL || stmi_key_compare(bound, cursor->low) > 0 ? &cursor->low : &bound;
    free_bound(lower);
    if (lower == &cursor->low)
        cursor->low = bound;
    return SQLITE_OK;
}

static int lower_high(struct cursor *cursor, stm_bytes bytes, bool successor)
{
    stm_bytes bound;
    if (!copy_bound(bytes, successor, &bound))
        return SQLITE_NOMEM;
    stm_bytes *higher = cursor->high.data == NULL || stmi_key_compare(bound, cursor->high) < 0 ? &cursor->high : &bound;
    free_bound(higher);
    if (higher == &cursor->high)
        cursor->high = bound;
    return SQLITE_OK;
}

/* How much of a pattern every match begins with. LIKE takes letters for their other case as well. */
static size_t literal_size(const char *pattern, size_t size, bool like)
{
    for (size_t i = 0; i < size; i++) {
        bool letter = (pattern[i] >= 'A' && pattern[i] <= 'Z') || (pattern[i] >= 'a' && pattern[i] <= 'z');
        if (like ? pattern[i] == '%' || pattern[i] == '_' || letter || (unsigned char)pattern[i] >= 0x80
                 : strchr("*?[", pattern[i]) != NULL)
            return i;
    }
    return size;
}

static int narrow_to_prefix(struct cursor *cursor, stm_bytes prefix)
{
    struct stmi_range range;
    stm_file_error error;
    if (prefix.size == 0)
        return SQLITE_OK;
    if (stmi_range_make(&range, stm_bytes_of(NULL, 0), stm_bytes_of(NULL, 0), prefix, &error) != STM_FILE_OK) {
        cursor->none = true; /* longer than any key */
        return SQLITE_OK;
    }
    int code = raise_low(cursor, range.low, false);
    return code == SQLITE_OK && range.high.data != NULL ? lower_high(cursor, range.high, false) : code;
}

/* One constraint. What is not of the column's kind says nothing about its order: SQLite will sort it out. */
static int narrow(struct cursor *cursor, char column, char comparison, sqlite3_value *value)
{
    if (sqlite3_value_type(value) != (column == 'k' ? SQLITE_BLOB : SQLITE_TEXT))
        return SQLITE_OK;
    stm_bytes bytes;
    bytes.data = column == 'k' ? sqlite3_value_blob(value) : (const void *)sqlite3_value_text(value);
    bytes.size = (size_t)sqlite3_value_bytes(value);
    if (bytes.data == NULL && bytes.size != 0)
        return SQLITE_NOMEM;
    int code = SQLITE_OK;
    if (comparison == 'G' || comparison == 'L') {
        bytes.size = bytes.data == NULL ? 0 : literal_size(bytes.data, bytes.size, comparison == 'L');
        return narrow_to_prefix(cursor, bytes);
    }
    if (strchr("=>g", comparison) != NULL)
        code = raise_low(cursor, bytes, comparison == '>');
    if (code == SQLITE_OK && strchr("=<l", comparison) != NULL)
        code = lower_high(cursor, bytes, comparison != '<');
    return code;
}

/* ---------------------------------------------------------------------------- cursors -- */

static int cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    struct table *table = (struct table *)base;
    struct cursor *cursor = sqlite3_malloc64(sizeof *cursor);
    if (cursor == NULL)
        return SQLITE_NOMEM;
    memset(cursor, 0, sizeof *cursor);
    if (table->snapshot == NULL) {
        stm_status answer = stm_snapshot_take(table->store, "sql", &table->snapshot);
        if (answer != STM_OK) {
            sqlite3_free(cursor);
            return fail(base, answer);
        }
    }
    table->cursor_count++;
    cursor->end = true;
    *out = &cursor->base;
    return SQLITE_OK;
}

static void cursor_rewind(struct cursor *cursor)
{
    stm_cursor_close(cursor->keys);
    cursor->keys = NULL;
    free_bound(&cursor->low);
    free_bound(&cursor->high);
    cursor->none = false;
    cursor->end = true;
}

static int cursor_close(sqlite3_vtab_cursor *base)
{
    struct table *table = table_of(base);
    cursor_rewind((struct cursor *)base);
    sqlite3_free(base);
    if (--table->cursor_count == 0) {
        stm_snapshot_release(table->snapshot);
        table->snapshot = NULL;
    }
    return SQLITE_OK;
}

static int cursor_next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    stm_status answer = stm_cursor_next(cursor->keys, &cursor->entry);
    cursor->end = answer != STM_OK;
    return answer == STM_OK || answer == STM_END ? SQLITE_OK : fail(base->pVtab, answer);
}

static int cursor_filter(sqlite3_vtab_cursor *base, int number, const char *letters, int argc, sqlite3_value **argv)
{
    (void)number;
    struct cursor *cursor = (struct cursor *)base;
    cursor_rewind(cursor);
    for (int i = 0; i < argc; i++) {
        int code = narrow(cursor, letters[2 * i], letters[2 * i + 1], argv[i]);
        if (code != SQLITE_OK)
            return code;
    }
    bool crossed = cursor->low.data != NULL && cursor->high.data != NULL &&
                   stmi_key_compare(cursor->low, cursor->high) >= 0;
    if (cursor->none || crossed)
        return SQLITE_OK;
    stm_status answer = stm_cursor_open(table_of(base)->snapshot, cursor->low, cursor->high, &cursor->keys);
    return answer == STM_OK ? cursor_next(base) : fail(base->pVtab, answer);
}

static int cursor_eof(sqlite3_vtab_cursor *base)
{
    return ((struct cursor *)base)->end;
}

static void result_bytes(sqlite3_context *context, stm_bytes bytes)
{
    sqlite3_result_blob64(context, bytes.data, bytes.size, SQLITE_TRANSIENT);
}

static void result_text(sqlite3_context *context, stm_bytes bytes)
{
    if (stmi_text_is_sound(bytes))
        sqlite3_result_text64(context, bytes.data, bytes.size, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const stm_entry *entry = &((struct cursor *)base)->entry;
    switch ((enum column)column) {
    case KEY:
        result_bytes(context, entry->key);
        break;
    case KEY_TEXT:
        result_text(context, entry->key);
        break;
    case TYPE:
        sqlite3_result_int(context, (int)entry->type);
        break;
    case SIZE:
        sqlite3_result_int64(context, (sqlite3_int64)entry->value.size);
        break;
    case VERSION:
        sqlite3_result_int64(context, (sqlite3_int64)entry->version);
        break;
    case REVISION:
        sqlite3_result_int64(context, (sqlite3_int64)entry->writer.revision);
        break;
    case WRITER_TXN:
        sqlite3_result_int64(context, (sqlite3_int64)entry->writer.txn);
        break;
    case WRITER_LABEL:
        result_text(context, stm_text(entry->writer.label));
        break;
    case WRITER_TID:
        sqlite3_result_int64(context, entry->writer.tid);
        break;
    case VALUE:
        stmi_value_result(context, (unsigned)entry->type, entry->value);
        break;
    case BYTES:
        result_bytes(context, entry->value);
        break;
    }
    return SQLITE_OK;
}

static int cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    (void)base, (void)rowid;
    return SQLITE_ERROR; /* it has none, and is not asked */
}

/* No xCreate: the table is there without CREATE VIRTUAL TABLE. No xUpdate: it is read-only. */
static const sqlite3_module module = {
    .iVersion = 1,
    .xConnect = table_connect,
    .xBestIndex = table_plan,
    .xDisconnect = table_disconnect,
    .xOpen = cursor_open,
    .xClose = cursor_close,
    .xFilter = cursor_filter,
    .xNext = cursor_next,
    .xEof = cursor_eof,
    .xColumn = cursor_column,
    .xRowid = cursor_rowid,
};

/* ----------------------------------------------------------------------------- attach -- */

static void attachment_free(void *context)
{
    struct attachment *attachment = context;
    stm_txn_end(attachment->hold);
    sqlite3_free(attachment);
}

static bool is_name(const char *name)
{
    size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    return size > 0 && size <= 64 && name[size] == '\0' && (name[0] < '0' || name[0] > '9');
}

/* Is there a table, of a module or not, that answers to this name? */
static stm_file_status find_table(const struct stmi_sql *sql, const char *name, bool *found)
{
    sqlite3_stmt *statement = NULL;
    char *text = sqlite3_mprintf("SELECT 1 FROM \"%w\"", name);
    int code = text == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(sql->db, text, -1, &statement, NULL);
    sqlite3_finalize(statement);
    sqlite3_free(text);
    *found = code == SQLITE_OK;
    return code == SQLITE_OK || code == SQLITE_ERROR ? STM_FILE_OK : stmi_sql_fault(sql, code, "use");
}

/* What attach and detach begin with: checks connection and name, and looks for the table. */
static stm_file_status look_for(const struct stmi_sql *sql, const char *name, bool *found)
{
    *found = false;
    if (sql->db == NULL)
        return stmi_fault(sql->error, STM_FILE_INVALID, "no connection was given");
    if (!is_name(name))
        return stmi_fault(sql->error, STM_FILE_INVALID, "\"%.64s\" is no name for a table", name);
    return find_table(sql, name, found);
}

stm_file_status stm_sql_attach(struct sqlite3 *connection, stm_store *store, const char *name, stm_file_error *error)
{
    stm_file_error spare;
    error = stmi_fault_clear(error, &spare);
    name = name == NULL ? "stm" : name;
    struct stmi_sql sql = {.db = connection, .name = "the connection", .error = error};
    bool found;
    stm_file_status status = look_for(&sql, name, &found);
    if (status != STM_FILE_OK)
        return status;
    if (found)
        return stmi_fault(error, STM_FILE_EXISTS, "the connection has a table \"%s\" already: choose another name", name);
    struct attachment *attachment = stmi_sql_alloc(&sql, sizeof *attachment);
    if (attachment == NULL)
        return STM_FILE_NO_MEMORY;
    *attachment = (struct attachment){store, NULL};
    stm_status answer = stm_txn_begin(store, "sql", &attachment->hold);
    if (answer != STM_OK) {
        sqlite3_free(attachment);
        return answer == STM_INVALID ? stmi_fault(error, STM_FILE_INVALID, "no store was given")
                                     : stmi_fault_store(error, answer, "cannot attach the store");
    }
    /* Frees the attachment even if it fails. */
    int code = sqlite3_create_module_v2(connection, name, &module, attachment, attachment_free);
    return code == SQLITE_OK ? STM_FILE_OK : stmi_sql_fault(&sql, code, "use");
}

stm_file_status stm_sql_detach(struct sqlite3 *connection, const char *name, stm_file_error *error)
{
    stm_file_error spare;
    error = stmi_fault_clear(error, &spare);
    name = name == NULL ? "stm" : name;
    struct stmi_sql sql = {.db = connection, .name = "the connection", .error = error};
    bool found;
    stm_file_status status = look_for(&sql, name, &found);
    if (status != STM_FILE_OK)
        return status;
    if (!found)
        return stmi_fault(error, STM_FILE_NOT_FOUND, "the connection has no table \"%s\"", name);
    int code = sqlite3_create_module_v2(connection, name, NULL, NULL, NULL);
    return code == SQLITE_OK ? STM_FILE_OK : stmi_sql_fault(&sql, code, "use");
}
