/*
 * events.h -- the ten events and their levels; ../README.md is their catalogue, and a test compares it with this.
 *
 * LTTng includes this file several times, with other meanings of its macros each time: hence the odd guard.
 *
 * LTTng writes an event field by field, through a pointer to a function each time, and takes 7 ns for each: twice as long
 * for 20 fields as for one. Ours lie in memory as they will in the trace (layout.h), so at the stage that writes they are one
 * array of bytes; at all others they are what they are. That stage is known by a macro that only it has. Should
 * LTTng have it no more, or align fields as on some machines, they are written one by one.
 *
 * A key's first bytes go as two integers in network order, so that their hexadecimal digits are the bytes as
 * they stand in the key; readers decode that in a fraction of the time that a sequence takes.
 *
 * No string is empty: babeltrace2 up to 2.0.4 shows the last string that it has read in the place of an empty one.
 */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER stm

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "events.h"

#if !defined(STM_TRACE_EVENTS_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define STM_TRACE_EVENTS_H

#include "layout.h"

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

#undef EVENTS_WHOLE
#if defined(lttng_ust__get_dynamic_len) && !defined(LTTNG_UST_RING_BUFFER_NATURAL_ALIGN)
#define EVENTS_WHOLE(...) lttng_ust_field_array(char, whole, (const char *)t, size)
#else
#define EVENTS_WHOLE(...) __VA_ARGS__ lttng_ust_field_unused(size)
#endif

/* t is the struct in layout.h, size how much of it is used. */
#define EVENTS_N(type, name) lttng_ust_field_integer(type, name, t->name)
#define EVENTS_H(type, name) lttng_ust_field_integer_hex(type, name, t->name)
#define EVENTS_K(name) lttng_ust_field_integer_network_hex(uint64_t, name, t->name)
#define EVENTS_E(name, of) lttng_ust_field_enum(stm, of, uint8_t, name, t->name)
#define EVENTS_FIXED(list) list(EVENTS_N, EVENTS_H, EVENTS_K, EVENTS_E)
#define EVENTS_TEXT(name) lttng_ust_field_string(name, name)

LTTNG_UST_TRACEPOINT_EVENT(stm, starving,
    LTTNG_UST_TP_ARGS(const struct told_starving *, t, size_t, size, const char *, key, const char *, label),
    LTTNG_UST_TP_FIELDS(EVENTS_WHOLE(EVENTS_FIXED(LAYOUT_STARVING) EVENTS_TEXT(key) EVENTS_TEXT(label)))
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(stm, starving, LTTNG_UST_TRACEPOINT_LOGLEVEL_ERR)

LTTNG_UST_TRACEPOINT_EVENT(stm, conflict,
    LTTNG_UST_TP_ARGS(const struct told_conflict *, t, size_t, size, const char *, label, const char *, key,
        const char *, winner_label),
    LTTNG_UST_TP_FIELDS(
        EVENTS_WHOLE(EVENTS_FIXED(LAYOUT_CONFLICT) EVENTS_TEXT(label) EVENTS_TEXT(key) EVENTS_TEXT(winner_label)))
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(stm, conflict, LTTNG_UST_TRACEPOINT_LOGLEVEL_WARNING)

LTTNG_UST_TRACEPOINT_EVENT(stm, busy,
    LTTNG_UST_TP_ARGS(const struct told_busy *, t, size_t, size, const char *, label, const char *, key,
        const char *, owner_label),
    LTTNG_UST_TP_FIELDS(
        EVENTS_WHOLE(EVENTS_FIXED(LAYOUT_BUSY) EVENTS_TEXT(label) EVENTS_TEXT(key) EVENTS_TEXT(owner_label)))
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(stm, busy, LTTNG_UST_TRACEPOINT_LOGLEVEL_NOTICE)

LTTNG_UST_TRACEPOINT_EVENT(stm, commit,
    LTTNG_UST_TP_ARGS(const struct told_commit *, t, size_t, size, const char *, label),
    LTTNG_UST_TP_FIELDS(EVENTS_WHOLE(EVENTS_FIXED(LAYOUT_COMMIT) EVENTS_TEXT(label)))
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(stm, commit, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(stm, abandon,
    LTTNG_UST_TP_ARGS(const struct told_abandon *, t, size_t, size, const char *, label),
    LTTNG_UST_TP_FIELDS(EVENTS_WHOLE(EVENTS_FIXED(LAYOUT_ABANDON) EVENTS_TEXT(label)))
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(stm, abandon, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(stm, store,
    LTTNG_UST_TP_ARGS(const struct told_store *, t, size_t, size),
    LTTNG_UST_TP_FIELDS(EVENTS_WHOLE(EVENTS_FIXED(LAYOUT_STORE)))
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(stm, store, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(stm, snapshot,
    LTTNG_UST_TP_ARGS(const struct told_snapshot *, t, size_t, size, const char *, label),
    LTTNG_UST_TP_FIELDS(EVENTS_WHOLE(EVENTS_FIXED(LAYOUT_SNAPSHOT) EVENTS_TEXT(label)))
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(stm, snapshot, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(stm, conflict_key,
    LTTNG_UST_TP_ARGS(const struct told_conflict_key *, t, size_t, size),
    LTTNG_UST_TP_FIELDS(EVENTS_WHOLE(EVENTS_FIXED(LAYOUT_CONFLICT_KEY)))
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(stm, conflict_key, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_PROCESS)

LTTNG_UST_TRACEPOINT_EVENT(stm, checkout,
    LTTNG_UST_TP_ARGS(const struct told_checkout *, t, size_t, size),
    LTTNG_UST_TP_FIELDS(EVENTS_WHOLE(EVENTS_FIXED(LAYOUT_CHECKOUT)))
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(stm, checkout, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_FUNCTION)

LTTNG_UST_TRACEPOINT_EVENT(stm, publish,
    LTTNG_UST_TP_ARGS(const struct told_publish *, t, size_t, size),
    LTTNG_UST_TP_FIELDS(EVENTS_WHOLE(EVENTS_FIXED(LAYOUT_PUBLISH)))
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(stm, publish, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_FUNCTION)

#endif

#include <lttng/tracepoint-event.h>
