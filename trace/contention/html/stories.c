/* stories.c -- the operations that took longest or lost most often, attempt by attempt. */
#include <inttypes.h>

#include "figure.h"
#include "markup.h"
#include "parts.h"
#include "table.h"

#define STORIES_MAX ((size_t)5)
#define STEPS_MAX ((size_t)16)

static void write_outcome(GString *html, const story_step *step)
{
    const char *name = step->outcome == EVENT_COMMIT     ? "ok"
                       : step->outcome == EVENT_CONFLICT ? "conflict"
                       : step->outcome == EVENT_BUSY     ? "busy"
                                                         : "abandoned";
    g_string_append_printf(html, "<td><span class=\"outcome %s\">%s</span>", name, name);
    if (step->times > 1)
        g_string_append_printf(html, " × %" PRIu64, step->times);
    g_string_append(html, "</td>");
}

static void write_versions(GString *html, const story_step *step)
{
    if (step->outcome == EVENT_CONFLICT)
        g_string_append_printf(html, "<td>%" PRIu64 " → %" PRIu64 "</td>", step->expected, step->found);
    else
        g_string_append(html, "<td>–</td>");
}

static void write_winner(GString *html, const story_step *step)
{
    g_string_append(html, "<td><bdi>");
    if (step->winner_txn == 0 && step->winner_tid == 0) {
        g_string_append(html, "–");
    } else {
        markup_text(html, *step->winner_label ? step->winner_label : "(no label)");
        g_string_append_printf(html, "</bdi> <bdi class=\"minor\">transaction %" PRIu64 ", thread %" PRIu64,
                               step->winner_txn, step->winner_tid);
    }
    g_string_append(html, "</bdi></td>");
}

static void write_steps(GString *html, const story *story)
{
    static const column columns[] = {
        {"Attempt", NULL, 'n'}, {"Began", NULL, 'n'},       {"Took", NULL, 'n'},
        {"Ended", NULL, 't'},   {"Key", NULL, 't'},         {"Version", "checked out, and found", 't'},
        {"Winner", NULL, 't'},  {"Transaction", NULL, 'n'},
    };
    table_open(html, "Its attempts", columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < story->step_count && i < STEPS_MAX; i++) {
        const story_step *step = &story->steps[i];
        table_row_begin(html);
        cell_count(html, step->attempt);
        cell_moment(html, step->begin_ns);
        cell_span(html, step->begin_ns, step->end_ns);
        write_outcome(html, step);
        cell_name(html, step->key);
        write_versions(html, step);
        write_winner(html, step);
        cell_number(html, step->txn);
        table_row_end(html);
    }
    table_close(html, 0);
}

static void write_story(GString *html, const story *story, bool is_first)
{
    g_string_append_printf(html, "<details%s><summary><b>", is_first ? " open=\"open\"" : "");
    markup_text(html, *story->label ? story->label : "(no label)");
    g_string_append_printf(html,
                           "</b> on thread %" PRIu64 ": %s attempts in %s, %s of it wasted; %s.</summary>\n",
                           story->tid, figure_count(story->attempts).text,
                           figure_duration(story->elapsed_ns).text, figure_duration(story->wasted_ns).text,
                           story->finished ? "committed in the end" : "never seen to commit");
    write_steps(html, story);
    if (story->attempts > story->step_count)
        g_string_append(html, "<p class=\"more\">Its first and last attempts are shown.</p>\n");
    g_string_append(html, "</details>\n");
}

void stories_write(GString *html, const report *report)
{
    if (report->story_count == 0) {
        nothing_write(html, "No operation lost an attempt.");
        return;
    }
    for (size_t i = 0; i < report->story_count && i < STORIES_MAX; i++)
        write_story(html, &report->stories[i], i == 0);
}
