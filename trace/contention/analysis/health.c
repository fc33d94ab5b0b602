#include "health.h"

#include "../format.h"
#include "recording.h"
#include "text.h"

#include <glib.h>

static bool was_recorded(const health *health, const trace_facts *facts, event_kind kind)
{
    return health->kind_counts[kind] > 0 || (facts->declared & 1u << kind) != 0;
}

static void fill_levels(health *health, const trace_facts *facts)
{
    health->has_conflicts = was_recorded(health, facts, EVENT_CONFLICT);
    health->has_busy = was_recorded(health, facts, EVENT_BUSY);
    health->has_commits = was_recorded(health, facts, EVENT_COMMIT);
    health->has_checkouts = was_recorded(health, facts, EVENT_CHECKOUT);
    health->has_publishes = was_recorded(health, facts, EVENT_PUBLISH);
}

static void fill_winners(health *health, const winner_counts *winners)
{
    health->winners_unnamed = winners->unnamed;
    health->winners_verified = winners->verified;
    health->winners_contradicted = winners->contradicted;
    if (health->has_commits) {
        health->winners_matched = winners->matched;
        health->winners_unmatched = winners->unmatched;
    }
}

static char *start_time(const health *health, const trace_facts *facts)
{
    int64_t unix_ns;
    if (health->event_count == 0 || !facts->has_clock_offset || facts->clock_offset_ns == 0 ||
        __builtin_add_overflow(health->begin_ns, facts->clock_offset_ns, &unix_ns))
        return g_strdup("");
    GDateTime *start = g_date_time_new_from_unix_local(unix_ns / 1000000000);
    char *text = start != NULL ? g_date_time_format(start, "%Y-%m-%dT%H:%M:%S%:z") : NULL;
    g_clear_pointer(&start, g_date_time_unref);
    return text != NULL ? text : g_strdup("");
}

/* -------------------------------------------------------------------------------- notes -- */

static void note(GPtrArray *notes, bool wanted, char *text)
{
    if (wanted)
        g_ptr_array_add(notes, text);
    else
        g_free(text);
}

static void note_losses(GPtrArray *notes, const health *health, const trace_facts *facts)
{
    note(notes, health->lost_events > 0,
         g_strdup_printf("%s event%s lost while recording: all figures are lower bounds. Record with larger buffers, or "
                         "at a lower level.", format_count(health->lost_events), health->lost_events == 1 ? " was" : "s were"));
    note(notes, health->lost_packets > 0,
         g_strdup_printf("%s packet%s of events lost while recording: all figures are lower bounds.",
                         format_count(health->lost_packets), health->lost_packets == 1 ? " was" : "s were"));
    char *trouble = facts->trouble != NULL ? text_clean(facts->trouble) : g_strdup("a part of the trace is damaged");
    note(notes, health->truncated,
         g_strdup_printf("The trace could not be read to its end; what could be read is reported (%s).", trouble));
    note(notes, !health->truncated && facts->trouble != NULL, g_strdup_printf("Left out: %s.", trouble));
    g_free(trouble);
}

/* Between the saves of a flight recording, packets are overwritten: that is what it is for, and no loss. */
static void note_recording(GPtrArray *notes, health *health, const recording *recording)
{
    health->program = g_strdup(recording->program);
    if (recording->is_flight)
        health->lost_packets = 0;
    health->lower_bounds = health->lost_events > 0 || health->lost_packets > 0 || health->truncated ||
                           recording->trouble[0] != '\0';
    note(notes, recording->trouble[0] != '\0', g_strdup_printf("The recording is not complete: %s.", recording->trouble));
    note(notes, recording->is_flight, g_strdup("A flight recording: only the last moments before each save were kept."));
}

static void note_winners(GPtrArray *notes, const health *health, const winner_counts *winners)
{
    note(notes, health->winners_contradicted > 0,
         g_strdup_printf("%s conflict%s name%s a winner that did not publish the version found. This must not be; please "
                         "report it.", format_count(health->winners_contradicted),
                         format_plural(health->winners_contradicted), health->winners_contradicted == 1 ? "s" : ""));
    note(notes, health->winners_unnamed > 0,
         g_strdup_printf("%s conflict%s without a winner.", format_count(health->winners_unnamed),
                         format_plural(health->winners_unnamed)));
    note(notes, health->winners_unmatched > 0 && !winners->incomplete,
         g_strdup_printf("The commits of the winners of %s conflict%s are not in the trace: they were lost, or lie before "
                         "its beginning or after its end.", format_count(health->winners_unmatched),
                         format_plural(health->winners_unmatched)));
    note(notes, health->has_commits && winners->incomplete,
         g_strdup("There are too many transactions to match all conflicts with their winners' commits."));
}

static void note_filters(GPtrArray *notes, const analysis_options *options)
{
    char *label = text_clean(options->label != NULL ? options->label : "");
    char *key = text_clean(options->key != NULL ? options->key : "");
    note(notes, options->label != NULL, g_strdup_printf("Only attempts of \"%s\" are counted.", label));
    note(notes, options->key != NULL,
         g_strdup_printf("Only losses on \"%s%s\" are counted; commits are those of all keys.", key,
                         options->key_is_whole ? "" : "*"));
    g_free(label);
    g_free(key);
    if (options->from.kind != BOUND_NONE || options->to.kind != BOUND_NONE)
        g_ptr_array_add(notes, g_strdup("Only a part of the trace is counted (--from, --to)."));
}

static void note_levels(GPtrArray *notes, const health *health, const trace_facts *facts)
{
    note(notes, health->event_count == 0, g_strdup("There are no events of libstm in it: nobody lost, or no store was watched."));
    note(notes, health->event_count > 0 && !health->has_commits,
         g_strdup("Commits were not recorded: there are no shares of attempts and no latencies. Record with "
                  "--level=commits for them."));
    note(notes, health->event_count > 0 && !health->has_busy,
         g_strdup("BUSY was not recorded; record with --level=contention for it."));
    note(notes, health->event_count > 0 && !facts->has_context,
         g_strdup("Events do not tell their threads: add the context fields vpid and vtid when recording."));
}

void health_fill(health *health, const trace_facts *facts, const analysis_options *options, const winner_counts *winners,
                 bool keys_overflowed)
{
    GPtrArray *notes = g_ptr_array_new();
    health->lost_events = facts->lost_events;
    health->lost_packets = facts->lost_packets;
    health->truncated = facts->truncated;
    health->foreign_count = facts->foreign_count;
    fill_levels(health, facts);
    fill_winners(health, winners);
    health->started_at = start_time(health, facts);
    recording recording = recording_load(health->path);
    note_recording(notes, health, &recording);
    note_losses(notes, health, facts);
    note_winners(notes, health, winners);
    note(notes, keys_overflowed, g_strdup("There are more keys than can be told apart; the rest are \"(others)\"."));
    note_levels(notes, health, facts);
    note_filters(notes, options);
    recording_free(&recording);
    health->note_count = notes->len;
    health->notes = (char **)g_ptr_array_free(notes, FALSE);
}
