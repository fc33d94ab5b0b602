#include "names.h"

#include "text.h"

#include <string.h>

struct names {
    GHashTable *numbers; /* by text as traced */
    GPtrArray *texts;    /* clean */
};

names *names_create(void)
{
    names *names = g_new0(struct names, 1);
    names->numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    names->texts = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(names->texts, g_strdup(""));
    g_ptr_array_add(names->texts, g_strdup("(others)"));
    return names;
}

void names_free(names *names)
{
    g_hash_table_unref(names->numbers);
    g_ptr_array_unref(names->texts);
    g_free(names);
}

uint32_t names_number(names *names, const char *text)
{
    if (text[0] == '\0' || strcmp(text, "-") == 0)
        return NAME_NONE;
    uint32_t number = GPOINTER_TO_UINT(g_hash_table_lookup(names->numbers, text));
    if (number != 0)
        return number;
    if (names->texts->len >= NAME_COUNT_MAX)
        return NAME_OTHERS;
    number = names->texts->len;
    g_ptr_array_add(names->texts, text_clean(text));
    g_hash_table_insert(names->numbers, g_strdup(text), GUINT_TO_POINTER(number));
    return number;
}

const char *names_text(const names *names, uint32_t number)
{
    return g_ptr_array_index(names->texts, number);
}

uint32_t names_count(const names *names)
{
    return names->texts->len;
}
