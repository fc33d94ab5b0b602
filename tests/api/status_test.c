/*
 * status_test.c -- every status has a name and says what to do next.
 *
 * What must not happen: a status without a name, two that read the same, or a crash on a number
 * that is none.
 */
#include "support.h"

static const struct {
    stm_status status;
    const char *name;
} statuses[] = {
    {STM_OK, "OK"},           {STM_NOT_FOUND, "NOT_FOUND"},
    {STM_END, "END"},         {STM_CONFLICT, "CONFLICT"},
    {STM_BUSY, "BUSY"},       {STM_WAIT, "WAIT"},
    {STM_TIMEOUT, "TIMEOUT"}, {STM_NO_MEMORY, "NO_MEMORY"},
    {STM_INVALID, "INVALID"}, {STM_TOO_LARGE, "TOO_LARGE"},
    {STM_LIMIT, "LIMIT"},     {STM_WRONG_TYPE, "WRONG_TYPE"},
    {STM_ENDED, "ENDED"},     {STM_FOREIGN, "FOREIGN"},
    {STM_FORKED, "FORKED"},   {STM_REENTERED, "REENTERED"},
};

Test(status, has_its_name)
{
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        EQUALS(statuses[i].status, i); /* none was left out of this table */
        cr_assert_str_eq(stm_status_name(statuses[i].status), statuses[i].name);
    }
    cr_assert_str_eq(stm_status_name((stm_status)COUNT_OF(statuses)), "UNKNOWN");
}

Test(status, has_a_sentence_of_its_own)
{
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        const char *text = stm_status_text(statuses[i].status);
        cr_assert_not_null(text);
        cr_assert(strlen(text) > 3, "%s: %s", statuses[i].name, text);
        for (size_t j = 0; j < i; j++)
            cr_assert_str_neq(text, stm_status_text(statuses[j].status));
    }
}

Test(status, of_an_unknown_number_is_told)
{
    static const int numbers[] = {16, 17, 1000, -1, 0x7fffffff};

    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        cr_assert_str_eq(stm_status_name((stm_status)numbers[i]), "UNKNOWN");
        cr_assert_not_null(stm_status_text((stm_status)numbers[i]));
    }
}

Test(status, version_is_that_of_the_header)
{
    char version[32];

    snprintf(version, sizeof(version), "%d.%d.%d", STM_VERSION_MAJOR, STM_VERSION_MINOR, STM_VERSION_PATCH);
    cr_assert_str_eq(stm_version(), version);
}
