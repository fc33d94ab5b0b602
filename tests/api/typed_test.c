/*
 * typed_test.c -- integers, doubles and strings come back as what they were, and as nothing else.
 *
 * What must not happen: a value is read as a type that it does not have, or a type gets lost on its
 * way through a commit; a default is overwritten where there is no value.
 */
#include "support.h"

#include <float.h>
#include <math.h>

#define KEY stm_text("key")

Test(typed, integers_come_back)
{
    static const int64_t numbers[] = {0, 1, -1, 255, -256, INT64_MAX, INT64_MIN};
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "int64");

    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        int64_t used = 77, got = 77;
        OK(stm_txn_set_int64(txn, KEY, numbers[i]));
        OK(stm_txn_get_int64(txn, KEY, &got)); /* the private copy */
        EQUALS(got, numbers[i]);
        OK(stm_txn_commit(txn));
        stm_txn_reset(txn);
        OK(stm_txn_get_int64(txn, KEY, &got));
        OK(stm_txn_use_int64(txn, KEY, &used));
        EQUALS(got, numbers[i]);
        EQUALS(used, numbers[i]);
    }

    stm_txn_end(txn);
    close_store(store);
}

Test(typed, doubles_come_back_bit_by_bit)
{
    const double numbers[] = {0.0, -0.0, 1.5, -DBL_MAX, DBL_MIN, DBL_TRUE_MIN, INFINITY, -INFINITY, NAN};
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "double");

    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        double used = 77, got = 77;
        OK(stm_txn_set_double(txn, KEY, numbers[i]));
        OK(stm_txn_commit(txn));
        stm_txn_reset(txn);
        OK(stm_txn_get_double(txn, KEY, &got));
        OK(stm_txn_use_double(txn, KEY, &used));
        cr_assert(memcmp(&got, &numbers[i], sizeof(got)) == 0);
        cr_assert(memcmp(&used, &numbers[i], sizeof(used)) == 0);
    }

    stm_txn_end(txn);
    close_store(store);
}

Test(typed, strings_come_back)
{
    static const char *const texts[] = {"", "x", "exactly 16 bytes", "exactly 17 bytes!",
                                        "a text that is too long to be kept inside of a record of any kind"};
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "string");

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        const char *used = NULL, *got = NULL;
        OK(stm_txn_set_string(txn, KEY, texts[i]));
        OK(stm_txn_commit(txn));
        stm_txn_reset(txn);
        OK(stm_txn_get_string(txn, KEY, &got));
        cr_assert_str_eq(got, texts[i]);
        OK(stm_txn_use_string(txn, KEY, &used));
        cr_assert_str_eq(used, texts[i]);
        HOLDS(store, "key", texts[i]);
    }

    stm_txn_end(txn);
    close_store(store);
}

Test(typed, default_stands_where_there_is_no_value)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "default");
    int64_t integer = 7;
    double real = 7.5;
    const char *text = "seven";

    ANSWERS(stm_txn_get_int64(txn, stm_text("i"), &integer), STM_NOT_FOUND);
    ANSWERS(stm_txn_get_double(txn, stm_text("d"), &real), STM_NOT_FOUND);
    ANSWERS(stm_txn_get_string(txn, stm_text("s"), &text), STM_NOT_FOUND);
    OK(stm_txn_use_int64(txn, stm_text("i"), &integer));
    OK(stm_txn_use_double(txn, stm_text("d"), &real));
    OK(stm_txn_use_string(txn, stm_text("s"), &text));
    EQUALS(integer, 7);
    cr_assert(real == 7.5);
    cr_assert_str_eq(text, "seven");
    OK(stm_txn_set_int64(txn, stm_text("i"), integer + 1));
    OK(stm_txn_commit(txn));
    OK(stm_txn_use_int64(txn, stm_text("i"), &integer));
    EQUALS(integer, 8);

    stm_txn_end(txn);
    close_store(store);
}

/* Each kind of value asked for as each type: only its own one is given. */
Test(typed, another_type_is_refused_and_nothing_is_lost)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "types");
    const stm_bytes keys[] = {stm_text("bytes"), stm_text("int64"), stm_text("double"), stm_text("string")};
    stm_bytes value;
    stm_type type;

    OK(stm_txn_set(txn, keys[STM_BYTES], stm_text("12345678")));
    OK(stm_txn_set_int64(txn, keys[STM_INT64], 1));
    OK(stm_txn_set_double(txn, keys[STM_DOUBLE], 1));
    OK(stm_txn_set_string(txn, keys[STM_STRING], "12345678"));
    OK(stm_txn_commit(txn));
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        int64_t integer = 7;
        double real = 7;
        const char *text = "seven";
        const stm_status as_int64 = i == STM_INT64 ? STM_OK : STM_WRONG_TYPE;
        const stm_status as_double = i == STM_DOUBLE ? STM_OK : STM_WRONG_TYPE;
        const stm_status as_string = i == STM_STRING ? STM_OK : STM_WRONG_TYPE;

        stm_txn_reset(txn);
        ANSWERS(stm_txn_get_int64(txn, keys[i], &integer), as_int64);
        ANSWERS(stm_txn_use_int64(txn, keys[i], &integer), as_int64);
        ANSWERS(stm_txn_get_double(txn, keys[i], &real), as_double);
        ANSWERS(stm_txn_use_double(txn, keys[i], &real), as_double);
        ANSWERS(stm_txn_get_string(txn, keys[i], &text), as_string);
        ANSWERS(stm_txn_use_string(txn, keys[i], &text), as_string);
        EQUALS(integer, i == STM_INT64 ? 1 : 7);
        cr_assert(real == (i == STM_DOUBLE ? 1.0 : 7.0));
        cr_assert_str_eq(text, i == STM_STRING ? "12345678" : "seven");
        OK(stm_txn_use(txn, keys[i], &value)); /* the bytes are there for whoever wants them */
        EQUALS(value.size, 8);
        OK(stm_txn_type(txn, keys[i], &type));
        EQUALS(type, i);
        OK(stm_txn_commit(txn));
    }

    stm_txn_end(txn);
    close_store(store);
}

Test(typed, type_belongs_to_the_value_and_goes_with_it)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "types");
    stm_type type;
    int64_t number = 7;

    ANSWERS(stm_txn_type(txn, KEY, &type), STM_NOT_FOUND);
    OK(stm_txn_set_int64(txn, KEY, 1));
    OK(stm_txn_type(txn, KEY, &type));
    EQUALS(type, STM_INT64);
    OK(stm_txn_commit(txn));
    OK(stm_txn_set(txn, KEY, stm_text("text")));
    OK(stm_txn_type(txn, KEY, &type));
    EQUALS(type, STM_BYTES);
    OK(stm_txn_commit(txn));
    stm_txn_reset(txn);
    ANSWERS(stm_txn_get_int64(txn, KEY, &number), STM_WRONG_TYPE);
    OK(stm_txn_set_int64(txn, KEY, 1));
    OK(stm_txn_delete(txn, KEY));
    OK(stm_txn_use_int64(txn, KEY, &number)); /* no value has no wrong type */
    EQUALS(number, 7);
    OK(stm_txn_type(txn, KEY, &type));
    EQUALS(type, STM_BYTES);
    OK(stm_txn_commit(txn));
    stm_txn_reset(txn);
    OK(stm_txn_use(txn, KEY, NULL));
    OK(stm_txn_type(txn, KEY, &type));
    EQUALS(type, STM_BYTES);

    stm_txn_end(txn);
    close_store(store);
}

/* Types of the caller's own are kept as told; a size that no integer has is never read as one. */
Test(typed, set_typed_records_any_type)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "types");
    stm_snapshot *snapshot;
    stm_entry entry;
    stm_type type;
    int64_t number = 7;

    OK(stm_txn_set_typed(txn, KEY, stm_text("own"), (stm_type)5));
    OK(stm_txn_set_typed(txn, stm_text("long"), stm_text("a value that needs a block of its own"),
                         (stm_type)7));
    OK(stm_txn_commit(txn));
    stm_txn_reset(txn);
    OK(stm_txn_use(txn, KEY, NULL));
    OK(stm_txn_type(txn, KEY, &type));
    EQUALS(type, 5);
    snapshot = take(store, "types");
    OK(stm_snapshot_get(snapshot, KEY, &entry));
    EQUALS(entry.type, 5);
    OK(stm_snapshot_get(snapshot, stm_text("long"), &entry));
    EQUALS(entry.type, 7);

    stm_status status = stm_txn_set_typed(txn, KEY, stm_text("abc"), STM_INT64);
    if (status == STM_OK)
        status = stm_txn_use_int64(txn, KEY, &number);
    cr_assert(status == STM_INVALID || status == STM_WRONG_TYPE, "%s", stm_status_name(status));
    EQUALS(number, 7);

    stm_txn_reset(txn);
    ANSWERS(stm_txn_set_typed(txn, KEY, stm_text("own"), (stm_type)(STM_TYPE_MAX + 1)), STM_INVALID);

    stm_snapshot_release(snapshot);
    stm_txn_end(txn);
    close_store(store);
}

/* A caller who asks for a value and names no place for it, by mistake. */
Test(typed, no_place_for_the_value_is_invalid)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "no place");

    OK(stm_txn_set_int64(txn, KEY, 5));
    ANSWERS(stm_txn_get_int64(txn, KEY, NULL), STM_INVALID);
    stm_txn_end(txn);
    close_store(store);
}

/* What a snapshot shows is read as what it is, and as nothing else. */
Test(typed, entries_of_a_snapshot_are_read_as_what_they_are)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "entries");
    stm_entry entry;
    int64_t integer = 7;
    double number = 7;

    OK(stm_txn_set_int64(txn, stm_text("integer"), -5));
    OK(stm_txn_set_double(txn, stm_text("number"), 2.5));
    OK(stm_txn_set_typed(txn, stm_text("short"), stm_text("abc"), STM_INT64));
    OK(stm_txn_commit(txn));
    stm_snapshot *snapshot = take(store, "entries");

    OK(stm_snapshot_get(snapshot, stm_text("integer"), &entry));
    cr_assert(stm_entry_int64(&entry, &integer) && integer == -5);
    cr_assert(!stm_entry_double(&entry, &number));
    cr_assert(!stm_entry_int64(&entry, NULL));
    cr_assert(!stm_entry_int64(NULL, &integer));
    OK(stm_snapshot_get(snapshot, stm_text("number"), &entry));
    cr_assert(stm_entry_double(&entry, &number) && number == 2.5);
    OK(stm_snapshot_get(snapshot, stm_text("short"), &entry)); /* a type is the caller's word for the bytes */
    cr_assert(!stm_entry_int64(&entry, &integer));
    EQUALS(integer, -5);

    stm_snapshot_release(snapshot);
    stm_txn_end(txn);
    close_store(store);
}
