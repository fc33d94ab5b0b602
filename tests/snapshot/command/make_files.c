/*
 * make_files -- makes snapshot files by a script: what a program with a store would do, in a few words.
 *
 *     label transfer            the transactions that follow
 *     string KEY TEXT           sets; also bytes KEY TEXT, int64 KEY N, double KEY X, and own KEY TEXT for a type of
 *                               the program's own
 *     fill KEY SIZE             a value of so many bytes, all different ones
 *     many PREFIX COUNT SIZE    keys PREFIX0, PREFIX1, ... with values of that size, a thousand a transaction
 *     delete KEY
 *     export PATH LABEL         also append, values (without values) and writers (without writers), all with PATH LABEL;
 *                               and part PATH PREFIX (only such keys)
 *
 * A line each, on stdin; words end with a blank. In KEY and TEXT, \xNN is a byte and \\ a backslash.
 */
#include <stm/snapshot.h>

#include <stdio.h>
#include <stdlib.h>

#define WORDS_MAX 4

static stm_store *store;
static char label[STM_LABEL_SIZE_MAX + 1] = "setup";

static void die(const char *what, const char *why)
{
    fprintf(stderr, "make_files: %s: %s\n", what, why);
    exit(1);
}

static void must(stm_status status, const char *doing)
{
    if (status != STM_OK)
        die(doing, stm_status_text(status));
}

static int digit(char c)
{
    return c >= 'a' ? c - 'a' + 10 : c - '0';
}

/* In place: the bytes are never more than the text. */
static stm_bytes unescaped(char *text)
{
    char *to = text;
    for (const char *at = text; *at != '\0'; at++) {
        if (at[0] == '\\' && at[1] == 'x') {
            *to++ = (char)(digit(at[2]) * 16 + digit(at[3]));
            at += 3;
        } else {
            at += at[0] == '\\';
            *to++ = *at;
        }
    }
    return stm_bytes_of(text, (size_t)(to - text));
}

static void set(stm_txn *txn, const char *type, stm_bytes key, char *text)
{
    if (strcmp(type, "string") == 0)
        must(stm_txn_set_typed(txn, key, unescaped(text), STM_STRING), "set a string");
    else if (strcmp(type, "bytes") == 0)
        must(stm_txn_set(txn, key, unescaped(text)), "set bytes");
    else if (strcmp(type, "own") == 0)
        must(stm_txn_set_typed(txn, key, unescaped(text), (stm_type)5), "set an own type");
    else if (strcmp(type, "int64") == 0)
        must(stm_txn_set_int64(txn, key, strtoll(text, NULL, 10)), "set an int64");
    else if (strcmp(type, "double") == 0)
        must(stm_txn_set_double(txn, key, strtod(text, NULL)), "set a double");
    else
        die(type, "no such word");
}

static char *filled(size_t size)
{
    char *value = malloc(size + 1);
    for (size_t i = 0; value != NULL && i < size; i++)
        value[i] = (char)(i * 7 + i / 256);
    if (value == NULL)
        die("fill", "no memory");
    return value;
}

static void set_many(const char *prefix, long count, size_t size)
{
    char key[200], *value = filled(size);
    stm_txn *txn;
    must(stm_txn_begin(store, label, &txn), "begin");
    for (long i = 0; i < count; i++) {
        snprintf(key, sizeof key, "%s%ld", prefix, i);
        must(stm_txn_set(txn, stm_text(key), stm_bytes_of(value, size)), "set");
        if (i % 1000 == 999) {
            must(stm_txn_commit(txn), "commit");
            stm_txn_reset(txn);
        }
    }
    must(stm_txn_commit(txn), "commit");
    stm_txn_end(txn);
    free(value);
}

static void edit(char **words)
{
    stm_txn *txn;
    stm_bytes key = unescaped(words[1]);
    must(stm_txn_begin(store, label, &txn), "begin");
    if (strcmp(words[0], "delete") == 0) {
        must(stm_txn_delete(txn, key), "delete");
    } else if (strcmp(words[0], "fill") == 0) {
        size_t size = (size_t)atol(words[2]);
        char *value = filled(size);
        must(stm_txn_set(txn, key, stm_bytes_of(value, size)), "fill");
        free(value);
    } else {
        set(txn, words[0], key, words[2]);
    }
    must(stm_txn_commit(txn), "commit");
    stm_txn_end(txn);
}

static bool is_export(char **words)
{
    stm_export_options options = {.size = sizeof options, .label = words[2], .not_durable = true};
    stm_file_error error;
    if (strcmp(words[0], "append") == 0)
        options.append = true;
    else if (strcmp(words[0], "values") == 0)
        options.without_values = true;
    else if (strcmp(words[0], "writers") == 0)
        options.without_writers = true;
    else if (strcmp(words[0], "part") == 0)
        options.prefix = stm_text(words[2]);
    else if (strcmp(words[0], "export") != 0)
        return false;
    if (stm_file_export(store, words[1], &options, NULL, &error) != STM_FILE_OK)
        die(words[1], error.message);
    return true;
}

static void run(char *line)
{
    char *words[WORDS_MAX + 1] = {NULL}, *rest = line, empty[] = "";
    size_t count = 0;
    while (count < WORDS_MAX && (words[count] = strsep(&rest, " \n")) != NULL && *words[count] != '\0')
        count++;
    while (count < WORDS_MAX)
        words[count++] = empty;
    if (*words[0] == '\0' || *words[0] == '#')
        return;
    if (strcmp(words[0], "label") == 0)
        snprintf(label, sizeof label, "%s", words[1]);
    else if (strcmp(words[0], "many") == 0)
        set_many(words[1], atol(words[2]), (size_t)atol(words[3]));
    else if (!is_export(words))
        edit(words);
}

int main(void)
{
    char line[20000];
    const stm_options options = {.size = sizeof options, .key_size_max = STM_KEY_SIZE_MAX};
    must(stm_store_open(&options, &store), "open a store");
    while (fgets(line, sizeof line, stdin) != NULL)
        run(line);
    must(stm_store_close(store), "close the store");
    return 0;
}
