#include "../format.h"
#include "sections.h"

static void print_key(const page *page, const hot_key *key, size_t name_width)
{
    fputs("  ", page->file);
    page_name(page, key->name, name_width);
    fprintf(page->file, " %11s %9s %7s %9s %8s  ", format_count(key->conflicts), format_count(key->busy),
            format_percent(key->cumulative_share), format_duration(key->wasted_ns), format_count(key->writer_count));
    if (key->conflicts > 0)
        fprintf(page->file, "%s %s", key->top_winner[0] != '\0' ? key->top_winner : "(no label)",
                format_percent(key->top_winner_share));
    fputc('\n', page->file);
}

void section_keys(const page *page, const report *report)
{
    if (report->key_count == 0)
        return;
    page_heading(page, "Hot keys");
    size_t name_width = page->width > 96 ? 26 : page->width - 70;
    fprintf(page->file, "%s  %-*s %11s %9s %7s %9s %8s  %s%s\n", page_tone(page, TONE_QUIET), (int)name_width, "key",
            "conflicts", "busy", "sum", "wasted", "writers", "top winner", page_plain(page));
    for (size_t i = 0; i < report->key_count; i++)
        print_key(page, &report->keys[i], name_width);
    if (report->key_count < report->key_count_all)
        fprintf(page->file, "  ... and %s more (--top)\n", format_count(report->key_count_all - report->key_count));
}

void section_prefixes(const page *page, const report *report)
{
    size_t several = 0;
    for (size_t i = 0; i < report->prefix_count; i++)
        several += report->prefixes[i].key_count > 1;
    if (several == 0)
        return;
    page_heading(page, "Hot prefixes");
    fprintf(page->file, "%s  %-26s %9s %11s %9s %9s%s\n", page_tone(page, TONE_QUIET), "prefix", "keys", "conflicts", "busy",
            "wasted", page_plain(page));
    for (size_t i = 0; i < report->prefix_count; i++) {
        const hot_prefix *prefix = &report->prefixes[i];
        fputs("  ", page->file);
        page_name(page, prefix->prefix, 26);
        fprintf(page->file, " %9s %11s %9s %9s\n", format_count(prefix->key_count), format_count(prefix->conflicts),
                format_count(prefix->busy), format_duration(prefix->wasted_ns));
    }
}

void section_avoidable(const page *page, const report *report)
{
    const avoidable *avoidable = &report->avoidable;
    uint64_t conflicts = report->verdict.attempts.conflict;
    if (conflicts == 0 || !avoidable->has_modes)
        return;
    page_heading(page, "Avoidable conflicts");
    fprintf(page->file, "  the loser had only read the key            %11s %7s\n", format_count(avoidable->lost_reading),
            format_part(avoidable->lost_reading, conflicts));
    if (avoidable->has_sets)
        fprintf(page->file, "  it held the key for update, and set nothing %10s %7s\n", format_count(avoidable->lost_unset),
                format_part(avoidable->lost_unset, conflicts));
}
