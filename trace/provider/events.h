/*
 * events.h -- the ten events and their fields; ../README.md is their catalogue, and a test compares it with this.
 *
 * LTTng includes this file several times, with other meanings of its macros each time: hence the odd guard, and
 * no include guard in the usual form would do. Each field's expression is evaluated twice (to measure, and to
 * write), so all that costs something is worked out before, in a told.
 *
 * A key's first bytes go as two integers in network order, so that their hexadecimal digits are the bytes as
 * they stand in the key; readers decode that in a fraction of the time that a sequence takes.
 *
 * No string is empty: babeltrace2 up to 2.0.4 shows the last string that it has read in the place of an empty one.
 *
 * There is no field that says how late an event is: it is made after the fact, outside of everything that others could
 * wait for. So readers join events by store with transaction or version, never by time.
 */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER stm

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "events.h"

#if !defined(STM_TRACE_EVENTS_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define STM_TRACE_EVENTS_H

#include "told.h"

#include <lttng/tracepoint.h>

#define EVENTS_SCHEMA 1 /* raised when a field changes its meaning or goes; not for one that comes */

LTTNG_UST_TRACEPOINT_ENUM(stm, mode,
    LTTNG_UST_TP_ENUM_VALUES(
        lttng_ust_field_enum_value("read", 0)
        lttng_ust_field_enum_value("update", 1)
    )
)

LTTNG_UST_TRACEPOINT_ENUM(stm, stage,
    LTTNG_UST_TP_ENUM_VALUES(
        lttng_ust_field_enum_value("checkout", 0)
        lttng_ust_field_enum_value("commit", 1)
    )
)

LTTNG_UST_TRACEPOINT_ENUM(stm, store_what,
    LTTNG_UST_TP_ENUM_VALUES(
        lttng_ust_field_enum_value("open", 0)
        lttng_ust_field_enum_value("close", 1)
    )
)

LTTNG_UST_TRACEPOINT_ENUM(stm, snapshot_what,
    LTTNG_UST_TP_ENUM_VALUES(
        lttng_ust_field_enum_value("taken", 0)
        lttng_ust_field_enum_value("released", 1)
    )
)

/* Shorthands; t is the told. */
#define EVENTS_NUMBER(type, name, value) lttng_ust_field_integer(type, name, (type)(value))
#define EVENTS_STORE EVENTS_NUMBER(uint64_t, store, t->event->store)
#define EVENTS_TXN EVENTS_STORE EVENTS_NUMBER(uint64_t, txn, t->event->txn)
#define EVENTS_ATTEMPT                                       \
    EVENTS_TXN                                               \
    EVENTS_NUMBER(uint64_t, op, t->event->operation)         \
    EVENTS_NUMBER(uint64_t, attempt, t->event->attempt)
#define EVENTS_LABEL lttng_ust_field_string(label, t->event->label)
#define EVENTS_SETS                                          \
    EVENTS_NUMBER(int64_t, begin_ns, t->event->begin_ns)     \
    EVENTS_NUMBER(uint32_t, read_count, t->event->read_count) \
    EVENTS_NUMBER(uint32_t, write_count, t->event->write_count)
#define EVENTS_KEY                                           \
    lttng_ust_field_integer_hex(uint64_t, key_hash, t->event->key_hash) \
    EVENTS_NUMBER(uint32_t, key_size, t->event->key.size)
#define EVENTS_KEY_TEXT lttng_ust_field_string(key, t->key)
#define EVENTS_KEY_BYTES                                     \
    lttng_ust_field_integer_network_hex(uint64_t, k0, t->k0) \
    lttng_ust_field_integer_network_hex(uint64_t, k1, t->k1)
#define EVENTS_MODE lttng_ust_field_enum(stm, mode, uint8_t, mode, t->event->update)
#define EVENTS_STAGE lttng_ust_field_enum(stm, stage, uint8_t, stage, (uint8_t)t->event->stage)
#define EVENTS_LOSS                                          \
    EVENTS_MODE                                              \
    EVENTS_NUMBER(uint8_t, was_set, t->event->was_set)       \
    EVENTS_NUMBER(uint64_t, expected, t->event->version_from) \
    EVENTS_NUMBER(uint64_t, found, t->event->version_to)     \
    EVENTS_NUMBER(uint64_t, winner_txn, t->event->winner.txn)

LTTNG_UST_TRACEPOINT_EVENT(stm, starving, LTTNG_UST_TP_ARGS(const told *, t),
    LTTNG_UST_TP_FIELDS(
        EVENTS_ATTEMPT
        EVENTS_NUMBER(int64_t, elapsed_ns, t->event->elapsed_ns)
        EVENTS_KEY
        EVENTS_KEY_TEXT
        EVENTS_LABEL
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(stm, starving, LTTNG_UST_TRACEPOINT_LOGLEVEL_ERR)

LTTNG_UST_TRACEPOINT_EVENT(stm, conflict, LTTNG_UST_TP_ARGS(const told *, t),
    LTTNG_UST_TP_FIELDS(
        EVENTS_ATTEMPT
        EVENTS_STAGE
        EVENTS_LABEL
        EVENTS_SETS
        EVENTS_NUMBER(uint32_t, key_index, t->event->key_index)
        EVENTS_NUMBER(uint32_t, changed_count, t->event->changed_count)
        EVENTS_KEY
        EVENTS_KEY_TEXT
        EVENTS_KEY_BYTES
        EVENTS_LOSS
        lttng_ust_field_string(winner_label, t->winner_label)
        EVENTS_NUMBER(uint32_t, winner_tid, t->event->winner.tid)
        EVENTS_NUMBER(uint64_t, winner_revision, t->event->winner.revision)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(stm, conflict, LTTNG_UST_TRACEPOINT_LOGLEVEL_WARNING)

LTTNG_UST_TRACEPOINT_EVENT(stm, busy, LTTNG_UST_TP_ARGS(const told *, t),
    LTTNG_UST_TP_FIELDS(
        EVENTS_ATTEMPT
        EVENTS_STAGE
        EVENTS_LABEL
        EVENTS_SETS
        EVENTS_KEY
        EVENTS_KEY_TEXT
        EVENTS_KEY_BYTES
        EVENTS_NUMBER(uint64_t, owner_txn, t->event->winner.txn)
        lttng_ust_field_string(owner_label, t->winner_label)
        EVENTS_NUMBER(uint32_t, owner_tid, t->event->winner.tid)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(stm, busy, LTTNG_UST_TRACEPOINT_LOGLEVEL_NOTICE)

LTTNG_UST_TRACEPOINT_EVENT(stm, commit, LTTNG_UST_TP_ARGS(const told *, t),
    LTTNG_UST_TP_FIELDS(
        EVENTS_ATTEMPT
        EVENTS_LABEL
        EVENTS_SETS
        EVENTS_NUMBER(uint64_t, revision, t->event->revision)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(stm, commit, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(stm, abandon, LTTNG_UST_TP_ARGS(const told *, t),
    LTTNG_UST_TP_FIELDS(
        EVENTS_ATTEMPT
        EVENTS_LABEL
        EVENTS_SETS
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(stm, abandon, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(stm, store, LTTNG_UST_TP_ARGS(const told *, t),
    LTTNG_UST_TP_FIELDS(
        EVENTS_STORE
        lttng_ust_field_enum(stm, store_what, uint8_t, what, t->event->kind == STM_EVENT_STORE_CLOSE)
        EVENTS_NUMBER(uint32_t, schema, EVENTS_SCHEMA)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(stm, store, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(stm, snapshot, LTTNG_UST_TP_ARGS(const told *, t),
    LTTNG_UST_TP_FIELDS(
        EVENTS_STORE
        lttng_ust_field_enum(stm, snapshot_what, uint8_t, what, t->event->kind == STM_EVENT_SNAPSHOT_RELEASED)
        EVENTS_NUMBER(uint64_t, snapshot, t->event->snapshot)
        EVENTS_LABEL
        EVENTS_NUMBER(uint64_t, revision, t->event->revision)
        EVENTS_NUMBER(int64_t, held_ns, t->event->held_ns)
        EVENTS_NUMBER(uint64_t, bytes, t->event->bytes)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(stm, snapshot, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(stm, conflict_key, LTTNG_UST_TP_ARGS(const told *, t),
    LTTNG_UST_TP_FIELDS(
        EVENTS_TXN
        EVENTS_KEY
        EVENTS_KEY_BYTES
        EVENTS_LOSS
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(stm, conflict_key, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_PROCESS)

LTTNG_UST_TRACEPOINT_EVENT(stm, checkout, LTTNG_UST_TP_ARGS(const told *, t),
    LTTNG_UST_TP_FIELDS(
        EVENTS_TXN
        EVENTS_KEY
        EVENTS_KEY_BYTES
        EVENTS_NUMBER(uint64_t, version, t->event->version_from)
        EVENTS_MODE
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(stm, checkout, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_FUNCTION)

LTTNG_UST_TRACEPOINT_EVENT(stm, publish, LTTNG_UST_TP_ARGS(const told *, t),
    LTTNG_UST_TP_FIELDS(
        EVENTS_TXN
        EVENTS_KEY
        EVENTS_KEY_BYTES
        EVENTS_NUMBER(uint64_t, from_version, t->event->version_from)
        EVENTS_NUMBER(uint64_t, to_version, t->event->version_to)
        EVENTS_NUMBER(uint64_t, value_size, t->event->value_size)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(stm, publish, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_FUNCTION)

#endif

#include <lttng/tracepoint-event.h>
