#include <stm/stm.h>

/* What a checkout gave, as the type asked for. */
static stm_status read_as(const stm_txn *txn, stm_bytes key, stm_status status, stm_bytes bytes, stm_type wanted,
                          void *value)
{
    stm_type type;
    if (status != STM_OK || bytes.data == NULL)
        return status;
    stm_status known = stm_txn_type(txn, key, &type);
    if (known != STM_OK)
        return known;
    if (type != wanted || (wanted != STM_STRING && bytes.size != 8))
        return STM_WRONG_TYPE;
    if (value == NULL)
        return STM_INVALID;
    if (wanted == STM_STRING)
        *(const char **)value = bytes.data;
    else
        memcpy(value, bytes.data, 8);
    return STM_OK;
}

static stm_status use_as(stm_txn *txn, stm_bytes key, stm_type wanted, void *value)
{
    stm_bytes bytes = {NULL, 0};
    stm_status status = stm_txn_use(txn, key, &bytes);
    return read_as(txn, key, status, bytes, wanted, value);
}

static stm_status get_as(stm_txn *txn, stm_bytes key, stm_type wanted, void *value)
{
    stm_bytes bytes = {NULL, 0};
    stm_status status = stm_txn_get(txn, key, &bytes);
    return read_as(txn, key, status, bytes, wanted, value);
}

stm_status stm_txn_use_int64(stm_txn *txn, stm_bytes key, int64_t *value)
{
    return use_as(txn, key, STM_INT64, value);
}

stm_status stm_txn_get_int64(stm_txn *txn, stm_bytes key, int64_t *value)
{
    return get_as(txn, key, STM_INT64, value);
}

stm_status stm_txn_set_int64(stm_txn *txn, stm_bytes key, int64_t value)
{
    return stm_txn_set_typed(txn, key, stm_bytes_of(&value, sizeof value), STM_INT64);
}

stm_status stm_txn_use_double(stm_txn *txn, stm_bytes key, double *value)
{
    return use_as(txn, key, STM_DOUBLE, value);
}

stm_status stm_txn_get_double(stm_txn *txn, stm_bytes key, double *value)
{
    return get_as(txn, key, STM_DOUBLE, value);
}

stm_status stm_txn_set_double(stm_txn *txn, stm_bytes key, double value)
{
    return stm_txn_set_typed(txn, key, stm_bytes_of(&value, sizeof value), STM_DOUBLE);
}

stm_status stm_txn_use_string(stm_txn *txn, stm_bytes key, const char **value)
{
    return use_as(txn, key, STM_STRING, value);
}

stm_status stm_txn_get_string(stm_txn *txn, stm_bytes key, const char **value)
{
    return get_as(txn, key, STM_STRING, value);
}

stm_status stm_txn_set_string(stm_txn *txn, stm_bytes key, const char *value)
{
    return stm_txn_set_typed(txn, key, stm_text(value), STM_STRING);
}

static bool entry_as(const stm_entry *entry, stm_type wanted, void *value)
{
    if (entry == NULL || value == NULL || entry->type != wanted || entry->value.size != 8)
        return false;
    memcpy(value, entry->value.data, 8);
    return true;
}

bool stm_entry_int64(const stm_entry *entry, int64_t *value)
{
    return entry_as(entry, STM_INT64, value);
}

bool stm_entry_double(const stm_entry *entry, double *value)
{
    return entry_as(entry, STM_DOUBLE, value);
}
