#include "seed_text.h"

#include "../format.h"

#include <inttypes.h>
#include <string.h>

static const char *const call_names[] = {
    [SEED_GET] = "get", [SEED_USE] = "use", [SEED_SET] = "set", [SEED_COMMIT] = "commit"};

static void put_text(FILE *file, const char *text)
{
    for (; *text != '\0'; text++)
        if (g_ascii_isprint(*text))
            fputc(*text, file);
        else
            fprintf(file, "\\x%02x", (unsigned char)*text);
}

static void put_quoted(FILE *file, const char *text)
{
    fputc('"', file);
    put_text(file, text);
    fputc('"', file);
}

static void put_label(FILE *file, const char *label)
{
    if (label[0] == '\0' || strcmp(label, "-") == 0)
        fputs(" (no label)", file);
    else
        fputc(' ', file), put_quoted(file, label);
}

/* Hostile times may be anything. */
static const char *moment(const gathered *found, int64_t time_ns)
{
    int64_t ns;
    return format_moment(__builtin_sub_overflow(time_ns, found->begin_ns, &ns) ? 0 : ns);
}

/* ---------------------------------------------------------------------------- comments -- */

static void tell_loser(FILE *file, const gathered *found, const event *conflict)
{
    fprintf(file, "# T0  transaction %" PRIu64, conflict->txn);
    put_label(file, conflict->label);
    fprintf(file, ", thread %" PRIu64 ", store %" PRIu64 ", process %" PRIu64 "\n", conflict->tid, conflict->store,
            conflict->pid);
    fprintf(file, "#     attempt %" PRIu64 " of operation %" PRIu64, conflict->attempt, conflict->op);
    if (conflict->begin_ns > 0)
        fprintf(file, ", begun at %s", moment(found, conflict->begin_ns));
    fprintf(file, ", told CONFLICT at %s at %s\n", conflict->at_commit ? "its commit" : "a checkout",
            moment(found, conflict->time_ns));
}

/* An event of the loser that names this winner. Only the conflict itself tells label and thread. */
static const event *loss_to(const seed_plan *plan, unsigned number)
{
    for (unsigned i = 0; i < plan->key_count; i++)
        if (plan->keys[i].loss != NULL && plan->keys[i].winner == number)
            return plan->keys[i].loss;
    return plan->conflict;
}

static void tell_winner(FILE *file, const gathered *found, const seed_plan *plan, unsigned number)
{
    const seed_thread *winner = &plan->threads[number];
    const event *loss = loss_to(plan, number);
    fprintf(file, "# T%u  ", number);
    if (winner->txn == 0) {
        fputs("the winner, who is not known\n", file);
        return;
    }
    fprintf(file, "a winner: transaction %" PRIu64, winner->txn);
    if (winner->commit != NULL) {
        put_label(file, winner->commit->label);
        fprintf(file, ", thread %" PRIu64 ", which committed at %s\n", winner->commit->tid,
                moment(found, winner->commit->time_ns));
    } else if (loss->kind == EVENT_CONFLICT) {
        put_label(file, loss->winner_label);
        fprintf(file, ", thread %" PRIu64 "\n", loss->winner_tid);
    } else {
        fputc('\n', file);
    }
}

static void tell_loss(FILE *file, const event *loss, unsigned winner)
{
    fprintf(file, "T0 had checked it out for %s%s at version %" PRIu64 ", and found version %" PRIu64 ", by T%u",
            loss->update ? "update" : "read", !loss->update ? "" : loss->was_set ? ", and set it," : ", and not set it,",
            loss->expected, loss->found, winner);
}

static void tell_key(FILE *file, const seed_plan *plan, unsigned number)
{
    const seed_key *key = &plan->keys[number];
    fprintf(file, "# k%u  ", number);
    if (key->event == NULL) {
        fputs("made up: T0 was about to take in a key, which is not recorded\n", file);
        return;
    }
    put_quoted(file, key->event->key);
    fputs(": ", file);
    if (key->loss != NULL)
        tell_loss(file, key->loss, key->winner);
    else
        fputs(key->held ? "T0 held it" : "T0 did not hold it", file);
    fputc('\n', file);
    if (key->loss != NULL && key->loss->found > key->loss->expected + key->publications)
        fprintf(file, "#     the publications in between, of versions from %" PRIu64 " on, are left out\n", key->loss->expected + 1);
}

static void tell_count(FILE *file, uint64_t count, const char *what)
{
    if (count > 0)
        fprintf(file, "# left out: %s %s\n", format_count(count), what);
}

static void tell_missing(FILE *file, const trace_facts *facts, const seed_plan *plan)
{
    tell_count(file, plan->changed_left_out, "of the keys that had changed: a programme has four threads and four keys");
    tell_count(file, plan->held_left_out, "of the keys that T0 held, and that had not changed");
    tell_count(file, plan->others_left_out, "checkouts of the winners, of keys that T0 did not hold");
    tell_count(file, plan->unknown_changed, "of the keys that had changed, which were not recorded; --level=all does that");
    tell_count(file, plan->unknown_held, "of the keys that T0 held, whose checkouts are not in the recording");
    for (unsigned i = 1; i < plan->thread_count; i++)
        if (!plan->threads[i].has_checkouts)
            fprintf(file, "# not recorded: what T%u checked out; here it sets what T0 found changed\n", i);
    if (facts->lost_events > 0 || facts->lost_packets > 0 || facts->truncated)
        fputs("# the recording is incomplete: calls may be missing\n", file);
    fputs("# left out: values, and the other attempts of the operation\n", file);
}

/* What stm-replay says of it; keys begin at version 1, those without a value at 0. */
static void tell_outcome(FILE *file, const seed_plan *plan)
{
    for (unsigned i = 0; i < plan->key_count; i++) {
        const seed_key *key = &plan->keys[i];
        unsigned first = key->absent ? 0 : 1;
        if (key->loss != NULL)
            fprintf(file, "# stm-replay shows: CONFLICT; k%u v%u, now v%u by T%u\n", i, first, first + key->publications,
                    key->winner);
    }
}

/* --------------------------------------------------------------------------- programme -- */

static const char *size_name(uint64_t size)
{
    return size <= 8 ? "" : size <= 16 ? " small" : size <= 256 ? " middle" : " large";
}

static void put_keys(FILE *file, const seed_plan *plan)
{
    fprintf(file, "keys %u\n", plan->key_count);
    for (unsigned i = 0; i < plan->key_count; i++) {
        const seed_key *key = &plan->keys[i];
        if (key->absent || key->value_size > 8)
            fprintf(file, "k%u%s%s\n", i, size_name(key->value_size), key->absent ? " absent" : "");
    }
}

static void put_calls(FILE *file, unsigned number, const seed_thread *thread)
{
    fprintf(file, "T%u:", number);
    for (unsigned i = 0; i < thread->call_count; i++) {
        const seed_call *call = &thread->calls[i];
        fprintf(file, "%s %s", i == 0 ? "" : ";", call_names[call->kind]);
        if (call->kind != SEED_COMMIT)
            fprintf(file, " k%u", call->key);
    }
    fputc('\n', file);
}

static void put_schedule(FILE *file, const seed_plan *plan)
{
    fprintf(file, "schedule: T0:%u", plan->before);
    for (unsigned i = 0; i + 1 < plan->thread_count; i++)
        fprintf(file, " T%u:%u", plan->winners[i], plan->threads[plan->winners[i]].call_count);
    fprintf(file, " T0:%u\n", plan->threads[0].call_count);
}

void seed_text_write(const char *path, const gathered *found, const trace_facts *facts, const seed_plan *plan, FILE *file)
{
    fputs("# A conflict from the recording ", file);
    put_quoted(file, path);
    fputs(", for stm-replay.\n#\n", file);
    tell_loser(file, found, plan->conflict);
    for (unsigned i = 1; i < plan->thread_count; i++)
        tell_winner(file, found, plan, i);
    for (unsigned i = 0; i < plan->key_count; i++)
        tell_key(file, plan, i);
    fputs("#\n", file);
    tell_missing(file, facts, plan);
    tell_outcome(file, plan);
    fputc('\n', file);
    put_keys(file, plan);
    for (unsigned i = 0; i < plan->thread_count; i++)
        put_calls(file, i, &plan->threads[i]);
    put_schedule(file, plan);
}
