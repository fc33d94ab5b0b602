#include "range.h"

#include <stdio.h>
#include <string.h>

int stmi_key_compare(stm_bytes a, stm_bytes b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* The prefix with its last byte that is not 0xff raised, and nothing behind it; no such byte: no bound. */
static void bound_prefix(struct stmi_range *range, stm_bytes prefix)
{
    size_t size = prefix.size;
    const unsigned char *data = prefix.data;
    while (size > 0 && data[size - 1] == 0xff)
        size--;
    range->low = prefix;
    range->high = stm_bytes_of(NULL, 0);
    if (size == 0)
        return;
    memcpy(range->after, data, size);
    range->after[size - 1]++;
    range->high = stm_bytes_of(range->after, size);
}

stm_file_status stmi_range_make(struct stmi_range *range, stm_bytes low, stm_bytes high, stm_bytes prefix,
                                stm_file_error *error)
{
    if (prefix.data != NULL && (low.data != NULL || high.data != NULL))
        return stmi_fault(error, STM_FILE_INVALID, "name a prefix or bounds of keys, not both");
    if (prefix.size > STM_KEY_SIZE_MAX || low.size > STM_KEY_SIZE_MAX || high.size > STM_KEY_SIZE_MAX)
        return stmi_fault(error, STM_FILE_INVALID, "no key is longer than %d bytes", STM_KEY_SIZE_MAX);
    range->low = low;
    range->high = high;
    if (prefix.data != NULL)
        bound_prefix(range, prefix);
    return STM_FILE_OK;
}

bool stmi_range_holds(const struct stmi_range *range, stm_bytes key)
{
    return (range->low.data == NULL || stmi_key_compare(key, range->low) >= 0) &&
           (range->high.data == NULL || stmi_key_compare(key, range->high) < 0);
}

const char *stmi_key_text(stm_bytes key, struct stmi_key_text *room)
{
    const unsigned char *data = key.data;
    size_t used = 0;
    for (size_t i = 0; i < key.size; i++) {
        if (used + 8 > sizeof room->text) {
            strcpy(room->text + used, "...");
            return room->text;
        }
        bool plain = data[i] >= ' ' && data[i] < 127 && data[i] != '"' && data[i] != '\\';
        used += (size_t)sprintf(room->text + used, plain ? "%c" : "\\x%02x", data[i]);
    }
    room->text[used] = '\0';
    return room->text;
}
