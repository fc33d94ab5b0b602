/* tables.c -- the parts that are tables, from the keys to the events. */
#include <string.h>

#include "figure.h"
#include "markup.h"
#include "parts.h"
#include "table.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void write_key(GString *html, const report *report, const hot_key *key, uint64_t most,
                      bool has_also_changed)
{
    table_row_begin(html);
    cell_name(html, key->name);
    cell_losses(html, key->conflicts, key->busy, most);
    cell_count(html, key->conflicts);
    cell_count(html, key->busy);
    cell_share(html, key->cumulative_share);
    cell_duration(html, key->wasted_ns);
    cell_count(html, key->writer_count);
    cell_name(html, key->top_winner);
    if (key->conflicts > 0)
        cell_share(html, key->top_winner_share);
    else
        cell_unknown(html);
    cell_count_if(html, report->avoidable.has_modes, key->lost_reading);
    cell_count_if(html, report->avoidable.has_sets, key->lost_unset);
    if (has_also_changed)
        cell_count(html, key->also_changed);
    table_row_end(html);
}

void keys_write(GString *html, const report *report)
{
    static const column columns[] = {
        {"Key", NULL, 't'},
        {"Lost", "conflicts and busy, as a bar", 't'},
        {"Conflicts", NULL, 'n'},
        {"Busy", NULL, 'n'},
        {"Cumulative", "share of all losses, with the keys above it", 'n'},
        {"Wasted", "time in attempts that were lost over it", 'n'},
        {"Writers", "distinct winners: threads and labels", 'n'},
        {"Top winner", "label that won most of its conflicts", 't'},
        {"Its share", "share of the conflicts that it won", 'n'},
        {"Only read", "losers that had only read it", 'n'},
        {"Not set", "losers that held it for update and had not set it", 'n'},
        /* last, since it takes a detailed trace to know it */
        {"Also changed", "conflicts in which it had changed, too, but was not the first such key", 'n'},
    };
    if (report->key_count == 0) {
        nothing_write(html, "No key was fought for.");
        return;
    }
    uint64_t most = 0;
    bool has_also_changed = false;
    for (size_t i = 0; i < report->key_count; i++) {
        most = MAX(most, report->keys[i].conflicts + report->keys[i].busy);
        has_also_changed |= report->keys[i].also_changed > 0;
    }
    table_open(html, "Hot keys, most losses first", columns, COUNT(columns) - !has_also_changed);
    for (size_t i = 0; i < report->key_count && i < TABLE_ROWS_MAX; i++)
        write_key(html, report, &report->keys[i], most, has_also_changed);
    table_close(html, report->key_count);
    if (report->key_count_all > report->key_count)
        g_string_append_printf(html,
                               "<p class=\"more\">%s keys lost anything; --top shows more of them.</p>\n",
                               figure_count(report->key_count_all).text);
}

void prefixes_write(GString *html, const report *report)
{
    static const column columns[] = {
        {"Prefix", NULL, 't'},
        {"Lost", "conflicts and busy, as a bar", 't'},
        {"Keys", "of it that lost", 'n'},
        {"Conflicts", NULL, 'n'},
        {"Busy", NULL, 'n'},
        {"Wasted", NULL, 'n'},
    };
    if (report->prefix_count == 0)
        return;
    uint64_t most = 0;
    for (size_t i = 0; i < report->prefix_count; i++)
        most = MAX(most, report->prefixes[i].conflicts + report->prefixes[i].busy);
    table_open(html, "Hot prefixes, most losses first", columns, COUNT(columns));
    for (size_t i = 0; i < report->prefix_count && i < TABLE_ROWS_MAX; i++) {
        const hot_prefix *prefix = &report->prefixes[i];
        table_row_begin(html);
        cell_name(html, prefix->prefix);
        cell_losses(html, prefix->conflicts, prefix->busy, most);
        cell_count(html, prefix->key_count);
        cell_count(html, prefix->conflicts);
        cell_count(html, prefix->busy);
        cell_duration(html, prefix->wasted_ns);
        table_row_end(html);
    }
    table_close(html, report->prefix_count);
}

void bursts_write(GString *html, const report *report)
{
    static const column columns[] = {
        {"Burst", NULL, 'n'},     {"From", NULL, 'n'}, {"Lasted", NULL, 'n'},
        {"Conflicts", NULL, 'n'}, {"Busy", NULL, 'n'}, {"Top key", NULL, 't'},
    };
    const timeline *time = &report->timeline;
    if (time->burst_count == 0)
        return;
    table_open(html, "Bursts, most conflicts first", columns, COUNT(columns));
    for (size_t i = 0; i < time->burst_count && i < TABLE_ROWS_MAX; i++) {
        const burst *burst = &time->bursts[i];
        table_row_begin(html);
        cell_count(html, i + 1);
        cell_moment(html, burst->from_ns);
        cell_span(html, burst->from_ns, burst->to_ns);
        cell_count(html, burst->conflicts);
        cell_count(html, burst->busy);
        cell_name(html, burst->top_key);
        table_row_end(html);
    }
    table_close(html, time->burst_count);
}

/* What to do about it is only said where there is something to do. */
static void write_avoidable(GString *html, uint64_t count, uint64_t conflicts, const char *what)
{
    const char *end = count > 0 ? what + strlen(what) : strchr(what, '.') + 1;
    g_string_append_printf(html, "<li><b>%s</b> conflicts (", count > 0 ? figure_count(count).text : "No");
    markup_text(html, figure_ratio(count, conflicts).text);
    g_string_append_printf(html, ") %.*s</li>\n", (int)(end - what), what);
}

void avoidable_write(GString *html, const report *report)
{
    const avoidable *avoidable = &report->avoidable;
    uint64_t conflicts = report->verdict.attempts.conflict;
    if (conflicts == 0) {
        nothing_write(html, "No conflict could have been avoided: there was none.");
        return;
    }
    if (!avoidable->has_modes) {
        nothing_write(html, "This trace does not tell what its losers had read only.");
        return;
    }
    g_string_append(html, "<ul class=\"facts\">\n");
    write_avoidable(html, avoidable->lost_reading, conflicts,
                    "over a key that the loser had only read. Where a value that is a little old will do, "
                    "<code>stm_txn_peek</code> reads it, and is not checked at commit.");
    if (avoidable->has_sets)
        write_avoidable(html, avoidable->lost_unset, conflicts,
                        "over a key that the loser held for update and had not set. Read it with "
                        "<code>stm_txn_get</code>: "
                        "then commit does not publish it, and two that only read it do not meet.");
    else
        g_string_append(
            html, "<li>Whether losers had set what they held for update, this trace does not tell.</li>\n");
    g_string_append(html, "</ul>\n");
}

static void write_label(GString *html, const label_row *row, bool has_commits, uint64_t most)
{
    uint64_t lost = row->conflicts + row->busy;
    table_row_begin(html);
    cell_name(html, row->label);
    cell_losses(html, row->conflicts, row->busy, most);
    cell_count_if(html, has_commits, row->commits);
    cell_count(html, row->conflicts);
    cell_count(html, row->busy);
    cell_ratio(html, lost, has_commits ? row->commits + lost : 0);
    cell_count(html, row->wins);
    cell_count_if(html, has_commits, row->abandoned);
    cell_duration(html, row->busy_ns);
    cell_duration(html, row->wasted_ns);
    cell_duration(html, row->charged_ns);
    table_row_end(html);
}

void labels_write(GString *html, const report *report)
{
    static const column columns[] = {
        {"Label", NULL, 't'},
        {"Lost", "conflicts and busy, as a bar", 't'},
        {"Commits", NULL, 'n'},
        {"Conflicts", "that it suffered", 'n'},
        {"Busy", NULL, 'n'},
        {"Lost of all", "conflicts and busy, of all its attempts", 'n'},
        {"Wins", "conflicts that it caused to others", 'n'},
        {"Abandoned", NULL, 'n'},
        {"Time", "in all its attempts", 'n'},
        {"Wasted", "in its own lost attempts", 'n'},
        {"Charged", "in attempts of others that lost to it", 'n'},
    };
    uint64_t most = 0;
    if (report->label_count == 0)
        return;
    for (size_t i = 0; i < report->label_count; i++)
        most = MAX(most, report->labels[i].conflicts + report->labels[i].busy);
    table_open(html, "Kinds of transactions, by label, most wasted first", columns, COUNT(columns));
    for (size_t i = 0; i < report->label_count && i < TABLE_ROWS_MAX; i++)
        write_label(html, &report->labels[i], report->verdict.has_attempts, most);
    table_close(html, report->label_count);
}

void threads_write(GString *html, const report *report)
{
    static const column columns[] = {
        {"Thread", NULL, 'n'},
        {"Process", NULL, 'n'},
        {"Name", NULL, 't'},
        {"Lost", "conflicts and busy, as a bar", 't'},
        {"Commits", NULL, 'n'},
        {"Wins", "conflicts that it caused to others", 'n'},
        {"Conflicts", "that it suffered", 'n'},
        {"Busy", NULL, 'n'},
        {"Longest streak", "losses in a row", 'n'},
        {"Streak's label", NULL, 't'},
    };
    uint64_t most = 0;
    if (report->thread_count == 0)
        return;
    for (size_t i = 0; i < report->thread_count; i++)
        most = MAX(most, report->threads[i].conflicts + report->threads[i].busy);
    table_open(html, "Threads: is it fair? Most losses first", columns, COUNT(columns));
    for (size_t i = 0; i < report->thread_count && i < TABLE_ROWS_MAX; i++) {
        const thread_row *row = &report->threads[i];
        table_row_begin(html);
        cell_number(html, row->tid);
        cell_number(html, row->pid);
        cell_name(html, row->name);
        cell_losses(html, row->conflicts, row->busy, most);
        cell_count_if(html, report->verdict.has_attempts, row->commits);
        cell_count(html, row->wins);
        cell_count(html, row->conflicts);
        cell_count(html, row->busy);
        cell_count(html, row->longest_streak);
        cell_name(html, row->streak_label);
        table_row_end(html);
    }
    table_close(html, report->thread_count);
}

void owners_write(GString *html, const report *report)
{
    static const column columns[] = {
        {"Label", NULL, 't'},
        {"Thread", NULL, 'n'},
        {"Busy", "answers that others got", 'n'},
        {"Top key", NULL, 't'},
    };
    if (report->owner_count == 0) {
        nothing_write(html, report->verdict.attempts.busy > 0 ? "Who held the keys is not known."
                            : report->health.has_busy         ? "Nobody was told BUSY."
                                                      : "This needs busy: record with --level=contention.");
        return;
    }
    table_open(html, "Who held what others found busy, most first", columns, COUNT(columns));
    for (size_t i = 0; i < report->owner_count && i < TABLE_ROWS_MAX; i++) {
        const owner_row *row = &report->owners[i];
        table_row_begin(html);
        cell_name(html, row->label);
        cell_number(html, row->tid);
        cell_count(html, row->busy);
        cell_name(html, row->top_key);
        table_row_end(html);
    }
    table_close(html, report->owner_count);
}

static void write_winners_found(GString *html, const report *report)
{
    const health *health = &report->health;
    if (report->verdict.attempts.conflict == 0)
        return;
    if (!health->has_commits) {
        nothing_write(html, "Whether the winners' commits are in the trace, too, needs commits: record with "
                            "--level=commits.");
        return;
    }
    g_string_append_printf(html, "<p>Of %s conflicts, the winner's commit is in the trace for <b>%s</b> (",
                           figure_count(report->verdict.attempts.conflict).text,
                           figure_count(health->winners_matched).text);
    markup_text(html, figure_ratio(health->winners_matched, report->verdict.attempts.conflict).text);
    g_string_append_printf(html, "), and is missing for %s; %s name no winner.",
                           figure_count(health->winners_unmatched).text,
                           figure_count(health->winners_unnamed).text);
    if (health->winners_verified + health->winners_contradicted > 0)
        g_string_append_printf(
            html, " By the version that was published, %s winners are right, and %s wrong.",
            figure_count(health->winners_verified).text, figure_count(health->winners_contradicted).text);
    g_string_append(html, "</p>\n");
}

void events_write(GString *html, const report *report)
{
    static const char *const names[EVENT_KIND_COUNT] = {
        [EVENT_STARVING] = "starving", [EVENT_CONFLICT] = "conflict",         [EVENT_BUSY] = "busy",
        [EVENT_COMMIT] = "commit",     [EVENT_ABANDON] = "abandon",           [EVENT_STORE] = "store",
        [EVENT_SNAPSHOT] = "snapshot", [EVENT_CONFLICT_KEY] = "conflict_key", [EVENT_CHECKOUT] = "checkout",
        [EVENT_PUBLISH] = "publish",
    };
    static const column columns[] = {{"Event", NULL, 't'}, {"Count", NULL, 'n'}};
    write_winners_found(html, report);
    table_open(html, "Events of the trace", columns, COUNT(columns));
    for (size_t i = 0; i < EVENT_KIND_COUNT; i++) {
        table_row_begin(html);
        cell_name(html, names[i]);
        cell_count(html, report->health.kind_counts[i]);
        table_row_end(html);
    }
    table_close(html, 0);
}
