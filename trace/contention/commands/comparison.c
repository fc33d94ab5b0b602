#include "comparison.h"

#include "../format.h"

#include <glib.h>
#include <math.h>
#include <string.h>

/* A figure of a part of a recording. */
typedef double figure(const outcome_counts *counts, double seconds);

static double losses_of(const outcome_counts *counts)
{
    return (double)counts->conflict + (double)counts->busy;
}

static double lost_share(const outcome_counts *counts, double seconds)
{
    (void)seconds;
    double all = losses_of(counts) + (double)counts->ok;
    return all > 0 ? losses_of(counts) / all : 0;
}

static double loss_rate(const outcome_counts *counts, double seconds)
{
    return losses_of(counts) / seconds;
}

static double commit_rate(const outcome_counts *counts, double seconds)
{
    return (double)counts->ok / seconds;
}

/* ------------------------------------------------------------------------------- scatter -- */

typedef struct sample {
    size_t count;
    double mean, variance; /* of the mean */
} sample;

static sample sample_of(const double *values, size_t count)
{
    sample sample = {.count = count};
    for (size_t i = 0; i < count; i++)
        sample.mean += values[i] / (double)count;
    for (size_t i = 0; i < count && count > 1; i++) {
        double off = values[i] - sample.mean;
        sample.variance += off * off / (double)(count - 1) / (double)count;
    }
    return sample;
}

/* Parts of the same number of buckets; the last bucket is only partly filled, and left out with what does not make a
 * part. */
static sample cut(const timeline *timeline, figure *figure)
{
    size_t whole = timeline->bucket_count > 0 ? timeline->bucket_count - 1 : 0;
    size_t step = MAX(whole / COMPARISON_PARTS, 1);
    double values[2 * COMPARISON_PARTS], seconds = (double)timeline->bucket_ns * (double)step / 1e9;
    size_t count = MIN(whole / step, 2 * COMPARISON_PARTS);
    for (size_t part = 0; part < count; part++) {
        outcome_counts sum = {0};
        for (size_t i = part * step; i < (part + 1) * step; i++) {
            sum.ok += timeline->buckets[i].ok;
            sum.conflict += timeline->buckets[i].conflict;
            sum.busy += timeline->buckets[i].busy;
        }
        values[part] = figure(&sum, seconds);
    }
    return sample_of(values, count);
}

/* Is less better? */
static judgement judge(const report *before, const report *after, figure *figure, bool less)
{
    sample one = cut(&before->timeline, figure), other = cut(&after->timeline, figure);
    if (one.count < COMPARISON_PARTS_MIN || other.count < COMPARISON_PARTS_MIN)
        return JUDGEMENT_UNKNOWN;
    double change = other.mean - one.mean, error = sqrt(one.variance + other.variance);
    if (fabs(change) <= COMPARISON_ERRORS * error || fabs(change) <= COMPARISON_CHANGE * fabs(one.mean))
        return JUDGEMENT_SAME;
    return (change < 0) == less ? JUDGEMENT_BETTER : JUDGEMENT_WORSE;
}

/* ---------------------------------------------------------------------------------- sides -- */

static side side_of(const report *report)
{
    const outcome_counts *counts = &report->verdict.attempts;
    double losses = losses_of(counts), all = losses + (double)counts->ok;
    side side = {.report = report, .seconds = (double)report->health.span_ns / 1e9};
    bool whole = report->verdict.has_attempts && all > 0;
    if (side.seconds > 0) {
        side.losses_a_second = losses / side.seconds;
        side.attempts_a_second = whole ? all / side.seconds : 0;
        side.commits_a_second = whole ? (double)counts->ok / side.seconds : 0;
    }
    side.conflict_share = whole ? (double)counts->conflict / all : 0;
    side.busy_share = whole ? (double)counts->busy / all : 0;
    side.lost_share = whole ? losses / all : 0;
    return side;
}

double comparison_of_losses(const comparison *comparison, const side *side, uint64_t losses)
{
    const outcome_counts *counts = &side->report->verdict.attempts;
    double all = losses_of(counts) + (double)counts->ok;
    if (comparison->by_share)
        return all > 0 ? (double)losses / all : 0;
    return side->seconds > 0 ? (double)losses / side->seconds : 0;
}

/* ------------------------------------------------------------------------------- sentence -- */

static char *amounts(const comparison *comparison)
{
    if (comparison->by_share)
        return g_strdup_printf("%s of attempts lost before, %s after", format_percent(comparison->before.lost_share),
                               format_percent(comparison->after.lost_share));
    return g_strdup_printf("%s losses a second before, %s after", format_rate(comparison->before.losses_a_second),
                           format_rate(comparison->after.losses_a_second));
}

static const char *what_of_losses(judgement judgement)
{
    switch (judgement) {
    case JUDGEMENT_BETTER: return "It helped";
    case JUDGEMENT_WORSE: return "It did not help, it is worse";
    case JUDGEMENT_SAME: return "No difference that could not be chance";
    default: return "Too little was recorded to say whether it helped";
    }
}

static const char *what_of_commits(const comparison *comparison)
{
    bool agrees = comparison->commits == comparison->losses;
    if (!comparison->by_share)
        return "";
    switch (comparison->commits) {
    case JUDGEMENT_BETTER: return agrees ? ", and more commits a second" : ", but more commits a second";
    case JUDGEMENT_WORSE: return agrees ? ", and fewer commits a second" : ", but fewer commits a second";
    default: return "";
    }
}

static char *sentence_of(const comparison *comparison)
{
    char *figures = amounts(comparison);
    char *sentence =
        g_strdup_printf("%s: %s%s.", what_of_losses(comparison->losses), figures, what_of_commits(comparison));
    g_free(figures);
    return sentence;
}

comparison comparison_make(const report *before, const report *after)
{
    comparison comparison = {side_of(before), side_of(after), false, JUDGEMENT_UNKNOWN, JUDGEMENT_UNKNOWN, NULL};
    comparison.by_share = before->verdict.has_attempts && after->verdict.has_attempts;
    comparison.losses = judge(before, after, comparison.by_share ? lost_share : loss_rate, true);
    if (comparison.by_share)
        comparison.commits = judge(before, after, commit_rate, false);
    comparison.sentence = sentence_of(&comparison);
    return comparison;
}

void comparison_free(comparison *comparison)
{
    g_free(comparison->sentence);
}
