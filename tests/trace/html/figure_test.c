/* figure_test.c -- how numbers, names and amounts are shown: at the edges, where one unit or colour becomes the next. */
#include <limits.h>
#include <math.h>
#include <stdint.h>

#include <criterion/criterion.h>

#include "figure.h"
#include "markup.h"
#include "svg.h"

#define NBSP "\u00a0"

/* A figure and what it should be; all that differ are shown. */
static void expect(figure f, const char *text)
{
    cr_expect_str_eq(f.text, text);
}

Test(figure, count)
{
    expect(figure_count(0), "0");
    expect(figure_count(999), "999");
    expect(figure_count(1000), "1,000");
    expect(figure_count(1234567), "1,234,567");
    expect(figure_count(UINT64_MAX), "18,446,744,073,709,551,615");
}

Test(figure, short_has_three_digits)
{
    expect(figure_short(0), "0");
    expect(figure_short(0.25), "0.25");
    expect(figure_short(999), "999");
    expect(figure_short(999.6), "1" NBSP "k");
    expect(figure_short(1234), "1.23" NBSP "k");
    expect(figure_short(99960), "100" NBSP "k");
    expect(figure_short(1e6), "1" NBSP "M");
    expect(figure_short((double)UINT64_MAX), "18.4" NBSP "E");
}

Test(figure, duration)
{
    expect(figure_duration(0), "0");
    expect(figure_duration(1), "1" NBSP "ns");
    expect(figure_duration(999), "999" NBSP "ns");
    expect(figure_duration(1000), "1" NBSP "µs");
    expect(figure_duration(1250000), "1.25" NBSP "ms");
    expect(figure_duration(999499999), "999" NBSP "ms");
    expect(figure_duration(999999999), "1" NBSP "s");
    expect(figure_duration(-1500), "−1.5" NBSP "µs");
    expect(figure_duration(119400000000), "119" NBSP "s");
    expect(figure_duration(119600000000), "2" NBSP "min" NBSP "00" NBSP "s");
    expect(figure_duration(125000000000), "2" NBSP "min" NBSP "05" NBSP "s");
    expect(figure_duration(INT64_MIN), "−153722867" NBSP "min" NBSP "17" NBSP "s");
}

Test(figure, moments_and_clocks)
{
    expect(figure_moment(944121400), "944.121" NBSP "ms");
    expect(figure_moment(61204335400), "61.204335" NBSP "s");
    expect(figure_span(INT64_MIN, INT64_MAX), "150000000" NBSP "min" NBSP "00" NBSP "s");
    expect(figure_clock(125000000000), "2:05");
    expect(figure_clock(3725000000000), "1:02:05");
}

/* What is not nothing does not look like nothing, and what is not all not like all. */
Test(figure, share)
{
    expect(figure_share(0), "0" NBSP "%");
    expect(figure_share(-1), "0" NBSP "%");
    expect(figure_share((double)NAN), "0" NBSP "%");
    expect(figure_share(0.0004), "<0.1" NBSP "%");
    expect(figure_share(0.034), "3.4" NBSP "%");
    expect(figure_share(0.34), "34" NBSP "%");
    expect(figure_share(0.994), "99" NBSP "%");
    expect(figure_share(0.996), "99.6" NBSP "%");
    expect(figure_share(0.99999), ">99.9" NBSP "%");
    expect(figure_share(1), "100" NBSP "%");
    expect(figure_ratio(0, 0), "–");
    expect(figure_ratio(1, 3), "33" NBSP "%");
}

static void expect_short(const char *text, size_t columns, const char *wanted)
{
    GString *html = g_string_new(NULL);
    markup_text_short(html, text, columns);
    cr_expect_str_eq(html->str, wanted);
    g_string_free(html, TRUE);
}

/* The ends of a key are what tells it from others, so that both stay. */
Test(markup, long_names_lose_their_middle)
{
    expect_short("word:the", 8, "word:the");
    expect_short("account:00004711:balance", 16, "account:00…lance");
    expect_short("<&>", 3, "&lt;&amp;&gt;");
    expect_short("汉字汉字汉字", 12, "汉字汉字汉字");
    expect_short("汉字汉字汉字", 9, "汉字汉…字");
}

/* A letter under a tower of marks takes one column, and would still cover the page. */
Test(markup, towers_of_marks_are_cut)
{
    GString *tower = g_string_new("a");
    for (size_t i = 0; i < 1000; i++)
        g_string_append(tower, "\u0301");
    g_string_append(tower, "and more text than fits");
    GString *html = g_string_new(NULL);
    markup_text_short(html, tower->str, 10);
    cr_expect_lt(html->len, 100);
    g_string_free(html, TRUE);
    g_string_free(tower, TRUE);
}

/* Each level begins above the one before; the least and the most are always told apart. */
Test(ramp, levels_rise)
{
    static const uint64_t most[] = {1, 2, 3, 8, 9, 10, 11, 100, 12345, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
        ramp ramp = ramp_make(most[i]);
        cr_expect_eq(ramp.from[0], 1);
        cr_expect_eq(ramp_colour(&ramp, 0), 0);
        for (size_t level = 1; level < ramp.level_count; level++) {
            cr_expect_gt(ramp.from[level], ramp.from[level - 1]);
            cr_expect_gt(ramp.colour[level], ramp.colour[level - 1]);
        }
        cr_expect_leq(ramp.from[ramp.level_count - 1], most[i]);
        cr_expect_eq(ramp_colour(&ramp, 1), most[i] == 1 ? 5 : 1);
        cr_expect_eq(ramp_colour(&ramp, most[i]), most[i] == 1 ? 5 : RAMP_COLOURS);
    }
    cr_expect_eq(ramp_make(0).level_count, 0);
}

Test(axis, an_empty_one_is_a_point)
{
    axis empty = {5, 5, 100, 200};
    cr_expect_eq(axis_at(&empty, 5), 100);
    axis up = {0, 10, 200, 100};
    cr_expect_eq(axis_at(&up, 2.5), 175);
}

Test(axis, round_numbers)
{
    cr_expect_eq(round_up(0), 1);
    cr_expect_eq(round_up(1), 1);
    cr_expect_eq(round_up(1.1), 2);
    cr_expect_eq(round_up(21), 50);
    cr_expect_eq(round_up(500), 500);
    cr_expect_eq(round_up(501), 1000);
    cr_expect_float_eq(round_up(0.03), 0.05, 1e-12);
}
