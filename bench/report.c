/*
 * report.c -- what was found, as a table for people or as JSON.
 *
 * Each figure is the median over the rounds, with the smallest and the largest. A ratio is formed
 * within each round first, and is then treated alike: so it is not the ratio of the two medians.
 */
#include "bench.h"
#include "cpus.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct spread {
    double min, median, max;
} spread;

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts values. */
static spread spread_of(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_size);
    double median = count % 2 != 0 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
    return (spread){values[0], median, values[count - 1]};
}

/* ---------------------------------------------------------------------------------- figures -- */

/* What is told of one lane. */
typedef struct figures {
    spread metric; /* ns a unit, or units a second */
    spread ratio;  /* zeros where there is nothing to compare with */
    const bench_lane *against;
    double conflicts, busy; /* lost attempts a commit */
} figures;

static const bench_result *result_of(const bench_report *report, const char *name)
{
    for (size_t i = 0; i < report->result_count; i++) {
        if (strcmp(report->results[i].variant->name, name) == 0)
            return &report->results[i];
    }
    bench_fail("a variant is compared with %s, which there is not", name);
}

/* Of lanes to tell about. */
static unsigned lane_count_of(const bench_result *result)
{
    unsigned count = 0;
    while (result->selected && count < BENCH_LANES_MAX && result->variant->lanes[count].threads > 0)
        count++;
    return count;
}

static double metric_of(const bench_lane *lane, double rate)
{
    return lane->by_rate ? rate : 1e9 / rate;
}

static void count_lost(figures *f, const bench_sample *samples, unsigned round_count)
{
    bench_counts sum = {0};
    for (unsigned r = 0; r < round_count; r++) {
        sum.commits += samples[r].counts.commits;
        sum.conflicts += samples[r].counts.conflicts;
        sum.busy += samples[r].counts.busy;
    }
    if (sum.commits != 0) {
        f->conflicts = (double)sum.conflicts / (double)sum.commits;
        f->busy = (double)sum.busy / (double)sum.commits;
    }
}

static figures figures_of(const bench_report *report, const bench_result *result, unsigned lane_index)
{
    const bench_lane *lane = &result->variant->lanes[lane_index];
    const bench_sample *samples = result->samples[lane_index];
    unsigned n = report->round_count;
    figures f = {.against = NULL};
    double *values = calloc(n, sizeof *values);
    if (values == NULL)
        bench_fail("out of memory");

    for (unsigned r = 0; r < n; r++)
        values[r] = metric_of(lane, samples[r].rate);
    f.metric = spread_of(values, n);
    if (lane->against != NULL) {
        const bench_result *other = result_of(report, lane->against);
        f.against = &other->variant->lanes[0];
        for (unsigned r = 0; r < n; r++)
            values[r] = metric_of(lane, samples[r].rate) / metric_of(lane, other->samples[0][r].rate);
        f.ratio = spread_of(values, n);
    }
    count_lost(&f, samples, n);
    free(values);
    return f;
}

static bool is_met(const bench_lane *lane, const figures *f)
{
    if (lane->wanted_rate > 0)
        return f->metric.median >= lane->wanted_rate;
    return lane->by_rate ? f->ratio.median >= lane->wanted : f->ratio.median <= lane->wanted;
}

static bool is_wanted(const bench_lane *lane)
{
    return lane->wanted > 0 || lane->wanted_rate > 0;
}

/* ------------------------------------------------------------------------------------ table -- */

/* Three digits that matter, and k or M. */
static void print_number(char *text, size_t size, double value)
{
    const char *unit = "";
    if (value >= 1e6) {
        value /= 1e6;
        unit = "M";
    } else if (value >= 1e4) {
        value /= 1e3;
        unit = "k";
    }
    int digits = value < 10 ? 2 : value < 100;
    (void)snprintf(text, size, "%.*f%s%s", digits, value, *unit ? " " : "", unit);
}

static void print_spread(char *text, size_t size, spread s, const char *unit)
{
    char median[24], min[24], max[24];
    print_number(median, sizeof median, s.median);
    print_number(min, sizeof min, s.min);
    print_number(max, sizeof max, s.max);
    (void)snprintf(text, size, "%7s%s (%s..%s)", median, unit, min, max);
}

/* In units a second, or the time of one of them: in ns or us. */
static void print_metric(char *text, size_t size, const bench_lane *lane, spread s)
{
    char unit[32];
    const char *time = "ns";
    if (lane->by_rate) {
        print_spread(text, size, s, "/s");
        return;
    }
    if (s.median >= 1e4) {
        time = "us";
        s = (spread){s.min / 1e3, s.median / 1e3, s.max / 1e3};
    }
    (void)snprintf(unit, sizeof unit, " %s/%s", time, lane->unit);
    print_spread(text, size, s, unit);
}

static void print_wanted(const bench_lane *lane, const figures *f)
{
    if (lane->wanted_rate > 0)
        (void)printf("  >= %.0f/s", lane->wanted_rate);
    else
        (void)printf("  %s %.2f", lane->by_rate ? ">=" : "<=", lane->wanted);
    (void)printf(" %s", is_met(lane, f) ? "met" : "MISSED");
}

static void print_lane(const bench_lane *lane, const figures *f)
{
    char metric[128], ratio[128] = "", against[128] = "";
    print_metric(metric, sizeof metric, lane, f->metric);
    if (f->against != NULL) {
        print_spread(ratio, sizeof ratio, f->ratio, "");
        (void)snprintf(against, sizeof against, "x the %s of: %s", lane->by_rate ? "rate" : "time",
                       f->against->title);
    }
    (void)printf("  %-37s %s", lane->title, metric);
    if (f->against != NULL || is_wanted(lane))
        (void)printf("%*s%-23s %s", (int)(36 - strlen(metric)), "", ratio, against);
    if (is_wanted(lane)) {
        (void)printf("%*s", (int)(39 - strlen(against)), "");
        print_wanted(lane, f);
    }
    if (f->conflicts + f->busy > 0)
        (void)printf("  [a commit: %.4f conflicts, %.4f busy]", f->conflicts, f->busy);
    (void)printf("\n");
}

static void print_heading(const char *group)
{
    (void)printf("\n%s\n", group);
}

static void print_facts(const bench_facts *facts)
{
    const char *group = "";
    for (size_t i = 0; i < facts->count; i++) {
        const bench_fact *fact = &facts->list[i];
        char value[32];
        if (strcmp(group, fact->group) != 0)
            print_heading(group = fact->group);
        print_number(value, sizeof value, fact->value);
        (void)printf("  %-72s %9s %s\n", fact->title, value, fact->unit);
    }
}

static void cpu_model(char *text, size_t size)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");
    (void)snprintf(text, size, "unknown CPU");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':') != NULL) {
            (void)snprintf(text, size, "%.*s", (int)strcspn(strchr(line, ':') + 2, "\n\"\\"),
                           strchr(line, ':') + 2);
            break;
        }
    }
    if (file != NULL)
        (void)fclose(file);
}

void bench_report_table(const bench_report *report)
{
    char model[128];
    const char *group = "";
    cpu_model(model, sizeof model);
    (void)printf(
        "libstm %s on %u CPUs (%s): %u rounds of %.0f ms a measurement; median (smallest..largest),\n"
        "ratios formed within a round\n",
        stm_version(), bench_cpu_count(), model, report->round_count, report->milliseconds);
    for (size_t i = 0; i < report->result_count; i++) {
        const bench_result *result = &report->results[i];
        for (unsigned l = 0; l < lane_count_of(result); l++) {
            figures f = figures_of(report, result, l);
            if (strcmp(group, result->variant->group) != 0)
                print_heading(group = result->variant->group);
            print_lane(&result->variant->lanes[l], &f);
        }
    }
    print_facts(report->facts);
    if (report->disturbed_count > 0)
        (void)printf("\n%u measurements lost more than a twentieth of their CPU time to other processes.\n",
                     report->disturbed_count);
}

/* ------------------------------------------------------------------------------------- JSON -- */

static void json_spread(const char *name, spread s)
{
    (void)printf(", \"%s\": {\"median\": %.6g, \"min\": %.6g, \"max\": %.6g}", name, s.median, s.min, s.max);
}

static void json_lane(const bench_variant *variant, const bench_lane *lane, unsigned lane_index,
                      const figures *f)
{
    (void)printf("    {\"group\": \"%s\", \"name\": \"%s\", \"lane\": %u, \"title\": \"%s\", \"threads\": %u",
                 variant->group, variant->name, lane_index, lane->title, lane->threads);
    (void)printf(", \"unit\": \"%s%s\"", lane->by_rate ? "/s " : "ns a ", lane->unit);
    json_spread("value", f->metric);
    if (f->against != NULL) {
        (void)printf(", \"against\": \"%s\"", lane->against);
        json_spread("ratio", f->ratio);
    }
    if (is_wanted(lane)) {
        (void)printf(", \"wanted\": \"%s\", \"limit\": %.6g", lane->by_rate ? "at least" : "at most",
                     lane->wanted_rate > 0 ? lane->wanted_rate : lane->wanted);
        (void)printf(", \"met\": %s", is_met(lane, f) ? "true" : "false");
    }
    (void)printf(", \"conflicts_per_commit\": %.6g, \"busy_per_commit\": %.6g}", f->conflicts, f->busy);
}

static void json_rows(const bench_report *report)
{
    const char *comma = "";
    (void)printf("  \"rows\": [\n");
    for (size_t i = 0; i < report->result_count; i++) {
        const bench_result *result = &report->results[i];
        for (unsigned l = 0; l < lane_count_of(result); l++) {
            figures f = figures_of(report, result, l);
            (void)printf("%s", comma);
            json_lane(result->variant, &result->variant->lanes[l], l, &f);
            comma = ",\n";
        }
    }
    (void)printf("\n  ],\n");
}

static void json_facts(const bench_facts *facts)
{
    (void)printf("  \"facts\": [\n");
    for (size_t i = 0; i < facts->count; i++)
        (void)printf("    {\"group\": \"%s\", \"name\": \"%s\", \"title\": \"%s\", \"value\": %.6g, "
                     "\"unit\": \"%s\"}%s\n",
                     facts->list[i].group, facts->list[i].name, facts->list[i].title, facts->list[i].value,
                     facts->list[i].unit, i + 1 < facts->count ? "," : "");
    (void)printf("  ]\n");
}

void bench_report_json(const bench_report *report)
{
    char model[128];
    cpu_model(model, sizeof model);
    (void)printf(
        "{\n  \"version\": \"%s\", \"cpus\": %u, \"cpu\": \"%s\", \"rounds\": %u, \"milliseconds\": %.6g, "
        "\"disturbed\": %u,\n",
        stm_version(), bench_cpu_count(), model, report->round_count, report->milliseconds,
        report->disturbed_count);
    json_rows(report);
    json_facts(report->facts);
    (void)printf("}\n");
}

/* ------------------------------------------------------------------------------------ facts -- */

void bench_facts_add(bench_facts *facts, const char *group, const char *name, double value, const char *unit,
                     const char *title, ...)
{
    va_list arguments;
    if (facts->count == BENCH_FACTS_MAX)
        bench_fail("no room for another figure");
    bench_fact *fact = &facts->list[facts->count++];
    *fact = (bench_fact){.group = group, .name = name, .value = value, .unit = unit};
    va_start(arguments, title);
    (void)vsnprintf(fact->title, sizeof fact->title, title, arguments);
    va_end(arguments);
}
