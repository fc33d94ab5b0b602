/*
 * inspect -- a prompt that answers SQL on a program that is running: two threads serve customers, and you look on.
 *
 *     $ inspect
 *     sql> select key_text, value from stm where key_text glob 'served:*';
 *     sql> .save state.db
 *
 * The statements see one instant each, and stop nobody. A line that begins with a dot is for the prompt itself; .help
 * lists those. A statement may take several lines, and ends with a semicolon.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include "number.h"

#include <stm/snapshot.h>

#include <getopt.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

enum { CLERK_COUNT = 2, DISH_COUNT = 5 };

static const char *const dishes[DISH_COUNT] = {"soup", "stew", "salad", "fish", "pie"};

typedef struct restaurant {
    stm_store *store;
    sqlite3 *db;
    atomic_bool closing;
    int errors;
} restaurant;

/* ------------------------------------------------------------------------------- clerks -- */

typedef struct order {
    unsigned dish;
} order;

/* One more served, by dish and in all: two keys that always fit together. */
static stm_status serve(stm_txn *txn, void *arg)
{
    const order *o = arg;
    int64_t count = 0, total = 0;
    char key[32];
    snprintf(key, sizeof(key), "served:%s", dishes[o->dish]);

    stm_status status = stm_txn_use_int64(txn, stm_text(key), &count);
    if (status == STM_OK)
        status = stm_txn_set_int64(txn, stm_text(key), count + 1);
    if (status == STM_OK)
        status = stm_txn_use_int64(txn, stm_text("total"), &total);
    if (status == STM_OK)
        status = stm_txn_set_int64(txn, stm_text("total"), total + 1);
    return status;
}

static void *work(void *arg)
{
    static atomic_uint clerks;
    restaurant *r = arg;
    const struct timespec breath = {0, 100000};
    const unsigned number = atomic_fetch_add(&clerks, 1);
    order o = {.dish = 0};
    char label[32];

    snprintf(label, sizeof(label), "clerk %u", number);
    while (!atomic_load(&r->closing)) {
        o.dish = (o.dish + 1 + number) % DISH_COUNT;
        CHECK_OK(stm_atomically(r->store, label, NULL, serve, &o));
        nanosleep(&breath, NULL);
    }
    return NULL;
}

/* ------------------------------------------------------------------------------- prompt -- */

static int print_row(void *arg, int count, char **values, char **names)
{
    (void)arg, (void)names;
    for (int i = 0; i < count; i++)
        printf("%s%s", i == 0 ? "" : "|", values[i] == NULL ? "" : values[i]);
    putchar('\n');
    return 0;
}

static void complain(restaurant *r, const char *what)
{
    fflush(stdout);
    fprintf(stderr, "inspect: %s\n", what);
    r->errors++;
}

static void answer(restaurant *r, const char *statement)
{
    char *message = NULL;
    if (sqlite3_exec(r->db, statement, print_row, NULL, &message) != SQLITE_OK)
        complain(r, message);
    sqlite3_free(message);
}

/* False: the prompt is to end. */
static bool obey(restaurant *r, char *line)
{
    stm_file_error error;
    line[strcspn(line, "\n")] = '\0';
    if (strcmp(line, ".quit") == 0)
        return false;
    if (strcmp(line, ".help") == 0)
        puts(".save FILE  writes a snapshot\n.add FILE   adds one to those in the file\n.quit       ends");
    else if (strncmp(line, ".save ", 6) == 0 || strncmp(line, ".add ", 5) == 0) {
        const stm_export_options options = {.size = sizeof(options), .append = line[1] == 'a'};
        if (stm_file_export(r->store, strchr(line, ' ') + 1, &options, NULL, &error) != STM_FILE_OK)
            complain(r, error.message);
    } else {
        complain(r, "no such command; .help lists them");
    }
    return true;
}

static void prompt(restaurant *r)
{
    char statement[8192] = "", line[4096];
    const bool person = isatty(STDIN_FILENO) != 0;

    for (bool more = true; more;) {
        if (person) {
            fputs(statement[0] == '\0' ? "sql> " : "...> ", stdout);
            fflush(stdout);
        }
        if (fgets(line, sizeof(line), stdin) == NULL)
            break;
        if (statement[0] == '\0' && line[0] == '.') {
            more = obey(r, line);
            continue;
        }
        if (strlen(statement) + strlen(line) >= sizeof(statement)) {
            complain(r, "the statement is too long");
            statement[0] = '\0';
            continue;
        }
        strcat(statement, line);
        if (sqlite3_complete(statement)) {
            answer(r, statement);
            statement[0] = '\0';
        }
    }
    if (statement[strspn(statement, " \n\t")] != '\0')
        complain(r, "the last statement has no end; a semicolon is missing");
}

static void parse_options(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    const int option = getopt_long(argc, argv, "h", options, NULL);
    if (option == 'h') {
        puts("usage: inspect [--help]\n"
             "Two threads serve customers; statements from the standard input are answered meanwhile.\n"
             "The table is stm(key, key_text, type, size, version, revision, writer_txn, writer_label,\n"
             "writer_tid, value, bytes). .help lists the commands of the prompt.");
        exit(EXIT_SUCCESS);
    }
    if (option != -1 || optind != argc) {
        fputs("usage: inspect [--help]\n", stderr);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    restaurant r = {.errors = 0};
    pthread_t clerks[CLERK_COUNT];
    stm_file_error error;

    parse_options(argc, argv);
    CHECK_OK(stm_store_open(NULL, &r.store));
    CHECK(sqlite3_open(":memory:", &r.db) == SQLITE_OK);
    if (stm_sql_attach(r.db, r.store, "stm", &error) != STM_FILE_OK) {
        fprintf(stderr, "inspect: %s\n", error.message);
        return EXIT_FAILURE;
    }
    for (unsigned i = 0; i < CLERK_COUNT; i++)
        CHECK(pthread_create(&clerks[i], NULL, work, &r) == 0);
    prompt(&r);
    atomic_store(&r.closing, true);
    for (unsigned i = 0; i < CLERK_COUNT; i++)
        CHECK(pthread_join(clerks[i], NULL) == 0);
    sqlite3_close(r.db); /* before the store: the table keeps it open */
    CHECK_OK(stm_store_close(r.store));
    return r.errors == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
