/*
 * dump_test.c -- stm_store_dump writes the store as of one instant, a line a key, in order.
 *
 * What must not happen: a value breaks out of its line or cannot be told from another one; a key is
 * missing or out of order.
 */
#include "support.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

/* What the dump says, without a last newline; to be freed. */
static char *dump(stm_store *store)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    cr_assert_not_null(stream);
    OK(stm_store_dump(store, stream));
    cr_assert_eq(fclose(stream), 0);
    if (size > 0)
        cr_assert_eq(text[size - 1], '\n');
    for (size_t i = 0; i < size; i++)
        cr_assert(text[i] == '\n' || isprint((unsigned char)text[i]), "byte %d in: %s", text[i], text);
    return text;
}

static const char *line_with(const char *text, const char *word)
{
    static char line[4000];
    const char *found = strstr(text, word);

    cr_assert_not_null(found, "no %s in:\n%s", word, text);
    while (found > text && found[-1] != '\n')
        found--;
    snprintf(line, sizeof(line), "%.*s", (int)strcspn(found, "\n"), found);
    return line;
}

static size_t line_count(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

Test(dump, of_an_empty_store)
{
    stm_store *store = open_store(NULL);
    char *text = dump(store);

    EQUALS(line_count(text), 0);
    free(text);
    close_store(store);
}

Test(dump, shows_key_version_writer_and_value)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "painter");
    char id[24];

    for (int i = 0; i < 41; i++)
        put(store, "hello", "x");
    snprintf(id, sizeof(id), "%llu", (unsigned long long)stm_txn_id(txn));
    OK(stm_txn_set(txn, stm_text("hello"), stm_text("Hello World")));
    OK(stm_txn_commit(txn));
    char *text = dump(store);
    EQUALS(line_count(text), 1);
    const char *const parts[] = {"hello", "42", "painter", id, "Hello World"};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        cr_assert_not_null(strstr(text, parts[i]), "no %s in: %s", parts[i], text);

    free(text);
    stm_txn_end(txn);
    close_store(store);
}

Test(dump, is_in_the_order_of_keys)
{
    static const char *const order[] = {"account_one", "account_two", "b", "bb", "c"};
    stm_store *store = open_store(NULL);
    const char *last;

    for (size_t i = 0; i < COUNT_OF(order); i++)
        put(store, order[i * 3 % COUNT_OF(order)], "value");
    char *text = dump(store);
    EQUALS(line_count(text), COUNT_OF(order));
    last = text;
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        char *const end = strchr(last, '\n');
        *end = '\0';
        cr_assert_not_null(strstr(last, order[i]), "line %zu is: %s", i, last);
        last = end + 1;
    }

    free(text);
    close_store(store);
}

Test(dump, typed_values_can_be_read)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "typed");

    OK(stm_txn_set_int64(txn, stm_text("integer"), -1234567890123));
    OK(stm_txn_set_double(txn, stm_text("real"), 0.1));
    OK(stm_txn_set_string(txn, stm_text("text"), "a text"));
    OK(stm_txn_commit(txn));
    char *text = dump(store);
    cr_assert_not_null(strstr(line_with(text, "integer"), "-1234567890123"), "%s", text);
    cr_assert_not_null(strstr(line_with(text, "real"), "0.1"), "%s", text);
    cr_assert_not_null(strstr(line_with(text, "text"), "a text"), "%s", text);

    free(text);
    stm_txn_end(txn);
    close_store(store);
}

/* Bytes that do not print, or that mean something in the dump itself, must not make two different
 * values look the same, nor end the line. */
Test(dump, escapes_so_that_different_bytes_look_different)
{
    static const stm_bytes values[] = {
        {"a\nb", 3},
        {"a\\nb", 4},
        {"a\\x0ab", 6},
        {"a\0b", 3},
        {"a\\0b", 4},
        {"a\"b", 3},
        {"a\\\"b", 4},
        {"a'b", 3},
        {"a\xff", 2},
        {"a\\xff", 5},
        {"a\tb", 3},
        {"a b", 3},
        {"", 0},
        {"\"\"", 2},
        {"\\", 1},
        {"\\\\", 2},
        {"a\x01"
         "1",
         3},
        {"a\x11", 2},
        {"a\0"
         "1",
         3},
        {"a\x7f", 2},
    };
    char *texts[COUNT_OF(values)];

    for (size_t i = 0; i < COUNT_OF(values); i++) { /* stores alike in all but this value */
        stm_store *store = open_store(NULL);
        put_bytes(store, stm_text("key"), values[i]);
        texts[i] = dump(store);
        EQUALS(line_count(texts[i]), 1);
        for (size_t j = 0; j < i; j++)
            cr_assert_str_neq(texts[i], texts[j]);
        OK(stm_store_close(store));
    }

    for (size_t i = 0; i < COUNT_OF(values); i++)
        free(texts[i]);
    assert_no_leak();
}

Test(dump, of_keys_that_do_not_print_and_large_values)
{
    static char bytes[70000];
    stm_store *store = open_store(NULL);

    fill(bytes, sizeof(bytes), 3);
    put_bytes(store, stm_bytes_of(bytes, 1000), stm_bytes_of(bytes, sizeof(bytes)));
    put_bytes(store, stm_bytes_of("\n\n", 2), stm_bytes_of("\n\n", 2));
    char *text = dump(store);
    EQUALS(line_count(text), 2);

    free(text);
    close_store(store);
}

/* Bytes that are no number of the type they claim are shown as bytes. */
Test(dump, of_a_number_of_the_wrong_size)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "wrong size");
    char *text = NULL;
    size_t size = 0;

    OK(stm_txn_set_typed(txn, stm_text("a"), stm_text("abc"), STM_INT64));
    OK(stm_txn_set_typed(txn, stm_text("b"), stm_text("de"), STM_DOUBLE));
    OK(stm_txn_commit(txn));
    FILE *stream = open_memstream(&text, &size);
    OK(stm_store_dump(store, stream));
    fclose(stream);
    cr_assert_not_null(strstr(text, ": \"abc\"\n"), "%s", text);
    cr_assert_not_null(strstr(text, ": \"de\"\n"), "%s", text);
    free(text);

    stm_txn_end(txn);
    close_store(store);
}
