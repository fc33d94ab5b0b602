#include "report.h"

#include "../number.h"

#include <inttypes.h>
#include <stdio.h>

enum { NAME_WIDTH = 20 };

static uint64_t per_second(uint64_t count, double seconds)
{
    return seconds > 0.0 ? (uint64_t)((double)count / seconds) : 0;
}

static uint64_t attempts(const stm_stats *stats)
{
    return stats->commits + stats->conflicts + stats->busy;
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0.0 : 100.0 * (double)part / (double)whole;
}

static const char *plural(uint64_t count, const char *ending)
{
    return count == 1 ? "" : ending;
}

/* -------------------------------------------------------------------------------- tables -- */

static void print_heading(const report *r)
{
    const options *o = r->options;
    const corpus *t = r->corpus;

    printf("%s word%s, %s different, in %s file%s\n", GROUPED(t->word_count), plural(t->word_count, "s"),
           GROUPED(t->vocabulary.word_count), GROUPED(t->file_count), plural(t->file_count, "s"));
    printf("%zu thread%s, %zu word%s a transaction, %.2f s\n\n", o->thread_count,
           plural(o->thread_count, "s"), o->batch_size, plural(o->batch_size, "s"), r->counting->seconds);
}

static void print_rate(const char *name, uint64_t count, double seconds)
{
    printf("  %-16s %16s %14s a second\n", name, GROUPED(count), GROUPED(per_second(count, seconds)));
}

static void print_share(const char *name, uint64_t count, uint64_t whole)
{
    printf("  %-16s %16s %14.2f %% of attempts\n", name, GROUPED(count), percent(count, whole));
}

static void print_rates(const report *r)
{
    const stm_stats *s = &r->stats;

    print_rate("words counted", counting_word_count(r->counting), r->counting->seconds);
    print_rate("commits", s->commits, r->counting->seconds);
    print_share("conflicts", s->conflicts, attempts(s));
    print_share("busy", s->busy, attempts(s));
    printf("  %-16s %16s\n", "most attempts", GROUPED(counting_attempt_count_most(r->counting)));
    printf("  %-16s %16s\n\n", "store, bytes", GROUPED(s->bytes_used));
}

/* A name in NAME_WIDTH columns; of a long one its end, where the word is. */
static void print_name(stm_bytes name)
{
    if (name.size <= NAME_WIDTH)
        printf("%-*.*s", NAME_WIDTH, (int)name.size, (const char *)name.data);
    else
        printf("...%.*s", NAME_WIDTH - 3, (const char *)name.data + name.size - (NAME_WIDTH - 3));
}

/* Two lists side by side: what the threads fought for, and what they counted. */
static void print_lists(const report *r)
{
    const size_t top = r->options->top_count;
    const size_t words = r->totals->count < top ? r->totals->count : top;
    const size_t rows = words > r->hottest_count ? words : r->hottest_count;

    if (top == 0)
        return;
    printf("  %-*s %14s     %-*s %14s\n", NAME_WIDTH, "hottest keys", "conflicts", NAME_WIDTH,
           "most frequent words", "count");
    for (size_t i = 0; i < rows; i++) {
        fputs("  ", stdout);
        print_name(i < r->hottest_count ? r->hottest[i].key : stm_text(i == 0 ? "(none)" : ""));
        printf(" %14s     ", i < r->hottest_count ? GROUPED(r->hottest[i].count) : "");
        if (i < words) {
            print_name(vocabulary_text(&r->corpus->vocabulary, r->totals->items[i].word));
            printf(" %14s", GROUPED(r->totals->items[i].count));
        }
        putchar('\n');
    }
    putchar('\n');
}

void report_tables(const report *r)
{
    print_heading(r);
    print_rates(r);
    print_lists(r);
    const uint64_t words = r->corpus->vocabulary.word_count;
    if (r->wrong_count == 0)
        printf("verified: all %s totals equal a count without threads\n", GROUPED(words));
    else
        printf("WRONG: %s of %s totals differ from a count without threads\n", GROUPED(r->wrong_count),
               GROUPED(words));
}

/* ---------------------------------------------------------------------------------- JSON -- */

static void print_json_string(stm_bytes text)
{
    const unsigned char *bytes = text.data;
    putchar('"');
    for (size_t i = 0; i < text.size; i++) {
        if (bytes[i] < 0x20)
            printf("\\u%04x", bytes[i]);
        else
            printf(bytes[i] == '"' || bytes[i] == '\\' ? "\\%c" : "%c", bytes[i]);
    }
    putchar('"');
}

static void print_json_number(const char *name, uint64_t n)
{
    printf("  \"%s\": %" PRIu64 ",\n", name, n);
}

static void print_json_hottest(const report *r)
{
    fputs("  \"hottest_keys\": [", stdout);
    for (size_t i = 0; i < r->hottest_count; i++) {
        fputs(i == 0 ? "\n    {\"key\": " : ",\n    {\"key\": ", stdout);
        print_json_string(r->hottest[i].key);
        printf(", \"conflicts\": %" PRIu64 ", \"error\": %" PRIu64 "}", r->hottest[i].count,
               r->hottest[i].error);
    }
    fputs(r->hottest_count == 0 ? "],\n" : "\n  ],\n", stdout);
}

static void print_json_frequent(const report *r)
{
    fputs("  \"frequent_words\": [", stdout);
    for (size_t i = 0; i < r->totals->count && i < r->options->top_count; i++) {
        fputs(i == 0 ? "\n    {\"word\": " : ",\n    {\"word\": ", stdout);
        print_json_string(vocabulary_text(&r->corpus->vocabulary, r->totals->items[i].word));
        printf(", \"count\": %" PRIu64 "}", r->totals->items[i].count);
    }
    fputs(r->options->top_count == 0 ? "],\n" : "\n  ],\n", stdout);
}

void report_json(const report *r)
{
    const double seconds = r->counting->seconds;
    const uint64_t words = counting_word_count(r->counting);

    printf("{\n  \"libstm\": \"%s\",\n", stm_version());
    print_json_number("files", r->corpus->file_count);
    print_json_number("words", r->corpus->word_count);
    print_json_number("words_different", r->corpus->vocabulary.word_count);
    print_json_number("threads", r->options->thread_count);
    print_json_number("words_per_transaction", r->options->batch_size);
    printf("  \"seconds\": %.6f,\n", seconds);
    print_json_number("words_counted", words);
    print_json_number("words_per_second", per_second(words, seconds));
    print_json_number("commits", r->stats.commits);
    print_json_number("commits_per_second", per_second(r->stats.commits, seconds));
    print_json_number("conflicts", r->stats.conflicts);
    print_json_number("busy", r->stats.busy);
    print_json_number("attempts_most", counting_attempt_count_most(r->counting));
    print_json_number("store_bytes", r->stats.bytes_used);
    print_json_hottest(r);
    print_json_frequent(r);
    print_json_number("totals_wrong", r->wrong_count);
    printf("  \"verified\": %s\n}\n", r->wrong_count == 0 ? "true" : "false");
}

/* -------------------------------------------------------------------------------- totals -- */

void report_totals(const report *r)
{
    for (size_t i = 0; i < r->totals->count; i++) {
        const stm_bytes word = vocabulary_text(&r->corpus->vocabulary, r->totals->items[i].word);
        printf("%7" PRIu64 " %.*s\n", r->totals->items[i].count, (int)word.size, (const char *)word.data);
    }
}
