#include "story.h"

#include "../format.h"
#include "../text/style.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct telling {
    page page;
    const gathered *gathered;
    int64_t begin_ns; /* of the trace */
} telling;

static const char *name_or(const char *name, const char *otherwise)
{
    return name[0] != '\0' && strcmp(name, "-") != 0 ? name : otherwise;
}

/* Saturates, as hostile times may be anything. */
static int64_t difference(int64_t later, int64_t earlier)
{
    int64_t ns;
    return __builtin_sub_overflow(later, earlier, &ns) ? 0 : ns;
}

static void tell_time(const telling *telling, int64_t time_ns)
{
    fprintf(telling->page.file, "  %16s  ", format_moment(difference(time_ns, telling->begin_ns)));
}

static void tell_indented(const telling *telling)
{
    fprintf(telling->page.file, "  %16s    ", "");
}

/* conflict_key names the winner by its number only; its commit tells the rest, if it is there. */
static event complete(const telling *telling, const event *loss)
{
    event complete = *loss;
    for (guint i = 0; i < telling->gathered->winners->len && complete.winner_tid == 0; i++) {
        const event *winner = g_ptr_array_index(telling->gathered->winners, i);
        if (winner->kind == EVENT_COMMIT && winner->txn == loss->winner_txn) {
            complete.winner_tid = winner->tid;
            complete.winner_label = winner->label;
            complete.winner_revision = winner->revision;
        }
    }
    return complete;
}

static void tell_proof(const telling *telling, const event *loss, const event *winner)
{
    int64_t before_ns = difference(loss->time_ns, winner->time_ns);
    tell_indented(telling);
    if (winner->kind == EVENT_COMMIT)
        fprintf(telling->page.file, "  which committed at %s", format_moment(difference(winner->time_ns, telling->begin_ns)));
    else
        fprintf(telling->page.file, "  and published version %" PRIu64, winner->found);
    fprintf(telling->page.file, " (traced %s %s this)\n", format_duration(before_ns < 0 ? -before_ns : before_ns),
            before_ns < 0 ? "after" : "before");
}

static void tell_winner(const telling *telling, const event *loss)
{
    FILE *file = telling->page.file;
    event known = complete(telling, loss);
    tell_indented(telling);
    if (loss->winner_txn == 0) {
        fputs("by whom is not known\n", file);
        return;
    }
    fprintf(file, "%s transaction %" PRIu64, loss->kind == EVENT_BUSY ? "held by" : "won by", loss->winner_txn);
    if (known.winner_tid != 0)
        fprintf(file, " \"%s\", thread %" PRIu64, name_or(known.winner_label, "(no label)"), known.winner_tid);
    if (known.winner_revision != 0)
        fprintf(file, ", revision %" PRIu64, known.winner_revision);
    fputc('\n', file);
    for (guint i = 0; i < telling->gathered->winners->len; i++) {
        const event *winner = g_ptr_array_index(telling->gathered->winners, i);
        bool made_it = winner->kind == EVENT_PUBLISH && winner->key_hash == loss->key_hash && winner->found == loss->found;
        bool is_proof = winner->kind == EVENT_COMMIT || made_it;
        if (winner->txn == loss->winner_txn && is_proof)
            tell_proof(telling, loss, winner);
    }
}

static void tell_loss(const telling *telling, const event *loss)
{
    const page *page = &telling->page;
    bool is_busy = loss->kind == EVENT_BUSY;
    fprintf(page->file, "%s%s%s at %s", page_tone(page, is_busy ? TONE_BUSY : TONE_CONFLICT), is_busy ? "BUSY" : "CONFLICT",
            page_plain(page), loss->at_commit ? "commit" : "a checkout");
    if (!is_busy)
        fprintf(page->file, ": %" PRIu64 " of %s keys had changed", loss->changed_count,
                format_count(loss->read_count + loss->write_count));
    fputc('\n', page->file);
    tell_indented(telling);
    if (is_busy)
        fprintf(page->file, "key \"%s\"\n", loss->key);
    else
        fprintf(page->file, "key \"%s\", checked out %s at version %" PRIu64 "%s, was at version %" PRIu64 "\n", loss->key,
                loss->update ? "for update" : "for read", loss->expected,
                loss->update ? loss->was_set ? " and set" : " and not set" : "", loss->found);
    tell_winner(telling, loss);
}

static void tell_own(const telling *telling, const event *event)
{
    const page *page = &telling->page;
    FILE *file = page->file;
    tell_time(telling, event->time_ns);
    switch (event->kind) {
    case EVENT_CHECKOUT:
        fprintf(file, "checks out \"%s\" at version %" PRIu64 " for %s\n", event->key, event->expected,
                event->update ? "update" : "read");
        break;
    case EVENT_CONFLICT:
    case EVENT_BUSY:
        tell_loss(telling, event);
        break;
    case EVENT_CONFLICT_KEY:
        fprintf(file, "changed, too: \"%s\", at version %" PRIu64 ", was at version %" PRIu64 "\n", event->key, event->expected,
                event->found);
        tell_winner(telling, event);
        break;
    case EVENT_COMMIT:
        fprintf(file, "%scommitted%s: revision %" PRIu64 ", %s keys read, %s for update\n", page_tone(page, TONE_OK),
                page_plain(page), event->revision, format_count(event->read_count), format_count(event->write_count));
        break;
    case EVENT_PUBLISH:
        fprintf(file, "published \"%s\": version %" PRIu64 " after %" PRIu64 ", %s bytes\n", event->key, event->found,
                event->expected, format_count(event->value_size));
        break;
    case EVENT_STARVING:
        fprintf(file, "starves: %s attempts so far, for %s\n", format_count(event->attempt), format_duration(event->elapsed_ns));
        break;
    default:
        fputs("was reset or ended\n", file);
    }
}

static void tell_head(const telling *telling)
{
    const event *best = gathered_best(telling->gathered);
    const page *page = &telling->page;
    fprintf(page->file, "%stransaction %" PRIu64 " \"%s\"%s of store %" PRIu64 ", thread %" PRIu64, page_tone(page, TONE_STRONG),
            best->txn, name_or(best->label, "(no label)"), page_plain(page), best->store, best->tid);
    if (best->pid != 0)
        fprintf(page->file, ", process %" PRIu64, best->pid);
    if (best->attempt > 0)
        fprintf(page->file, "\nattempt %" PRIu64 " of operation %" PRIu64, best->attempt, best->op);
    if (best->begin_ns > 0)
        fprintf(page->file, ", begun at %s, %s before its end",
                format_moment(difference(best->begin_ns, telling->begin_ns)),
                format_duration(difference(best->time_ns, best->begin_ns)));
    fputs("\n\n", page->file);
}

static const char *const outcome_names[EVENT_KIND_COUNT] = {
    [EVENT_COMMIT] = "committed", [EVENT_CONFLICT] = "CONFLICT", [EVENT_BUSY] = "BUSY", [EVENT_ABANDON] = "reset or ended"};

static bool is_same_busy(const event *a, const event *b)
{
    return a->kind == EVENT_BUSY && b->kind == EVENT_BUSY && a->txn == b->txn && a->winner_txn == b->winner_txn &&
           a->key_hash == b->key_hash;
}

/* How many events from the i-th on are one BUSY, told again and again; 1 for anything else. */
static guint run_of(const GPtrArray *events, guint i)
{
    guint count = 1;
    while (i + count < events->len && is_same_busy(g_ptr_array_index(events, i), g_ptr_array_index(events, i + count)))
        count++;
    return count;
}

static void end_run(const telling *telling, const GPtrArray *events, guint i, guint count)
{
    const event *last = g_ptr_array_index(events, i + count - 1);
    if (count > 1)
        fprintf(telling->page.file, ", %s times until %s", format_count(count),
                format_moment(difference(last->time_ns, telling->begin_ns)));
    fputc('\n', telling->page.file);
}

static void tell_attempts(const telling *telling)
{
    const GPtrArray *attempts = telling->gathered->attempts;
    uint64_t txn = telling->gathered->txn;
    if (attempts->len < 2)
        return;
    page_heading(&telling->page, "Its operation");
    for (guint i = 0, count; i < attempts->len; i += count) {
        const event *event = g_ptr_array_index(attempts, i);
        count = run_of(attempts, i);
        tell_time(telling, event->time_ns);
        fprintf(telling->page.file, "%3" PRIu64 ". transaction %" PRIu64 "%s %s", event->attempt, event->txn,
                event->txn == txn ? " (this one)" : "", outcome_names[event->kind]);
        if (event->kind == EVENT_CONFLICT || event->kind == EVENT_BUSY)
            fprintf(telling->page.file, " on \"%s\", %s %" PRIu64 " \"%s\"", event->key,
                    event->kind == EVENT_BUSY ? "held by" : "won by", event->winner_txn,
                    name_or(event->winner_label, "(no label)"));
        end_run(telling, attempts, i, count);
    }
}

static void tell_victims(const telling *telling)
{
    const GPtrArray *victims = telling->gathered->victims;
    if (victims->len == 0)
        return;
    page_heading(&telling->page, "Who lost to it");
    for (guint i = 0, count; i < victims->len; i += count) {
        const event *event = g_ptr_array_index(victims, i);
        count = run_of(victims, i);
        tell_time(telling, event->time_ns);
        fprintf(telling->page.file, "transaction %" PRIu64 " \"%s\", thread %" PRIu64 ": %s on \"%s\"", event->txn,
                name_or(event->label, "(no label)"), event->tid, outcome_names[event->kind], event->key);
        end_run(telling, victims, i, count);
    }
}

static void tell_levels(const telling *telling, const trace_facts *facts)
{
    const page *page = &telling->page;
    if ((facts->declared & 1u << EVENT_COMMIT) == 0)
        page_missing(page, "Commits were not recorded: record with --level=commits to see the winner's, too.");
    else if ((facts->declared & 1u << EVENT_CHECKOUT) == 0)
        page_missing(page, "Checkouts were not recorded: record with --level=all to see them, too.");
    if (facts->lost_events > 0 || facts->lost_packets > 0 || facts->truncated)
        page_paragraph(page, TONE_WARNING, "  ! ", 4, "Events were lost, or a part could not be read: the story may have gaps.");
}

void story_tell(const gathered *gathered, const trace_facts *facts)
{
    telling telling = {page_open(stdout), gathered, gathered->begin_ns};
    tell_head(&telling);
    for (guint i = 0; i < gathered->own->len; i++)
        tell_own(&telling, g_ptr_array_index(gathered->own, i));
    tell_attempts(&telling);
    tell_victims(&telling);
    if (gathered->cut)
        page_missing(&telling.page, "... and more; only the first 20,000 lines of each list are shown.");
    tell_levels(&telling, facts);
}
