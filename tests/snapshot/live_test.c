/*
 * live_test.c -- a running store as a table: what SQL sees is what the store holds, of one instant a statement.
 *
 * Must not happen: a statement sees two instants, whatever it joins; a plan that is pushed down to the store's cursor
 * leaves out a row; the store is closed under a table, or is kept from closing by a table that is gone.
 */
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

static sqlite3 *open_sql(stm_store *store)
{
    sqlite3 *db = NULL;
    cr_assert(sqlite3_open(":memory:", &db) == SQLITE_OK);
    OK(stm_sql_attach(db, store, NULL, &error));
    return db;
}

static stm_store *sample_store(void)
{
    stm_store *store = open_store();
    put_number(store, "account:1", 10);
    put_number(store, "account:2", 20);
    put_number(store, "account:3", -3);
    put_text(store, "greeting", "hello");
    put_text(store, "Ünï", "z\xc3\xbc");
    return store;
}

static void set_bytes(stm_store *store, stm_bytes key, stm_bytes value, stm_type type)
{
    stm_txn *txn;
    STORE_OK(stm_txn_begin(store, "set", &txn));
    STORE_OK(stm_txn_set_typed(txn, key, value, type));
    STORE_OK(stm_txn_commit(txn));
    stm_txn_end(txn);
}

Test(live, shows_values_by_type)
{
    stm_store *store = open_store();
    const double half = 0.5;
    sqlite3 *db = open_sql(store);
    put_number(store, "i", -7);
    put_number(store, "i", 7);
    put_text(store, "s", "text");
    set_bytes(store, stm_text("d"), stm_bytes_of(&half, sizeof(half)), STM_DOUBLE);
    set_bytes(store, stm_text("b"), stm_bytes_of("\0\1", 2), STM_BYTES);
    set_bytes(store, stm_bytes_of("\xff\0", 2), stm_text("v"), (stm_type)5);

    SAYS(ask_open(db, "SELECT key_text, hex(key), type, typeof(value), hex(bytes), version, size, writer_label FROM stm"),
         "b|62|0|blob|0001|1|2|set d|64|2|real|000000000000E03F|1|8|set "
         "i|69|1|integer|0700000000000000|2|8|put s|73|3|text|74657874|1|4|put -|FF00|5|blob|76|1|1|set");
    SAYS(ask_open(db, "SELECT value + 1 FROM stm WHERE key_text IN ('i', 'd') ORDER BY 1"), "1.5 8");
    SAYS(ask_open(db, "SELECT count(*), max(revision) = (SELECT max(revision) FROM stm) FROM stm WHERE writer_tid > 0"),
         "5|1");
    sqlite3_close(db);
    close_store(store);
}

/* Whatever the plan: the same rows as without one. unary + keeps SQLite from using a constraint. */
Test(live, plans_leave_nothing_out)
{
    static const char *const conditions[] = {
        "%skey_text = 'account:2'",
        "%skey_text > 'account:1' AND %skey_text <= 'account:3'",
        "%skey_text BETWEEN 'account:2' AND 'h'",
        "%skey_text >= 'account:2' AND %skey_text < 'greeting'",
        "%skey_text GLOB 'account:*'",
        "%skey_text GLOB 'a*2'",
        "%skey_text GLOB 'account:[12]'",
        "%skey_text GLOB '*'",
        "%skey_text GLOB 'account:2'",
        "%skey_text LIKE 'ACCOUNT:%%'",
        "%skey_text LIKE '_ccount:%%'",
        "%skey_text LIKE 'G%%'",
        "%skey_text LIKE '%%'",
        "%skey = x'6772656574696e67'",
        "%skey = 'greeting'",
        "%skey > x'61'",
        "%skey >= x'6772656574696e67' AND %skey > x'6772656574696e67'",
        "%skey < x'62' OR %skey_text = 'greeting'",
        "%skey_text = 'greeting' OR %skey_text GLOB 'g*' OR %skey = x'6772656574696e67'",
        "%skey_text IN ('account:1', 'nothing', 'greeting')",
        "%skey_text = NULL",
        "%skey_text > 5",
        "%skey < 5",
        "%skey > 'text is less than any blob'",
        "%skey_text >= 'z' AND %skey_text <= 'a'",
    };
    stm_store *store = sample_store();
    set_bytes(store, stm_bytes_of("account:\xff", 9), stm_text("no text"), STM_BYTES);
    set_bytes(store, stm_bytes_of("account:1\0", 10), stm_text("no text"), STM_BYTES);
    sqlite3 *db = open_sql(store);
    for (size_t i = 0; i < COUNT_OF(conditions); i++) {
        char with[400], without[400], plans[2][900];
        sqlite3_snprintf(sizeof(with), with, conditions[i], "", "", "");
        sqlite3_snprintf(sizeof(without), without, conditions[i], "+", "+", "+");
        sqlite3_snprintf(sizeof(plans[0]), plans[0], "SELECT hex(key) FROM stm WHERE %s ORDER BY key", with);
        sqlite3_snprintf(sizeof(plans[1]), plans[1], "SELECT hex(key) FROM stm WHERE %s ORDER BY +key", without);
        SAYS(ask_open(db, plans[0]), ask_open(db, plans[1]));
    }
    sqlite3_close(db);
    close_store(store);
}

Test(live, pushes_ranges_down)
{
    stm_store *store = sample_store();
    sqlite3 *db = open_sql(store);
    cr_assert_not_null(strstr(ask_open(db, "EXPLAIN QUERY PLAN SELECT 1 FROM stm WHERE key_text BETWEEN 'a' AND 'b'"),
                              "VIRTUAL TABLE INDEX 0:tgtl"));
    cr_assert_not_null(strstr(ask_open(db, "EXPLAIN QUERY PLAN SELECT 1 FROM stm WHERE key_text GLOB 'a*'"), "tG"));
    cr_assert_not_null(strstr(ask_open(db, "EXPLAIN QUERY PLAN SELECT 1 FROM stm WHERE key = x'00'"), ":k="));
    cr_assert_null(strstr(ask_open(db, "EXPLAIN QUERY PLAN SELECT 1 FROM stm ORDER BY key"), "TEMP B-TREE"));
    cr_assert_not_null(strstr(ask_open(db, "EXPLAIN QUERY PLAN SELECT 1 FROM stm ORDER BY key DESC"), "TEMP B-TREE"));
    SAYS(ask_open(db, "SELECT key_text FROM stm ORDER BY key"), "account:1 account:2 account:3 greeting Ünï");
    sqlite3_close(db);
    close_store(store);
}

Test(live, is_read_only)
{
    stm_store *store = sample_store();
    sqlite3 *db = open_sql(store);
    static const char *const statements[] = {"DELETE FROM stm", "UPDATE stm SET value = 1",
                                             "INSERT INTO stm(key) VALUES(x'00')", "DROP TABLE stm"};
    for (size_t i = 0; i < COUNT_OF(statements); i++)
        cr_assert(sqlite3_exec(db, statements[i], NULL, NULL, NULL) == SQLITE_ERROR, "%s", statements[i]);
    SAYS(ask_open(db, "SELECT count(*) FROM stm"), "5");
    sqlite3_close(db);
    close_store(store);
}

/* ---- one instant ---- */

#define ACCOUNTS 8

struct movers {
    stm_store *store;
    atomic_bool stop;
    atomic_uint moves, faults;
};

static stm_status move_one(stm_txn *txn, void *arg)
{
    const unsigned *turn = arg;
    for (unsigned i = 0; i < 2; i++) {
        char key[20];
        int64_t balance = 0;
        snprintf(key, sizeof(key), "account:%u", (*turn + i * 3) % ACCOUNTS);
        stm_status status = stm_txn_use_int64(txn, stm_text(key), &balance);
        if (status == STM_OK)
            status = stm_txn_set_int64(txn, stm_text(key), balance + (i == 0 ? 1 : -1));
        if (status != STM_OK)
            return status;
    }
    return STM_OK;
}

static void *move_money(void *arg)
{
    struct movers *movers = arg;
    for (unsigned turn = 0; !atomic_load(&movers->stop); turn++) {
        atomic_fetch_add(&movers->faults, stm_atomically(movers->store, "move", NULL, move_one, &turn) != STM_OK);
        atomic_fetch_add(&movers->moves, 1);
    }
    return NULL;
}

Test(live, each_statement_sees_one_instant)
{
    /* Each must give the same while money moves. */
    static const struct {
        const char *query, *answer;
    } cases[] = {
        {"SELECT sum(value), count(*) FROM stm", "800|8"},
        {"SELECT (SELECT sum(value) FROM stm WHERE key_text < 'account:4')"
         " + (SELECT sum(value) FROM stm WHERE key_text >= 'account:4')", "800"},
        {"SELECT count(*) FROM stm AS a JOIN stm AS b ON b.key = a.key AND b.version = a.version", "8"},
        {"SELECT sum((SELECT b.value FROM stm AS b WHERE b.key = a.key)) - sum(a.value) FROM stm AS a", "0"},
        {"SELECT sum(value) FROM (SELECT value FROM stm WHERE key_text GLOB 'account:[0-3]'"
         " UNION ALL SELECT value FROM stm WHERE key_text GLOB 'account:[4-7]')", "800"},
        {"WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i < 7)"
         " SELECT sum((SELECT value FROM stm WHERE key_text = 'account:' || i)) FROM n", "800"},
        {"SELECT sum(value) FROM stm WHERE key_text = 'account:0' OR key_text IN ('account:1', 'account:2')"
         " OR key_text BETWEEN 'account:2' AND 'account:7'", "800"},
    };
    struct movers movers = {.store = open_store()};
    pthread_t thread;
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        char key[20];
        snprintf(key, sizeof(key), "account:%u", i);
        put_number(movers.store, key, 100);
    }
    sqlite3 *db = open_sql(movers.store);
    cr_assert(pthread_create(&thread, NULL, move_money, &movers) == 0);
    for (unsigned round = 0; round < 200 || atomic_load(&movers.moves) < 1000; round++)
        for (size_t i = 0; i < COUNT_OF(cases); i++)
            SAYS(ask_open(db, cases[i].query), cases[i].answer);
    atomic_store(&movers.stop, true);
    cr_assert(pthread_join(thread, NULL) == 0);
    EQUALS(movers.faults, 0);
    sqlite3_close(db);
    close_store(movers.store);
}

Test(live, sees_the_present_again_when_nothing_is_read)
{
    stm_store *store = sample_store();
    sqlite3 *db = open_sql(store);
    sqlite3_stmt *first = NULL;
    cr_assert(sqlite3_prepare_v2(db, "SELECT sum(value) OVER (), key_text FROM stm WHERE key_text GLOB 'account:*'", -1, &first, NULL) ==
              SQLITE_OK);
    cr_assert(sqlite3_step(first) == SQLITE_ROW);
    put_number(store, "account:1", 1000);
    SAYS(ask_open(db, "SELECT value FROM stm WHERE key_text = 'account:1'"), "10"); /* of the instant still held */
    cr_assert(sqlite3_step(first) == SQLITE_ROW);
    sqlite3_reset(first);
    SAYS(ask_open(db, "SELECT value FROM stm WHERE key_text = 'account:1'"), "1000");
    sqlite3_finalize(first);
    stm_stats stats;
    STORE_OK(stm_store_stats(store, &stats));
    EQUALS(stats.snapshots, 0);
    EQUALS(stats.versions_old, 0);
    sqlite3_close(db);
    close_store(store);
}

/* ---- attach and detach ---- */

Test(live, keeps_the_store_open)
{
    stm_store *store = sample_store();
    sqlite3 *db = open_sql(store);
    cr_assert(stm_store_close(store) == STM_BUSY);
    SAYS(ask_open(db, "SELECT count(*) FROM stm"), "5");
    OK(stm_sql_detach(db, NULL, &error));
    cr_assert(sqlite3_exec(db, "SELECT count(*) FROM stm", NULL, NULL, NULL) == SQLITE_ERROR);
    cr_assert_not_null(strstr(sqlite3_errmsg(db), "no such table: stm"));
    ANSWERS(stm_sql_detach(db, NULL, &error), STM_FILE_NOT_FOUND);
    OK(stm_sql_attach(db, store, "again", &error));
    SAYS(ask_open(db, "SELECT count(*) FROM again"), "5");
    sqlite3_close(db);
    close_store(store);
}

Test(live, statements_prepared_before_outlive_a_detach)
{
    stm_store *store = sample_store();
    sqlite3 *db = open_sql(store);
    sqlite3_stmt *reading = NULL;
    unsigned rows = 1;
    cr_assert(sqlite3_prepare_v2(db, "SELECT key FROM stm", -1, &reading, NULL) == SQLITE_OK);
    cr_assert(sqlite3_step(reading) == SQLITE_ROW);
    OK(stm_sql_detach(db, NULL, &error));
    cr_assert(stm_store_close(store) == STM_BUSY);
    while (sqlite3_step(reading) == SQLITE_ROW)
        rows++;
    EQUALS(rows, 5);
    cr_assert(sqlite3_reset(reading) == SQLITE_OK);
    cr_assert(stm_store_close(store) == STM_BUSY);
    sqlite3_finalize(reading);
    sqlite3_close(db);
    close_store(store);
}

Test(live, bad_arguments)
{
    stm_store *store = sample_store();
    sqlite3 *db = open_sql(store);
    ANSWERS(stm_sql_attach(db, store, NULL, &error), STM_FILE_EXISTS);
    ANSWERS(stm_sql_attach(NULL, store, NULL, &error), STM_FILE_INVALID);
    ANSWERS(stm_sql_attach(db, NULL, "other", &error), STM_FILE_INVALID);
    ANSWERS(stm_sql_attach(db, store, "a b", &error), STM_FILE_INVALID);
    ANSWERS(stm_sql_attach(db, store, "1", &error), STM_FILE_INVALID);
    ANSWERS(stm_sql_attach(db, store, "", &error), STM_FILE_INVALID);
    ANSWERS(stm_sql_detach(NULL, NULL, &error), STM_FILE_INVALID);
    cr_assert(sqlite3_exec(db, "CREATE TABLE mine(x)", NULL, NULL, NULL) == SQLITE_OK);
    ANSWERS(stm_sql_attach(db, store, "mine", &error), STM_FILE_EXISTS);
    OK(stm_sql_attach(db, store, "other", &error));
    SAYS(ask_open(db, "SELECT count(*) FROM stm JOIN other USING(key)"), "5");
    sqlite3_close(db);
    close_store(store);
}

Test(live, tells_what_the_store_answers)
{
    stm_store *store = sample_store();
    sqlite3 *db = open_sql(store);
    stm_snapshot *held[STM_SNAPSHOT_COUNT_MAX];
    for (size_t i = 0; i < COUNT_OF(held); i++)
        held[i] = take(store, "hold");
    cr_assert(sqlite3_exec(db, "SELECT 1 FROM stm", NULL, NULL, NULL) == SQLITE_ERROR);
    cr_assert_not_null(strstr(sqlite3_errmsg(db), "LIMIT"), "%s", sqlite3_errmsg(db));
    for (size_t i = 0; i < COUNT_OF(held); i++)
        stm_snapshot_release(held[i]);
    SAYS(ask_open(db, "SELECT count(*) FROM stm"), "5");
    sqlite3_close(db);
    close_store(store);
}
