/*
 * html_test.c -- the page of a report: well-formed, harmless whatever the trace says, and telling what is in the report.
 *
 * The page is written as XML, too, so that GLib's parser, which forgives nothing, can read it: what it finds is compared,
 * not the bytes. What the page looks like, a person has to see: sample_page writes the same samples for a browser.
 */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "../../support/sanitizer.h"
#include "html.h"
#include "sample_report.h"

#if UNDER_ASAN
int __lsan_do_recoverable_leak_check(void);
#endif

typedef struct page {
    char *html;
    size_t size;
    GString *text; /* all text but of style and script */
    GHashTable *ids;
    GHashTable *elements; /* name to how many */
    GPtrArray *links;     /* href, src and what else would load something */
    GString *script, *policy;
} page;

static void count_element(page *t, const char *name)
{
    size_t count = GPOINTER_TO_SIZE(g_hash_table_lookup(t->elements, name));
    g_hash_table_insert(t->elements, g_strdup(name), GSIZE_TO_POINTER(count + 1));
}

static bool is_coordinate(const char *attribute)
{
    static const char *const names[] = {"x",  "y", "width", "height",    "cx",
                                        "cy", "r", "d",     "transform", "viewBox"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(attribute, names[i]) == 0)
            return true;
    return false;
}

static void on_start(GMarkupParseContext *context, const gchar *name, const gchar **names,
                     const gchar **values, gpointer data, GError **error)
{
    page *t = data;
    (void)context;
    count_element(t, name);
    for (; *names; names++, values++) {
        if (strcmp(*names, "id") == 0 && !g_hash_table_add(t->ids, g_strdup(*values)))
            g_set_error(error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT, "two elements have the id %s",
                        *values);
        if (strcmp(*names, "href") == 0 || strcmp(*names, "src") == 0 || strcmp(*names, "marker-end") == 0 ||
            strcmp(*names, "srcset") == 0 || strcmp(*names, "action") == 0 || strcmp(*names, "data") == 0)
            g_ptr_array_add(t->links, g_strdup(*values));
        if (g_str_has_prefix(*names, "on") || strcmp(*names, "style") == 0)
            g_set_error(error, G_MARKUP_ERROR, G_MARKUP_ERROR_UNKNOWN_ATTRIBUTE, "attribute %s", *names);
        if (is_coordinate(*names) && (strstr(*values, "nan") || strstr(*values, "inf")))
            g_set_error(error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT, "%s is %s", *names, *values);
        if (strcmp(*names, "content") == 0 && strstr(*values, "default-src"))
            g_string_assign(t->policy, *values);
    }
}

static void on_text(GMarkupParseContext *context, const gchar *text, gsize size, gpointer data,
                    GError **error)
{
    page *t = data;
    const char *element = g_markup_parse_context_get_element(context);
    (void)error;
    if (element && strcmp(element, "script") == 0)
        g_string_append_len(t->script, text, (gssize)size);
    else if (element && strcmp(element, "style") != 0)
        g_string_append_len(t->text, text, (gssize)size);
}

static void page_parse(page *t)
{
    static const GMarkupParser parser = {.start_element = on_start, .text = on_text};
    GError *error = NULL;
    GMarkupParseContext *context = g_markup_parse_context_new(
        &parser, G_MARKUP_TREAT_CDATA_AS_TEXT | G_MARKUP_PREFIX_ERROR_POSITION, t, NULL);
    bool ok = g_markup_parse_context_parse(context, t->html, (gssize)t->size, &error) &&
              g_markup_parse_context_end_parse(context, &error);
    cr_assert(ok, "%s", error ? error->message : "");
    g_markup_parse_context_free(context);
}

static page page_make(const report *report)
{
    page t = {.text = g_string_new(NULL), .script = g_string_new(NULL), .policy = g_string_new(NULL)};
    t.ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    t.elements = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    t.links = g_ptr_array_new_with_free_func(g_free);
    FILE *out = open_memstream(&t.html, &t.size);
    cr_assert_not_null(out);
    cr_assert_eq(report_write_html(report, out), 0);
    fclose(out);
    cr_assert_eq(strlen(t.html), t.size);
    page_parse(&t);
    return t;
}

static void page_free(page *t)
{
    free(t->html);
    g_string_free(t->text, TRUE);
    g_string_free(t->script, TRUE);
    g_string_free(t->policy, TRUE);
    g_hash_table_destroy(t->ids);
    g_hash_table_destroy(t->elements);
    g_ptr_array_free(t->links, TRUE);
}

static size_t element_count(const page *t, const char *name)
{
    return GPOINTER_TO_SIZE(g_hash_table_lookup(t->elements, name));
}

static void expect_text(const page *t, const char *text)
{
    cr_expect(strstr(t->text->str, text) != NULL, "the page does not say: %s", text);
}

static void expect_no_text(const page *t, const char *text)
{
    cr_expect(strstr(t->text->str, text) == NULL, "the page says: %s", text);
}

static size_t occurrences(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)); text += strlen(part))
        count++;
    return count;
}

static sample *made;
static page html;

static void make(sample_kind kind)
{
    made = sample_make(kind);
    html = page_make(&made->report);
}

/* Criterion goes on after a leak is reported: it has to be asked for. */
static void expect_no_leak(void)
{
#if UNDER_ASAN
    cr_expect(__lsan_do_recoverable_leak_check() == 0, "memory was leaked");
#endif
}

static void done(void)
{
    page_free(&html);
    sample_free(made);
    made = NULL;
    html = (page){0};
    expect_no_leak();
}

/* Whatever the report: one script, every part, links into the page only, nothing of another host. */
static void expect_sound(void)
{
    static const char *const parts[] = {"verdict", "time", "keys",      "winners", "lanes", "attempts",
                                        "labels",  "busy", "avoidable", "stories", "events"};
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        bool wanted = made->report.health.event_count > 0 || i == 0 || i + 1 == G_N_ELEMENTS(parts);
        cr_expect_eq(g_hash_table_contains(html.ids, parts[i]), wanted, "part %s", parts[i]);
    }
    for (guint i = 0; i < html.links->len; i++) {
        const char *link = html.links->pdata[i];
        const char *id = link[0] == '#' ? link + 1 : "";
        bool is_marker = strcmp(link, "url(#head)") == 0 && g_hash_table_contains(html.ids, "head");
        cr_expect(is_marker || g_hash_table_contains(html.ids, id), "a link to %s", link);
    }
    cr_expect_eq(element_count(&html, "script"), 1);
    cr_expect_eq(element_count(&html, "style"), 1);
    cr_expect_eq(element_count(&html, "img") + element_count(&html, "link") + element_count(&html, "iframe"),
                 0);
    cr_expect_null(strstr(html.html, "http://"));
    cr_expect_null(strstr(html.html, "https://"));
    cr_expect_null(strstr(html.html, "@import"));
    cr_expect(g_utf8_validate(html.html, (gssize)html.size, NULL));
}

Test(html, every_sample_is_sound)
{
    for (size_t kind = 0; kind < SAMPLE_KIND_COUNT; kind++) {
        make((sample_kind)kind);
        expect_sound();
        done();
    }
}

/* The policy lets the page's own script run, and no other: its hash is the one of what stands there. */
Test(html, policy_names_the_script)
{
    make(SAMPLE_TINY);
    const char *begin = strstr(html.html, "<script>") + strlen("<script>");
    const char *end = strstr(begin, "</script>");
    guint8 digest[32];
    gsize size = sizeof digest;
    GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *)begin, end - begin);
    g_checksum_get_digest(checksum, digest, &size);
    g_checksum_free(checksum);
    char *hash = g_base64_encode(digest, size);
    char *wanted = g_strdup_printf("script-src 'sha256-%s'", hash);
    cr_expect(strstr(html.policy->str, wanted) != NULL, "%s", html.policy->str);
    cr_expect(strstr(html.policy->str, "default-src 'none'") != NULL);
    cr_expect_null(strstr(html.policy->str, "unsafe"));
    cr_expect(strstr(html.script->str, "aria-sort") != NULL);
    g_free(wanted);
    g_free(hash);
    done();
}

Test(html, tells_the_report)
{
    make(SAMPLE_USUAL);
    const report *report = &made->report;
    expect_text(&html, report->verdict.sentence);
    for (size_t i = 0; i < report->verdict.advice_count; i++) {
        expect_text(&html, report->verdict.advice[i].text);
        expect_text(&html, report->verdict.advice[i].evidence);
    }
    expect_text(&html, "wordcount --threads 4 moby-dick.txt");
    expect_text(&html, "251,626"); /* commits, as the sample has them */
    cr_expect_eq(report->verdict.attempts.ok, 251626);
    for (size_t i = 0; i < report->key_count; i++) {
        char *plain = g_strdup_printf("data-v=\"%" G_GUINT64_FORMAT "\"", report->keys[i].conflicts);
        cr_expect(strstr(html.html, plain) != NULL, "conflicts of key %zu", i);
        g_free(plain);
        expect_text(&html, report->keys[i].name);
    }
    cr_expect_eq(report->by_thread.conflicts[0 * report->by_thread.count + 1], 1976);
    expect_text(&html, "wordcount 4711 lost to wordcount 4712: 1,976 conflicts");
    expect_text(&html, "transaction 1048577");
    expect_text(&html, "stm_txn_peek");
    expect_no_text(&html, "lower bounds");
    expect_no_text(&html, "--level=");
    done();
}

/* As many cells as the heat map has keys and buckets that lost, each arrow of a loser, each bar of its histogram. */
Test(html, draws_the_report)
{
    make(SAMPLE_USUAL);
    const report *report = &made->report;
    size_t cells = 0, arrows = 0;
    for (size_t i = 0; i < report->timeline.heat_row_count * report->timeline.bucket_count; i++)
        cells += report->timeline.heat[i] > 0;
    for (size_t i = 0; i < report->lanes.mark_count; i++)
        arrows += report->lanes.marks[i].winner >= 0;
    cr_expect_gt(cells, 1000);
    cr_expect_gt(arrows, 5);
    cr_expect_eq(occurrences(html.html, " lost</title></rect>"), cells + report->timeline.bucket_count,
                 "cells, and the share of each bucket");
    cr_expect_eq(occurrences(html.html, "<path class=\"arrow\""), arrows + 1, "and one in the legend");
    cr_expect_eq(occurrences(html.html, "<g class=\"mark "), report->lanes.mark_count + 4,
                 "and four in the legend");
    cr_expect_eq(occurrences(html.html, "class=\"burst\"><rect x="), report->timeline.burst_count);
    cr_expect_eq(element_count(&html, "details"), report->story_count);
    done();
}

Test(html, hostile_text_stays_text)
{
    make(SAMPLE_HOSTILE);
    expect_sound();
    expect_text(&html,
                "\"'><script>alert(1)</script>&amp;]]>[U+0001][U+007F]\uFFFD[U+202E]yek[U+2028]<img src=x>");
    cr_expect_null(strstr(html.html, "<script>alert"));
    cr_expect_null(strstr(html.html, "<img"));
    cr_expect_null(strstr(html.html, "\u202e"));
    cr_expect_null(strchr(html.html, '\x01'));
    done();
}

Test(html, any_bytes_are_well_formed)
{
    made = sample_make(SAMPLE_TINY);
    for (unsigned byte = 1; byte < 256; byte++) {
        char name[] = {'<', (char)byte, '&', (char)byte, '"', 0};
        char long_name[65] = {0};
        memset(long_name, (int)byte, 64);
        made->report.keys[0].name = name;
        made->report.lanes.marks[0].label = long_name;
        made->report.by_label.names[0] = long_name;
        html = page_make(&made->report);
        expect_sound();
        page_free(&html);
    }
    sample_free(made);
}

Test(html, losses_are_said_first)
{
    make(SAMPLE_LOSSY);
    const char *warning = strstr(html.text->str, "The figures are lower bounds");
    const char *sentence = strstr(html.text->str, made->report.verdict.sentence);
    cr_assert(warning && sentence);
    cr_expect_lt(warning, sentence);
    cr_assert_eq(made->report.health.note_count, 3);
    for (size_t i = 0; i < 3; i++)
        expect_text(&html, made->report.health.notes[i]);
    done();
}

Test(html, missing_levels_are_named)
{
    make(SAMPLE_CONFLICTS_ONLY);
    expect_text(&html, "needs --level=contention");
    expect_text(&html, "This needs busy: record with --level=contention.");
    expect_text(&html, "This needs commits: record with --level=commits.");
    expect_text(&html, "record with --level=commits to see what share is lost");
    expect_text(&html, "Whether losers had set what they held for update, this trace does not tell.");
    expect_no_text(&html, "% of attempts");
    done();
}

/* Three conflicts, none of them avoidable: then nobody is told how to avoid them. */
Test(html, advice_only_where_it_helps)
{
    make(SAMPLE_TINY);
    cr_assert_eq(made->report.avoidable.lost_reading + made->report.avoidable.lost_unset, 0);
    expect_text(&html, "over a key that the loser had only read.");
    expect_no_text(&html, "stm_txn_peek");
    done();
}

Test(html, calm_is_said)
{
    make(SAMPLE_CALM);
    expect_text(&html, "No conflict: nobody lost to anybody.");
    expect_text(&html, "No key was fought for.");
    expect_text(&html, "Nobody was told BUSY.");
    expect_text(&html, "no millisecond is the worst");
    cr_expect_null(strstr(html.html, "class=\"arrow\""));
    expect_no_text(&html, "--level=");
    done();
}

Test(html, huge_stays_bounded)
{
    make(SAMPLE_HUGE);
    cr_expect_lt(html.size, 5 * 1024 * 1024);
    expect_text(&html, "The first 400 of 1,000; the report as JSON has them all.");
    expect_text(&html, "123,456 keys lost anything");
    expect_text(&html, "There were more attempts; the first 2,000 are drawn.");
    done();
}

/* Indices that lead nowhere are a bug of the analysis; they must not become one of memory here. */
Test(html, indices_are_checked)
{
    made = sample_make(SAMPLE_USUAL);
    made->report.lanes.marks[3].winner = 99999;
    made->report.lanes.marks[4].lane = 99999;
    made->report.lanes.marks[6].winner = 4;
    made->report.lanes.marks[7].begin_ns = INT64_MAX;
    made->report.lanes.marks[8].end_ns = INT64_MIN;
    html = page_make(&made->report);
    expect_sound();
    done();
}

static void extreme_times(report *report, int64_t ns)
{
    report->health.span_ns = report->verdict.wasted_ns = ns;
    report->timeline.bucket_ns = ns / 200; /* with 240 of them, more than can be counted */
    report->timeline.bursts[0].from_ns = -ns;
    report->timeline.bursts[0].to_ns = ns;
    report->lanes.from_ns = -ns;
    report->lanes.to_ns = ns;
    report->lanes.marks[0].begin_ns = -ns;
    report->lanes.marks[0].end_ns = ns;
    report->stories[0].steps[0].begin_ns = -ns;
    report->stories[0].steps[0].end_ns = ns;
    report->keys[0].wasted_ns = report->labels[0].busy_ns = ns;
}

static void extreme_counts(report *report)
{
    report->verdict.attempts = (outcome_counts){UINT64_MAX, UINT64_MAX, UINT64_MAX};
    report->timeline.buckets[0] = report->verdict.attempts;
    report->timeline.heat[0] = UINT64_MAX;
    report->keys[0].conflicts = report->keys[0].busy = UINT64_MAX;
    report->by_label.conflicts[0] = UINT64_MAX;
    report->labels[0].commits = report->labels[0].conflicts = UINT64_MAX;
    report->latency.attempts[0] = (histogram_bar){UINT64_MAX, UINT64_MAX, UINT64_MAX};
    report->latency.attempt_ok_ns = (quantiles){1, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
}

/* A damaged trace has any numbers. The page may then be ugly, but is a page; sanitizers watch the arithmetic. */
Test(html, any_numbers_are_survived)
{
    static const int64_t times[] = {1, 199, 200, INT64_MAX / 2, INT64_MAX};
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        made = sample_make(SAMPLE_HUGE);
        extreme_times(&made->report, times[i]);
        extreme_counts(&made->report);
        html = page_make(&made->report);
        expect_sound();
        done();
    }
}

Test(html, full_device_is_told)
{
    made = sample_make(SAMPLE_USUAL);
    static char buffer[1 << 22];
    FILE *out;
    for (int is_buffered = 0; is_buffered <= 1; is_buffered++) { /* found when writing, and when flushing */
        out = fopen("/dev/full", "w");
        cr_assert_not_null(out);
        if (is_buffered)
            setvbuf(out, buffer, _IOFBF, sizeof buffer);
        errno = 0;
        cr_expect_eq(report_write_html(&made->report, out), -1);
        cr_expect_eq(errno, ENOSPC);
        fclose(out);
    }

    out = fopen("/dev/null", "r");
    cr_assert_not_null(out);
    cr_expect_eq(report_write_html(&made->report, out), -1);
    fclose(out);
    sample_free(made);
    made = NULL;
    expect_no_leak();
}
