#include "rules.h"

#include "../format.h"

#include <glib.h>
#include <string.h>

/* What the rules look at. */
typedef struct evidence {
    const report *report;
    uint64_t losses, attempts;
    GArray *advice;
    GArray *weights; /* of each advice: the share of losses that it would do something about */
} evidence;

static double share(uint64_t part, uint64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

static void advise(evidence *evidence, cause rule, double weight, char *text, char *why)
{
    advice advice = {rule, text, why};
    guint place = 0;
    while (place < evidence->weights->len && g_array_index(evidence->weights, double, place) >= weight)
        place++;
    g_array_insert_val(evidence->advice, place, advice);
    g_array_insert_val(evidence->weights, place, weight);
}

/* -------------------------------------------------------------------------------- rules -- */

/* The label that won most on a key, or whoever did. */
static const char *winner_of(const hot_key *key)
{
    return key->top_winner[0] != '\0' ? key->top_winner : "transactions without a label";
}

static char *advice_for_key(const hot_key *key)
{
    if (share(key->lost_reading, key->conflicts) > RULE_SHARE_MOST)
        return g_strdup_printf("Losers only read \"%s\": take it by stm_txn_peek, or from a snapshot, where a value "
                               "that may just have changed will do; else write it less often.", key->name);
    if (share(key->lost_unset, key->conflicts) > RULE_SHARE_MOST)
        return g_strdup_printf("Losers held \"%s\" for update and had not set it: take it by stm_txn_get, unless it is "
                               "set after all.", key->name);
    return g_strdup_printf("Split \"%s\" into several keys (one a thread, added up when read), or change it in "
                           "fewer and shorter transactions.", key->name);
}

/* Hot key: one key has most of the losses. */
static bool rule_hot_key(evidence *evidence)
{
    const report *report = evidence->report;
    if (report->key_count == 0)
        return false;
    const hot_key *key = &report->keys[0];
    uint64_t lost = key->conflicts + key->busy;
    if (share(lost, evidence->losses) <= RULE_SHARE_MOST)
        return false;
    advise(evidence, CAUSE_HOT_KEY, share(lost, evidence->losses), advice_for_key(key),
           g_strdup_printf("%s of all losses are on \"%s\"; %s by \"%s\".", format_part(lost, evidence->losses),
                           key->name, format_percent(key->top_winner_share), winner_of(key)));
    return true;
}

/* Few keys: no single one, but a handful of many, have most of the losses. */
static bool rule_few_keys(evidence *evidence)
{
    const report *report = evidence->report;
    size_t count = 1;
    while (count < report->key_count && count < RULE_FEW_KEYS_MAX &&
           report->keys[count - 1].cumulative_share <= RULE_SHARE_MOST)
        count++;
    double part = report->key_count > 0 ? report->keys[count - 1].cumulative_share : 0;
    if (part <= RULE_SHARE_MOST || report->key_count_all <= count)
        return false;
    GString *names = g_string_new(NULL);
    for (size_t i = 0; i < count; i++)
        g_string_append_printf(names, "%s\"%s\" %s", i == 0 ? "" : ", ", report->keys[i].name,
                               format_part(report->keys[i].conflicts + report->keys[i].busy, evidence->losses));
    advise(evidence, CAUSE_FEW_KEYS, part,
           g_strdup_printf("Split \"%s\" and its like into several keys each (one a thread, added up when read), or "
                           "change them in fewer and shorter transactions.", report->keys[0].name),
           g_strdup_printf("%zu of %s keys have %s of all losses: %s.", count, format_count(report->key_count_all),
                           format_percent(part), names->str));
    g_string_free(names, TRUE);
    return true;
}

/* Hot prefix: keys that begin alike have most of the losses, and others lose, too. */
static void rule_hot_prefix(evidence *evidence)
{
    const report *report = evidence->report;
    if (report->prefix_count == 0)
        return;
    const hot_prefix *prefix = &report->prefixes[0];
    uint64_t lost = prefix->conflicts + prefix->busy;
    if (prefix->key_count < 2 || share(prefix->key_count, report->key_count_all) > RULE_PREFIX_KEYS_SHARE_MAX ||
        share(lost, evidence->losses) <= RULE_SHARE_MOST)
        return;
    advise(evidence, CAUSE_HOT_PREFIX, share(lost, evidence->losses),
           g_strdup_printf("Spread the work on \"%s*\": more and smaller keys, or fewer of them a transaction.",
                           prefix->prefix),
           g_strdup_printf("%s of all losses are on the %s keys \"%s*\".", format_part(lost, evidence->losses),
                           format_count(prefix->key_count), prefix->prefix));
}

/* Read-only keys: most losers had only read the key that changed. */
static void rule_read_only_keys(evidence *evidence)
{
    const report *report = evidence->report;
    double part = share(report->avoidable.lost_reading, report->verdict.attempts.conflict);
    if (part <= RULE_SHARE_MOST)
        return;
    advise(evidence, CAUSE_READ_ONLY_KEYS, part,
           g_strdup("Take keys that are only looked at by stm_txn_peek, or read them from a snapshot, unless the "
                    "transaction would be wrong with a value that has just changed."),
           g_strdup_printf("In %s of all conflicts the loser had only read the key.", format_percent(part)));
}

/* Unset updates: most losers held the key for update, and had not set it. */
static void rule_unset_updates(evidence *evidence)
{
    const report *report = evidence->report;
    double part = share(report->avoidable.lost_unset, report->verdict.attempts.conflict);
    if (!report->avoidable.has_sets || part <= RULE_SHARE_MOST)
        return;
    advise(evidence, CAUSE_UNSET_UPDATES, part,
           g_strdup("Take keys that are not always set by stm_txn_get instead of stm_txn_use: what is held for update "
                    "is published even if it was not set, and then others lose to it."),
           g_strdup_printf("In %s of all conflicts the loser held the key for update and had not set it.",
                           format_percent(part)));
}

/* Large read sets: losers hold many keys for read, and many more than those who commit. */
static void rule_large_read_sets(evidence *evidence)
{
    const latency_part *latency = &evidence->report->latency;
    uint64_t lost = latency->loser_reads.p50, ok = latency->winner_reads.p50;
    bool compared = evidence->report->verdict.has_attempts;
    if (lost < RULE_READ_SET_LARGE || (compared && (double)lost < RULE_READ_SET_TIMES * (double)ok))
        return;
    char *committed = compared ? g_strdup_printf(", and those that committed %s", format_count(ok)) : g_strdup("");
    advise(evidence, CAUSE_LARGE_READ_SETS, 0.5,
           g_strdup("Make transactions smaller, or read from a snapshot what need not be current at the commit."),
           g_strdup_printf("Half of the attempts that lost held %s keys or more for read%s.", format_count(lost), committed));
    g_free(committed);
}

/* Busy: more of it than conflicts. */
static void rule_busy(evidence *evidence)
{
    const outcome_counts *counts = &evidence->report->verdict.attempts;
    if ((double)counts->busy <= RULE_BUSY_TIMES * (double)counts->conflict)
        return;
    advise(evidence, CAUSE_BUSY, share(counts->busy, evidence->losses),
           g_strdup("Fewer threads than processors, shorter commits, or a pause before the same call is made again: "
                    "BUSY is seen when a thread is interrupted in the middle of a commit."),
           g_strdup_printf("%s times BUSY, and %s conflicts.", format_count(counts->busy), format_count(counts->conflict)));
}

static uint64_t lost_by(const label_row *row)
{
    return row->conflicts + row->busy;
}

/* Starved label: it loses nearly always, and the others do not. */
static void rule_starved_label(evidence *evidence)
{
    const report *report = evidence->report;
    if (!report->verdict.has_attempts || report->label_count < 2)
        return;
    for (size_t i = 0; i < report->label_count; i++) {
        const label_row *row = &report->labels[i];
        uint64_t attempts = row->commits + lost_by(row);
        double mine = share(lost_by(row), attempts);
        double others = share(evidence->losses - lost_by(row), evidence->attempts - attempts);
        if (attempts < RULE_STARVED_ATTEMPTS_MIN || mine < RULE_STARVED_SHARE || mine < RULE_STARVED_TIMES * others)
            continue;
        advise(evidence, CAUSE_STARVED_LABEL, share(lost_by(row), evidence->losses),
               g_strdup_printf("Give \"%s\" a chance: make it shorter, run it by stm_atomically (which lets a starving "
                               "transaction pass), or let the others pause while it runs.", row->label),
               g_strdup_printf("\"%s\" loses %s of its attempts, all others %s of theirs.", row->label,
                               format_percent(mine), format_percent(others)));
        return;
    }
}

/* Stalled: the usual attempt is short, and most of the time wasted is in a few long ones, which somebody else must
 * have interrupted. */
static bool is_stalled(const report *report)
{
    const verdict *verdict = &report->verdict;
    return verdict->has_attempts && (double)verdict->stalled_ns > RULE_SHARE_MOST * (double)verdict->wasted_ns &&
           report->latency.attempt_ok_ns.p50 < (uint64_t)RULE_STALL_NS / RULE_STALL_TIMES_USUAL;
}

static void rule_stalled(evidence *evidence)
{
    const report *report = evidence->report;
    const verdict *verdict = &report->verdict;
    if (!is_stalled(report))
        return;
    advise(evidence, CAUSE_STALLED, share(verdict->stalled, evidence->losses),
           g_strdup("Run no more threads than there are processors free for them: losers were interrupted in the middle of "
                    "a transaction, and others committed meanwhile."),
           g_strdup_printf("%s of %s wasted is in %s attempt%s of a millisecond or more; half of those that commit take "
                           "less than %s.", format_duration(verdict->stalled_ns), format_duration(verdict->wasted_ns),
                           format_count(verdict->stalled), format_plural(verdict->stalled),
                           format_duration((int64_t)report->latency.attempt_ok_ns.p50)));
}

/* ------------------------------------------------------------------------------ verdict -- */

static bool is_well(const evidence *evidence)
{
    const verdict *verdict = &evidence->report->verdict;
    if (!verdict->has_attempts)
        return evidence->losses == 0;
    return share(evidence->losses, evidence->attempts) < RULE_LOST_SHARE_WELL &&
           verdict->wasted_share < RULE_WASTED_SHARE_WELL;
}

/* Spread: none of the rules about keys and kinds of transactions. */
static void rule_spread(evidence *evidence)
{
    const report *report = evidence->report;
    const hot_key *key = report->key_count > 0 ? &report->keys[0] : NULL;
    advise(evidence, CAUSE_SPREAD, key == NULL ? 0 : share(key->conflicts + key->busy, evidence->losses),
           g_strdup("Hold fewer keys in a transaction, for a shorter time, or run fewer threads: no single key is to blame."),
           key == NULL ? g_strdup_printf("%s losses, on no key that is known.", format_count(evidence->losses))
                       : g_strdup_printf("%s losses on %s keys; \"%s\" leads with %s of them.",
                                         format_count(evidence->losses), format_count(report->key_count_all), key->name,
                                         format_part(key->conflicts + key->busy, evidence->losses)));
}

static void apply_all(evidence *evidence)
{
    /* These first: of two that explain as much, what spares a conflict goes before what spreads it. */
    rule_read_only_keys(evidence);
    rule_unset_updates(evidence);
    if (!rule_hot_key(evidence) && !rule_few_keys(evidence))
        rule_hot_prefix(evidence);
    rule_large_read_sets(evidence);
    rule_busy(evidence);
    rule_starved_label(evidence);
    if (evidence->advice->len == 0)
        rule_spread(evidence);
    rule_stalled(evidence);
}

static char *quantity(const evidence *evidence)
{
    const verdict *verdict = &evidence->report->verdict;
    if (evidence->report->health.event_count == 0)
        return g_strdup("Nothing was recorded");
    if (!verdict->has_attempts)
        return g_strdup_printf("%s loss%s in %s (of how many attempts is unknown: commits were not recorded)",
                               format_count(evidence->losses), evidence->losses == 1 ? "" : "es",
                               format_duration(evidence->report->health.span_ns));
    if (evidence->attempts == 0)
        return g_strdup("There are no attempts in this trace");
    if (evidence->losses == 0)
        return g_strdup_printf("None of %s attempt%s lost", format_count(evidence->attempts),
                               format_plural(evidence->attempts));
    return g_strdup_printf("%s of %s attempts lost, and %s of the time spent in transactions wasted%s",
                           format_part(evidence->losses, evidence->attempts), format_count(evidence->attempts),
                           format_percent(verdict->wasted_share),
                           is_stalled(evidence->report) ? " (mostly by threads that were not running)" : "");
}

static char *reason(const evidence *evidence)
{
    const report *report = evidence->report;
    switch (report->verdict.cause) {
    case CAUSE_NONE:
        if (report->health.event_count == 0 || (evidence->attempts == 0 && report->verdict.has_attempts))
            return g_strdup("nothing can be said");
        if (evidence->losses == 0 || is_well(evidence))
            return g_strdup("all is well");
        return g_strdup("too few losses to name a cause");
    case CAUSE_HOT_KEY: return g_strdup_printf("most of it is on one key, \"%s\"", report->keys[0].name);
    case CAUSE_FEW_KEYS: return g_strdup_printf("most of it is on a few keys, \"%s\" first", report->keys[0].name);
    case CAUSE_HOT_PREFIX: return g_strdup_printf("most of it is on the keys \"%s*\"", report->prefixes[0].prefix);
    case CAUSE_READ_ONLY_KEYS: return g_strdup("most losers had only read what changed");
    case CAUSE_UNSET_UPDATES: return g_strdup("most losers held for update what they had not set");
    case CAUSE_LARGE_READ_SETS: return g_strdup("losers read many keys");
    case CAUSE_BUSY: return g_strdup("mostly because another commit was in the middle of its work");
    case CAUSE_STARVED_LABEL: return g_strdup("one kind of transaction hardly ever gets through");
    case CAUSE_STALLED: return g_strdup("losers were interrupted, and others committed meanwhile");
    case CAUSE_SPREAD:
        return report->key_count == 0 ? g_strdup("on no key that is known")
                                      : g_strdup_printf("many keys have a part in it, \"%s\" the largest",
                                                        report->keys[0].name);
    }
    return g_strdup("");
}

void rules_apply(report *report)
{
    verdict *verdict = &report->verdict;
    evidence evidence = {report, verdict->attempts.conflict + verdict->attempts.busy, 0,
                         g_array_new(FALSE, FALSE, sizeof(advice)), g_array_new(FALSE, FALSE, sizeof(double))};
    evidence.attempts = evidence.losses + verdict->attempts.ok;
    if (evidence.losses >= RULE_LOSSES_MIN && !is_well(&evidence))
        apply_all(&evidence);
    verdict->advice_count = evidence.advice->len;
    verdict->cause = verdict->advice_count > 0 ? g_array_index(evidence.advice, advice, 0).rule : CAUSE_NONE;
    verdict->advice = (advice *)(void *)g_array_free(evidence.advice, FALSE);
    char *what = quantity(&evidence), *why = reason(&evidence);
    verdict->sentence = g_strdup_printf("%s: %s.", what, why);
    g_free(what);
    g_free(why);
    g_array_unref(evidence.weights);
}
