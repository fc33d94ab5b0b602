/*
 * support.h -- what the tests of snapshot files share: a folder of one's own, a store with something in it, and
 * SQL on a file by a connection that knows nothing of libstm.
 */
#ifndef STM_TESTS_SNAPSHOT_SUPPORT_H
#define STM_TESTS_SNAPSHOT_SUPPORT_H

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stm/snapshot.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define STORE_OK(call)                                                                         \
    do {                                                                                       \
        const stm_status answer_ = (call);                                                     \
        cr_assert(answer_ == STM_OK, "%s\n    answered %s", #call, stm_status_name(answer_)); \
    } while (0)

/* What a call must answer, with `error` as its last argument: the struct that it fills. */
extern stm_file_error error;
#define ANSWERS(call, expected)                                                                           \
    do {                                                                                                  \
        const stm_file_status answer_ = (call);                                                           \
        cr_assert(answer_ == (expected), "%s\n    answered %s (%s), not %s", #call,                       \
                  stm_file_status_name(answer_), error.message, stm_file_status_name(expected));          \
        cr_assert(error.status == answer_, "error.status is %s", stm_file_status_name(error.status));     \
        cr_assert((error.message[0] == '\0') == (answer_ == STM_FILE_OK), "message: %s", error.message);  \
    } while (0)
#define OK(call) ANSWERS(call, STM_FILE_OK)

/* The number or text that an expression must have. */
#define EQUALS(expression, expected)                                                                 \
    do {                                                                                             \
        const long long value_ = (long long)(expression), expected_ = (long long)(expected);         \
        cr_assert(value_ == expected_, "%s\n    is %lld, not %lld", #expression, value_, expected_); \
    } while (0)
#define SAYS(expression, expected)                                                               \
    do {                                                                                         \
        const char *text_ = (expression);                                                        \
        cr_assert(strcmp(text_, expected) == 0, "%s\n    is \"%s\"\n    not \"%s\"", #expression, text_, expected); \
    } while (0)

/* A path in a folder that this test has to itself; the folder is removed at its end. */
const char *path_of(const char *name);
/* The names in that folder, sorted, each followed by a blank. */
const char *names_in_folder(void);

stm_store *open_store(void);
stm_store *open_store_with(const stm_options *options);
/* The last one also checks that nothing was leaked, where a leak checker is built in. */
void close_store(stm_store *store);
void put_text(stm_store *store, const char *key, const char *value);
void put_number(stm_store *store, const char *key, int64_t value);
void erase(stm_store *store, const char *key);
stm_snapshot *take(stm_store *store, const char *label);

/* All rows that a query gives: columns separated by "|", rows by a blank. NULL columns are "-". */
const char *ask(const char *path, const char *query);
const char *ask_open(sqlite3 *db, const char *query);
/* Runs statements on the file; they must succeed. */
void change(const char *path, const char *statements);

/* Every check of stm_file_verify holds. */
void assert_verified(const char *path);

#endif
