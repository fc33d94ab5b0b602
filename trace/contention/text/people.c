#include "../format.h"
#include "sections.h"

#include <glib.h>
#include <string.h>

enum { LABEL_WIDTH = 20, ROW_COUNT_MAX = 12 };

/* -------------------------------------------------------------------------------- labels -- */

void section_labels(const page *page, const report *report)
{
    bool whole = report->verdict.has_attempts;
    if (report->label_count == 0)
        return;
    page_heading(page, "Transactions: what they wasted, and what others wasted because of them");
    fprintf(page->file, "%s  %-*s %11s %11s %8s %7s %9s %9s %9s%s\n", page_tone(page, TONE_QUIET), LABEL_WIDTH, "label",
            "commits", "conflicts", "busy", "lost", "wasted", "caused", "wins", page_plain(page));
    for (size_t i = 0; i < report->label_count && i < ROW_COUNT_MAX; i++) {
        const label_row *row = &report->labels[i];
        uint64_t lost = row->conflicts + row->busy;
        fputs("  ", page->file);
        page_name(page, row->label, LABEL_WIDTH);
        fprintf(page->file, " %11s %11s %8s %7s %9s %9s %9s\n", whole ? format_count(row->commits) : "-",
                format_count(row->conflicts), format_count(row->busy), whole ? format_part(lost, lost + row->commits) : "-",
                format_duration(row->wasted_ns), format_duration(row->charged_ns), format_count(row->wins));
    }
    if (report->label_count > ROW_COUNT_MAX)
        fprintf(page->file, "  ... and %zu more (in --json)\n", report->label_count - ROW_COUNT_MAX);
}

/* ------------------------------------------------------------------------------ matrices -- */

enum { CELL_WIDTH = 10, NAME_WIDTH = 18 };

static void print_matrix(const page *page, const matrix *matrix, const char *title)
{
    size_t fit = (page->width - 2 - NAME_WIDTH) / (CELL_WIDTH + 1);
    size_t count = MIN(matrix->count, fit);
    if (matrix->count < 2)
        return;
    page_heading(page, title);
    fprintf(page->file, "%s  %-*s", page_tone(page, TONE_QUIET), NAME_WIDTH, "loser \\ winner");
    for (size_t column = 0; column < count; column++) {
        fputc(' ', page->file);
        size_t used = MIN((size_t)g_utf8_strlen(matrix->names[column], -1), (size_t)CELL_WIDTH);
        fprintf(page->file, "%*s", (int)(CELL_WIDTH - used), "");
        page_name(page, matrix->names[column], used);
    }
    fprintf(page->file, "%s\n", page_plain(page));
    for (size_t row = 0; row < count; row++) {
        fputs("  ", page->file);
        page_name(page, matrix->names[row], NAME_WIDTH);
        for (size_t column = 0; column < count; column++) {
            uint64_t conflicts = matrix->conflicts[row * matrix->count + column];
            fprintf(page->file, " %*s", CELL_WIDTH, conflicts > 0 ? format_count(conflicts) : ".");
        }
        fputc('\n', page->file);
    }
    if (count < matrix->count)
        fprintf(page->file, "  ... and %zu more (in --json and --html)\n", matrix->count - count);
}

void section_matrices(const page *page, const report *report)
{
    print_matrix(page, &report->by_label, "Who loses to whom: conflicts by label");
    print_matrix(page, &report->by_thread, "Who loses to whom: conflicts by thread");
}

/* ------------------------------------------------------------------------------- threads -- */

static bool has_names(const report *report)
{
    for (size_t i = 0; i < report->thread_count; i++)
        if (report->threads[i].name[0] != '\0')
            return true;
    return false;
}

void section_threads(const page *page, const report *report)
{
    bool whole = report->verdict.has_attempts;
    if (report->thread_count == 0)
        return;
    int name_width = has_names(report) ? 15 : 0;
    page_heading(page, "Fairness by thread");
    fprintf(page->file, "%s  %-9s %-*s %11s %11s %8s %7s %11s  %s%s\n", page_tone(page, TONE_QUIET), "thread",
            name_width, name_width > 0 ? "name" : "", "commits", "conflicts", "busy", "lost", "wins", "losing streak", page_plain(page));
    for (size_t i = 0; i < report->thread_count && i < ROW_COUNT_MAX; i++) {
        const thread_row *row = &report->threads[i];
        uint64_t lost = row->conflicts + row->busy;
        fprintf(page->file, "  %-9llu ", (unsigned long long)row->tid);
        page_name(page, row->name, (size_t)name_width);
        fprintf(page->file, " %11s %11s %8s %7s %11s  %s%s%s\n", whole ? format_count(row->commits) : "-",
                format_count(row->conflicts), format_count(row->busy), whole ? format_part(lost, lost + row->commits) : "-",
                format_count(row->wins), format_count(row->longest_streak), row->streak_label[0] != '\0' ? " " : "",
                row->streak_label);
    }
    if (report->thread_count > ROW_COUNT_MAX)
        fprintf(page->file, "  ... and %zu more (in --json)\n", report->thread_count - ROW_COUNT_MAX);
}

void section_owners(const page *page, const report *report)
{
    if (report->owner_count == 0)
        return;
    page_heading(page, "Who held what others found busy");
    fprintf(page->file, "%s  %-*s %9s %11s  %s%s\n", page_tone(page, TONE_QUIET), LABEL_WIDTH, "label", "thread", "busy",
            "most on", page_plain(page));
    for (size_t i = 0; i < report->owner_count; i++) {
        const owner_row *row = &report->owners[i];
        fputs("  ", page->file);
        page_name(page, row->label, LABEL_WIDTH);
        fprintf(page->file, " %9llu %11s  %s\n", (unsigned long long)row->tid, format_count(row->busy), row->top_key);
    }
}
