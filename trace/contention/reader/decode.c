#include "decode.h"

#include <glib.h>
#include <stddef.h>
#include <string.h>

#define PROVIDER "stm:"

static const char *const kind_names[EVENT_KIND_COUNT] = {
    [EVENT_STARVING] = "starving", [EVENT_CONFLICT] = "conflict", [EVENT_BUSY] = "busy",
    [EVENT_COMMIT] = "commit",     [EVENT_ABANDON] = "abandon",   [EVENT_STORE] = "store",
    [EVENT_SNAPSHOT] = "snapshot", [EVENT_CONFLICT_KEY] = "conflict_key",
    [EVENT_CHECKOUT] = "checkout", [EVENT_PUBLISH] = "publish"};

/* ------------------------------------------------------------------------------- wishes -- */

typedef enum member_type { MEMBER_U64, MEMBER_I64, MEMBER_TEXT, MEMBER_FLAG } member_type;

/* A field that we know, by its name in the trace; a flag is true where the field has the value of that label, or,
 * without a label, is not 0. Kinds: of which a report needs it. */
typedef struct wish {
    const char *name;
    member_type type;
    size_t offset;
    unsigned kinds;
    const char *label;
} wish;

#define BIT(kind) (1u << EVENT_##kind)
#define LOSSES (BIT(CONFLICT) | BIT(BUSY))
#define OUTCOMES (LOSSES | BIT(COMMIT) | BIT(ABANDON))
#define EVERY ((1u << EVENT_KIND_COUNT) - 1)

#define U64(name, member, kinds) {name, MEMBER_U64, offsetof(event, member), kinds, NULL}
#define I64(name, member, kinds) {name, MEMBER_I64, offsetof(event, member), kinds, NULL}
#define TEXT(name, member, kinds) {name, MEMBER_TEXT, offsetof(event, member), kinds, NULL}
#define FLAG(name, member, kinds, label) {name, MEMBER_FLAG, offsetof(event, member), kinds, label}

static const wish payload_wishes[] = {
    U64("store", store, EVERY & ~BIT(CHECKOUT)),
    U64("txn", txn, EVERY & ~BIT(CHECKOUT)),
    U64("op", op, OUTCOMES | BIT(STARVING)),
    U64("attempt", attempt, OUTCOMES | BIT(STARVING)),
    FLAG("stage", at_commit, LOSSES, "commit"),
    TEXT("label", label, OUTCOMES | BIT(STARVING)),
    I64("begin_ns", begin_ns, OUTCOMES),
    U64("read_count", read_count, OUTCOMES),
    U64("write_count", write_count, OUTCOMES),
    U64("key_index", key_index, 0),
    U64("changed_count", changed_count, BIT(CONFLICT)),
    U64("key_hash", key_hash, LOSSES | BIT(CONFLICT_KEY) | BIT(PUBLISH)),
    U64("key_size", key_size, LOSSES | BIT(CONFLICT_KEY)),
    TEXT("key", key, LOSSES),
    U64("k0", k0, LOSSES | BIT(CONFLICT_KEY)),
    U64("k1", k1, LOSSES | BIT(CONFLICT_KEY)),
    U64("expected", expected, LOSSES),
    U64("found", found, LOSSES),
    U64("from_version", expected, 0),
    U64("to_version", found, BIT(PUBLISH)),
    U64("version", expected, 0),
    U64("winner_txn", winner_txn, BIT(CONFLICT) | BIT(CONFLICT_KEY)),
    U64("winner_tid", winner_tid, BIT(CONFLICT)),
    TEXT("winner_label", winner_label, BIT(CONFLICT)),
    U64("winner_revision", winner_revision, 0),
    U64("owner_txn", winner_txn, BIT(BUSY)),
    U64("owner_tid", winner_tid, BIT(BUSY)),
    TEXT("owner_label", winner_label, BIT(BUSY)),
    FLAG("mode", update, LOSSES | BIT(CONFLICT_KEY), "update"),
    FLAG("update", update, LOSSES | BIT(CONFLICT_KEY), "update"),
    FLAG("was_set", was_set, LOSSES | BIT(CONFLICT_KEY), "yes"),
    U64("revision", revision, 0),
    U64("value_size", value_size, 0),
    U64("snapshot", snapshot, 0),
    U64("bytes", bytes, 0),
    I64("held_ns", held_ns, 0),
    I64("elapsed_ns", elapsed_ns, BIT(STARVING)),
    FLAG("what", opened, 0, "open"),
    FLAG("what", opened, 0, "taken"),
    FLAG("op", opened, 0, "open"),
    FLAG("op", opened, 0, "taken"),
};

static const wish context_wishes[] = {
    U64("vtid", tid, EVERY & ~(BIT(CHECKOUT) | BIT(PUBLISH))),
    U64("tid", tid, EVERY & ~(BIT(CHECKOUT) | BIT(PUBLISH))),
    U64("vpid", pid, EVERY & ~BIT(CHECKOUT)),
    U64("pid", pid, EVERY & ~BIT(CHECKOUT)),
    TEXT("procname", procname, EVERY & ~(BIT(CHECKOUT) | BIT(PUBLISH))),
};

/* ------------------------------------------------------------------------------ layouts -- */

/* How a field is read, settled by its class. */
typedef enum reading { READ_UNSIGNED, READ_SIGNED, READ_BOOL, READ_TEXT } reading;

typedef struct place {
    uint64_t index;
    reading reading;
    member_type type;
    size_t offset;
    bool has_value;   /* a flag is true where the field has this value */
    uint64_t value;
} place;

enum { PLACES_MAX = sizeof payload_wishes / sizeof payload_wishes[0] };

typedef struct layout {
    bool ours;
    event_kind kind;
    size_t payload_count, context_count;
    place payload[PLACES_MAX], context[sizeof context_wishes / sizeof context_wishes[0]];
} layout;

struct decoder {
    GHashTable *layouts; /* of each bt_event_class seen */
    bool every_field;
    bool tells_sets, tells_modes;
};

static bool value_of_label(const bt_field_class *class, bt_field_class_type type, const char *label, uint64_t *value)
{
    if (type == BT_FIELD_CLASS_TYPE_UNSIGNED_ENUMERATION) {
        const bt_field_class_enumeration_unsigned_mapping *mapping =
            bt_field_class_enumeration_unsigned_borrow_mapping_by_label_const(class, label);
        if (mapping == NULL)
            return false;
        *value = bt_integer_range_unsigned_get_lower(bt_integer_range_set_unsigned_borrow_range_by_index_const(
            bt_field_class_enumeration_unsigned_mapping_borrow_ranges_const(mapping), 0));
        return true;
    }
    const bt_field_class_enumeration_signed_mapping *mapping =
        bt_field_class_enumeration_signed_borrow_mapping_by_label_const(class, label);
    if (mapping == NULL)
        return false;
    *value = (uint64_t)bt_integer_range_signed_get_lower(bt_integer_range_set_signed_borrow_range_by_index_const(
        bt_field_class_enumeration_signed_mapping_borrow_ranges_const(mapping), 0));
    return true;
}

/* False: a field of this class cannot be what we wish for. */
static bool settle(const bt_field_class *class, const wish *wish, place *place)
{
    bt_field_class_type type = bt_field_class_get_type(class);
    bool is_enumeration = bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_ENUMERATION);
    place->type = wish->type;
    place->offset = wish->offset;
    place->has_value = wish->type == MEMBER_FLAG && is_enumeration;
    if (place->has_value && !value_of_label(class, type, wish->label, &place->value))
        return false;
    if (wish->type == MEMBER_TEXT) {
        place->reading = READ_TEXT;
        return type == BT_FIELD_CLASS_TYPE_STRING;
    }
    if (type == BT_FIELD_CLASS_TYPE_BOOL)
        place->reading = READ_BOOL;
    else if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER))
        place->reading = READ_UNSIGNED;
    else if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_SIGNED_INTEGER))
        place->reading = READ_SIGNED;
    else
        return false;
    return wish->type == MEMBER_FLAG || !is_enumeration;
}

static bool find_member(const bt_field_class *structure, const char *name, uint64_t *index)
{
    uint64_t count = bt_field_class_structure_get_member_count(structure);
    for (uint64_t i = 0; i < count; i++) {
        const bt_field_class_structure_member *member =
            bt_field_class_structure_borrow_member_by_index_const(structure, i);
        if (strcmp(bt_field_class_structure_member_get_name(member), name) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

static size_t settle_all(const bt_field_class *structure, const wish *wishes, size_t count, unsigned kinds, place *places)
{
    size_t settled = 0;
    if (structure == NULL || bt_field_class_get_type(structure) != BT_FIELD_CLASS_TYPE_STRUCTURE)
        return 0;
    for (size_t i = 0; i < count; i++) {
        place *place = &places[settled];
        if ((wishes[i].kinds & kinds) == 0 || !find_member(structure, wishes[i].name, &place->index))
            continue;
        const bt_field_class_structure_member *member =
            bt_field_class_structure_borrow_member_by_index_const(structure, place->index);
        if (settle(bt_field_class_structure_member_borrow_field_class_const(member), &wishes[i], place))
            settled++;
    }
    return settled;
}

static bool kind_of(const bt_event_class *class, event_kind *kind)
{
    const char *name = bt_event_class_get_name(class);
    if (name == NULL || strncmp(name, PROVIDER, strlen(PROVIDER)) != 0)
        return false;
    for (int i = 0; i < EVENT_KIND_COUNT; i++) {
        if (strcmp(name + strlen(PROVIDER), kind_names[i]) == 0) {
            *kind = (event_kind)i;
            return true;
        }
    }
    return false;
}

/* Ours, but without transaction or store: another version's, or not ours after all. */
static bool lacks_names(const bt_field_class *payload, event_kind kind)
{
    uint64_t index;
    bool of_store = kind == EVENT_STORE || kind == EVENT_SNAPSHOT;
    return payload == NULL || bt_field_class_get_type(payload) != BT_FIELD_CLASS_TYPE_STRUCTURE ||
           (!of_store && !find_member(payload, "txn", &index));
}

static void note_what_is_told(decoder *decoder, event_kind kind, size_t offset)
{
    if (kind != EVENT_CONFLICT)
        return;
    decoder->tells_sets |= offset == offsetof(event, was_set);
    decoder->tells_modes |= offset == offsetof(event, update);
}

static layout *layout_create(decoder *decoder, const bt_event_class *class)
{
    layout *layout = g_new0(struct layout, 1);
    const bt_field_class *payload = bt_event_class_borrow_payload_field_class_const(class);
    if (!kind_of(class, &layout->kind) || lacks_names(payload, layout->kind))
        return layout;
    unsigned kinds = decoder->every_field ? EVERY : 1u << layout->kind;
    wish wishes[PLACES_MAX];
    memcpy(wishes, payload_wishes, sizeof wishes);
    for (size_t i = 0; decoder->every_field && i < PLACES_MAX; i++)
        wishes[i].kinds = EVERY;
    layout->ours = true;
    layout->payload_count = settle_all(payload, wishes, PLACES_MAX, kinds, layout->payload);
    for (size_t i = 0; i < layout->payload_count; i++)
        note_what_is_told(decoder, layout->kind, layout->payload[i].offset);
    layout->context_count = settle_all(
        bt_stream_class_borrow_event_common_context_field_class_const(bt_event_class_borrow_stream_class_const(class)),
        context_wishes, sizeof context_wishes / sizeof context_wishes[0], kinds, layout->context);
    return layout;
}

decoder *decoder_create(bool every_field)
{
    decoder *decoder = g_new0(struct decoder, 1);
    decoder->layouts = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    decoder->every_field = every_field;
    return decoder;
}

void decoder_free(decoder *decoder)
{
    if (decoder == NULL)
        return;
    g_hash_table_unref(decoder->layouts);
    g_free(decoder);
}

unsigned decoder_declared(const bt_trace_class *trace_class)
{
    unsigned declared = 0;
    event_kind kind;
    for (uint64_t i = 0; i < bt_trace_class_get_stream_class_count(trace_class); i++) {
        const bt_stream_class *streams = bt_trace_class_borrow_stream_class_by_index_const(trace_class, i);
        for (uint64_t j = 0; j < bt_stream_class_get_event_class_count(streams); j++)
            if (kind_of(bt_stream_class_borrow_event_class_by_index_const(streams, j), &kind))
                declared |= 1u << kind;
    }
    return declared;
}

bool decoder_tells_sets(const decoder *decoder)
{
    return decoder->tells_sets;
}

bool decoder_tells_modes(const decoder *decoder)
{
    return decoder->tells_modes;
}

/* ------------------------------------------------------------------------------ reading -- */

static void read_text(const bt_field *field, char *member)
{
    /* Up to babeltrace2 2.0.4, the text of an empty string is what the field held before. */
    const char *text = bt_field_string_get_length(field) > 0 ? bt_field_string_get_value(field) : "";
    memcpy(member, &text, sizeof text);
}

static uint64_t read_number(const bt_field *field, reading reading)
{
    switch (reading) {
    case READ_SIGNED: return (uint64_t)bt_field_integer_signed_get_value(field);
    case READ_BOOL: return bt_field_bool_get_value(field) != BT_FALSE;
    default: return bt_field_integer_unsigned_get_value(field);
    }
}

static void read_places(const bt_field *structure, const place *places, size_t count, event *to)
{
    for (size_t i = 0; i < count; i++) {
        const place *place = &places[i];
        const bt_field *field = bt_field_structure_borrow_member_field_by_index_const(structure, place->index);
        char *member = (char *)to + place->offset;
        if (place->reading == READ_TEXT) {
            read_text(field, member);
            continue;
        }
        uint64_t number = read_number(field, place->reading);
        if (place->type == MEMBER_FLAG) {
            bool flag = place->has_value ? number == place->value : number != 0;
            memcpy(member, &flag, sizeof flag);
        } else {
            memcpy(member, &number, sizeof number);
        }
    }
}

bool decoder_event(decoder *decoder, const bt_event *from, event *to)
{
    const bt_event_class *class = bt_event_borrow_class_const(from);
    layout *layout = g_hash_table_lookup(decoder->layouts, class);
    if (layout == NULL) {
        layout = layout_create(decoder, class);
        g_hash_table_insert(decoder->layouts, (gpointer)(uintptr_t)class, layout);
    }
    if (!layout->ours)
        return false;
    to->kind = layout->kind;
    read_places(bt_event_borrow_payload_field_const(from), layout->payload, layout->payload_count, to);
    if (layout->context_count > 0)
        read_places(bt_event_borrow_common_context_field_const(from), layout->context, layout->context_count, to);
    return true;
}
