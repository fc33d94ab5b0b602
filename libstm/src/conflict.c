#include "conflict.h"

#include "look.h"
#include "observe.h"
#include "sketch.h"
#include "store.h"

#include <inttypes.h>
#include <stdarg.h>

void stmi_conflict_collect(struct stm_txn *txn)
{
    txn->changed_count = 0;
    txn->owned++; /* targets */
    for (uint32_t i = 0; i < txn->count; i++) {
        struct stmi_entry *entry = stmi_txn_entry(txn, i);
        struct stmi_sight sight;
        stmi_look(entry->record, &sight);
        entry->changed = sight.version != entry->version;
        if (!entry->changed)
            continue;
        stmi_look_writer(entry->record, &sight, &entry->winner_txn, &entry->winner_info, &entry->winner_revision);
        stmi_store(&entry->target, sight.version, RELEASE); /* pair:left: no head leads here any more */
        txn->changed_count++;
        stmi_sketch_note(txn, entry->record);
    }
}

stm_status stmi_conflict_tell(struct stm_txn *txn, stm_status status, stm_stage stage)
{
    if (status == STM_CONFLICT) {
        stmi_tally(&txn->counters.conflicts, 1);
        if (stmi_watched(txn->store))
            stmi_observe_conflict(txn, stage);
    } else if (status == STM_BUSY) {
        if (stage == STM_STAGE_CHECKOUT) /* where nobody holds a key; what is noted is from an earlier commit */
            txn->blocker_record = NULL;
        stmi_tally(&txn->counters.busy, 1);
        if (stmi_watched(txn->store))
            stmi_observe_busy(txn, stage);
    }
    return stmi_txn_fail(txn, status);
}

static void fill(struct stm_txn *txn, struct stmi_entry *entry, stm_conflict *conflict)
{
    conflict->key = stmi_record_key(entry->record);
    conflict->expected = entry->version;
    conflict->found = stmi_peek(&entry->target);
    conflict->update = entry->update;
    conflict->winner.txn = entry->winner_txn;
    conflict->winner.label = stmi_label_text(&txn->store->labels, stmi_info_label(entry->winner_info));
    conflict->winner.tid = stmi_info_tid(entry->winner_info);
    conflict->winner.revision = entry->winner_revision;
}

size_t stm_txn_conflicts(const stm_txn *txn, stm_conflict *conflicts, size_t capacity)
{
    if (stmi_txn_check(txn) != STM_OK)
        return 0;
    struct stm_txn *mutable = (struct stm_txn *)(uintptr_t)txn; /* only read */
    size_t count = 0;
    for (uint32_t i = 0; count < txn->changed_count && i < txn->count; i++) {
        struct stmi_entry *entry = stmi_txn_entry(mutable, i);
        if (!entry->changed)
            continue;
        if (conflicts != NULL && count < capacity)
            fill(mutable, entry, &conflicts[count]);
        count++;
    }
    return count;
}

/* ------------------------------------------------------------------------------ explain -- */

/* Appends like snprintf, and counts on past the end. */
struct text {
    char *data;
    size_t size, length;
};

__attribute__((format(printf, 2, 3))) static void say(struct text *text, const char *format, ...)
{
    va_list arguments;
    char *end = text->length < text->size ? text->data + text->length : NULL;
    va_start(arguments, format);
    int length = vsnprintf(end, end == NULL ? 0 : text->size - text->length, format, arguments);
    va_end(arguments);
    text->length += length > 0 ? (size_t)length : 0;
}

#define KEY_SHOWN_MAX 64

static void say_key(struct text *text, stm_bytes key)
{
    const unsigned char *data = key.data;
    say(text, "\"");
    for (size_t i = 0; i < key.size && i < KEY_SHOWN_MAX; i++)
        say(text, data[i] >= ' ' && data[i] < 127 && data[i] != '"' && data[i] != '\\' ? "%c" : "\\x%02x", data[i]);
    say(text, key.size > KEY_SHOWN_MAX ? "\"..." : "\"");
}

static void say_writer(struct text *text, struct stm_txn *txn, uint64_t id, uint64_t info)
{
    if (id == 0)
        say(text, "a transaction unknown by now");
    else
        say(text, "transaction %" PRIu64 " \"%s\" (thread %" PRIu32 ")", id,
            stmi_label_text(&txn->store->labels, stmi_info_label(info)), stmi_info_tid(info));
}

static void say_changed(struct text *text, struct stm_txn *txn, const struct stmi_entry *first)
{
    say(text, " lost: key ");
    say_key(text, stmi_record_key(first->record));
    say(text, ", %s at version %" PRIu64 ", was at version %" PRIu64 ", published by ",
        first->update ? "checked out" : "read", first->version, stmi_peek(&first->target));
    say_writer(text, txn, first->winner_txn, first->winner_info);
    if (first->winner_txn != 0)
        say(text, " at revision %" PRIu64, first->winner_revision);
    if (txn->changed_count > 1)
        say(text, "; %" PRIu32 " of %" PRIu32 " keys had changed", txn->changed_count, txn->count);
    say(text, ". Reset, and check out again.");
}

static void say_conflict(struct text *text, struct stm_txn *txn)
{
    struct stmi_entry *first = NULL;
    for (uint32_t i = 0; first == NULL && i < txn->count; i++)
        if (stmi_txn_entry(txn, i)->changed)
            first = stmi_txn_entry(txn, i);
    if (first != NULL)
        say_changed(text, txn, first);
    else
        say(text, " lost: a key that it held has changed");
}

static void say_busy(struct text *text, struct stm_txn *txn)
{
    say(text, " was told BUSY: ");
    if (txn->blocker_record == NULL) {
        say(text, "others were faster each time: they put its commit aside, or changed its keys while it looked");
    } else {
        say(text, "key ");
        say_key(text, stmi_record_key(txn->blocker_record));
        say(text, " was held by ");
        say_writer(text, txn, txn->blocker_txn, txn->blocker_info);
    }
    say(text, ". Nothing is lost: make the same call again.");
}

size_t stm_txn_explain(const stm_txn *txn, char *data, size_t size)
{
    struct text text = {data, data == NULL ? 0 : size, 0};
    if (text.size > 0)
        data[0] = '\0';
    stm_status status = stmi_txn_check(txn);
    if (status != STM_OK) {
        say(&text, "%s", stm_status_text(status));
        return text.length;
    }
    struct stm_txn *mutable = (struct stm_txn *)(uintptr_t)txn; /* only read */
    say_writer(&text, mutable, stmi_peek(&txn->id), stmi_peek(&txn->info));
    if (txn->last == STM_CONFLICT)
        say_conflict(&text, mutable);
    else if (txn->last == STM_BUSY)
        say_busy(&text, mutable);
    else
        say(&text, ": %s.", stm_status_text(txn->last));
    return text.length;
}
