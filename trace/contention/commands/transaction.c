#include "transaction.h"

#include <glib.h>

static bool parse_number(const char *text, uint64_t *number)
{
    return g_ascii_string_to_unsigned(text, 10, 0, UINT64_MAX, number, NULL);
}

bool transaction_parse(const char *text, transaction *transaction)
{
    char **parts = g_strsplit(text, ":", 4);
    guint count = g_strv_length(parts);
    *transaction = (struct transaction){.has_pid = count == 3, .has_store = count >= 2};
    bool valid = count >= 1 && count <= 3 && parse_number(parts[count - 1], &transaction->txn) &&
                 transaction->txn != 0 &&
                 (count < 2 || parse_number(parts[count - 2], &transaction->store)) &&
                 (count < 3 || parse_number(parts[0], &transaction->pid));
    g_strfreev(parts);
    return valid;
}

bool transaction_is_in(const transaction *transaction, const event *event)
{
    return (!transaction->has_pid || event->pid == transaction->pid) &&
           (!transaction->has_store || event->store == transaction->store);
}
