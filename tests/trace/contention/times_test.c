/*
 * Times: latencies and their quantiles, attempts, the time line with its bursts, the heat of keys, the worst moment.
 */
#include "../../../trace/contention/analysis/histogram.h"
#include "../support/scene.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const fight on_a = {.key = "a", .expected = 1, .found = 2, .winner_txn = 900, .winner_thread = 2, .winner_label = "w"};

static report *end(scene *scene)
{
    scene_close(scene);
    report *report = scene_report(scene, NULL);
    scene_end(scene);
    return report;
}

/* ----------------------------------------------------------------------------- histogram -- */

Test(histogram, is_exact_below_64_and_within_a_32nd_above)
{
    const uint64_t numbers[] = {0, 1, 63, 64, 65, 100, 1000, 4095, 4096, 123456789, UINT64_C(1) << 62, UINT64_MAX - 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        histogram *histogram = calloc(1, sizeof *histogram);
        histogram_add(histogram, numbers[i]);
        histogram_add(histogram, UINT64_MAX);
        uint64_t found = histogram_quantile(histogram, 0.5);
        cr_expect_geq(found, numbers[i]);
        cr_expect_leq(found - numbers[i], numbers[i] < 64 ? 0 : numbers[i] / 32);
        free(histogram);
    }
}

Test(histogram, has_quantiles_of_known_numbers)
{
    histogram *histogram = calloc(1, sizeof *histogram);
    for (uint64_t n = 1; n <= 60; n++)
        histogram_add(histogram, n);
    quantiles quantiles = histogram_quantiles(histogram);
    cr_assert_eq(quantiles.count, 60);
    cr_assert_eq(quantiles.p50, 30);
    cr_assert_eq(quantiles.p90, 54);
    cr_assert_eq(quantiles.p99, 60);
    cr_assert_eq(quantiles.max, 60);
    free(histogram);
}

Test(histogram, of_nothing_is_zero)
{
    histogram *histogram = calloc(1, sizeof *histogram);
    quantiles quantiles = histogram_quantiles(histogram);
    cr_assert_eq(quantiles.count + quantiles.p50 + quantiles.p99 + quantiles.max, 0);
    free(histogram);
}

/* ------------------------------------------------------------------------------- latency -- */

Test(latency, is_from_the_first_begin_of_the_operation)
{
    scene *scene = scene_open(NULL);
    scene_conflict(scene, &(doer){.thread = 1, .txn = 1, .begin_us = 0, .end_us = 10, .read_count = 40, .write_count = 2}, &on_a);
    scene_conflict(scene, &(doer){.thread = 1, .txn = 2, .op = 1, .attempt = 2, .begin_us = 20, .end_us = 30, .read_count = 40, .write_count = 2}, &on_a);
    scene_commit(scene, &(doer){.thread = 1, .txn = 3, .op = 1, .attempt = 3, .begin_us = 40, .end_us = 64, .read_count = 3, .write_count = 1});
    scene_commit(scene, &(doer){.thread = 1, .txn = 4, .begin_us = 100, .end_us = 101});
    report *report = end(scene);
    const latency_part *latency = &report->latency;
    cr_assert(latency->has_latency);
    cr_assert_eq(latency->first_begin_to_ok_ns.count, 2);
    cr_assert_eq(latency->first_begin_to_ok_ns.max, 64000);
    cr_assert_eq(latency->attempt_ok_ns.max, 24000);
    cr_assert_eq(latency->attempt_lost_ns.count, 2);
    cr_assert_eq(latency->attempt_lost_ns.max, 10000);
    cr_assert_eq(latency->loser_reads.p50, 40);
    cr_assert_eq(latency->winner_reads.max, 3);
    cr_assert_eq(latency->loser_writes.max, 2);
    report_free(report);
}

/* Its first attempts were before the recording: how long it took is not known. */
Test(latency, of_an_operation_seen_from_the_middle_is_not_guessed)
{
    scene *scene = scene_open(NULL);
    scene_conflict(scene, &(doer){.thread = 1, .txn = 5, .op = 1, .attempt = 4, .begin_us = 0, .end_us = 10}, &on_a);
    scene_commit(scene, &(doer){.thread = 1, .txn = 6, .op = 1, .attempt = 5, .begin_us = 20, .end_us = 30});
    scene_commit(scene, &(doer){.thread = 1, .txn = 8, .op = 7, .attempt = 2, .begin_us = 40, .end_us = 50});
    report *report = end(scene);
    cr_assert_eq(report->latency.first_begin_to_ok_ns.count, 0);
    cr_assert_eq(report->latency.attempt_ok_ns.count, 2);
    report_free(report);
}

Test(attempts, are_counted_one_by_one_and_then_by_twos)
{
    const uint64_t attempts[] = {1, 1, 1, 2, 8, 9, 15, 16, 100};
    scene *scene = scene_open(NULL);
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++)
        scene_commit(scene, &(doer){.thread = 1, .txn = i + 1, .attempt = attempts[i], .end_us = (int64_t)i});
    report *report = end(scene);
    const histogram_bar *bars = report->latency.attempts;
    cr_assert_eq(report->latency.attempt_bar_count, 12);
    cr_assert_eq(bars[0].count, 3);
    cr_assert_eq(bars[1].count, 1);
    cr_assert_eq(bars[7].count, 1);
    cr_assert(bars[8].low == 9 && bars[8].high == 15 && bars[8].count == 2);
    cr_assert(bars[9].low == 16 && bars[9].high == 31 && bars[9].count == 1);
    cr_assert(bars[11].low == 64 && bars[11].high == 127 && bars[11].count == 1);
    report_free(report);
}

/* ------------------------------------------------------------------------------ time line -- */

/* A commit every 10 us for 50 ms, and a conflict each 100 us; between 20 ms and 21 ms, 200 more on another key. */
static report *with_a_burst(void)
{
    scene *scene = scene_open(NULL);
    fight on_b = on_a;
    uint64_t txn = 1;
    on_b.key = "b";
    for (int64_t us = 0; us < 50000; us += 10) {
        scene_commit(scene, &(doer){.thread = 2, .txn = txn++, .begin_us = us, .end_us = us + 5});
        if (us % 100 == 0)
            scene_conflict(scene, &(doer){.thread = 1, .txn = txn++, .begin_us = us, .end_us = us + 6}, &on_a);
        if (us >= 20000 && us < 21000)
            for (int i = 0; i < 2; i++)
                scene_conflict(scene, &(doer){.thread = 1, .txn = txn++, .begin_us = us, .end_us = us + 7}, &on_b);
    }
    return end(scene);
}

Test(timeline, has_at_most_240_buckets_that_add_up)
{
    report *report = with_a_burst();
    const timeline *timeline = &report->timeline;
    outcome_counts sum = {0};
    for (size_t i = 0; i < timeline->bucket_count; i++) {
        sum.ok += timeline->buckets[i].ok;
        sum.conflict += timeline->buckets[i].conflict;
    }
    cr_assert_leq(timeline->bucket_count, 240);
    cr_assert_geq(timeline->bucket_count, 120);
    cr_assert_eq(sum.ok, 5000);
    cr_assert_eq(sum.conflict, 700);
    cr_assert_eq(timeline->bucket_ns, 256000);
    report_free(report);
}

Test(timeline, finds_the_burst_and_its_key)
{
    report *report = with_a_burst();
    const timeline *timeline = &report->timeline;
    cr_assert_geq(timeline->burst_count, 1);
    const burst *burst = &timeline->bursts[0];
    cr_assert_str_eq(burst->top_key, "b");
    cr_assert_geq(burst->from_ns, 19700000);
    cr_assert_leq(burst->to_ns, 21300000);
    cr_assert_geq(burst->conflicts, 200);
    report_free(report);
}

Test(timeline, keeps_the_heat_of_keys_through_all_widths)
{
    report *report = with_a_burst();
    const timeline *timeline = &report->timeline;
    cr_assert_eq(timeline->heat_row_count, 2);
    for (size_t row = 0; row < 2; row++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < timeline->bucket_count; i++) {
            uint64_t heat = timeline->heat[row * timeline->bucket_count + i];
            int64_t from_ns = (int64_t)i * timeline->bucket_ns;
            bool in_burst = from_ns + timeline->bucket_ns > 20000000 && from_ns < 21010000;
            cr_assert(row == 0 || heat == 0 || in_burst || strcmp(report->keys[row].name, "b") != 0);
            sum += heat;
        }
        cr_assert_eq(sum, report->keys[row].conflicts);
    }
    report_free(report);
}

/* So few losses that they are kept as a list: they must not get lost when buckets widen. */
Test(timeline, keeps_the_heat_of_keys_that_lost_a_few_times)
{
    scene *scene = scene_open(NULL);
    for (unsigned i = 0; i < 8; i++)
        scene_conflict(scene, &(doer){.thread = 1, .txn = i + 1, .begin_us = i * 100000, .end_us = i * 100000}, &on_a);
    scene_commit(scene, &(doer){.thread = 1, .txn = 20, .begin_us = 990000, .end_us = 1000000});
    report *report = end(scene);
    const timeline *timeline = &report->timeline;
    for (unsigned i = 0; i < 8; i++)
        cr_assert_eq(timeline->heat[(size_t)(i * 100000000 / timeline->bucket_ns)], 1, "loss %u", i);
    report_free(report);
}

/* --------------------------------------------------------------------------------- lanes -- */

Test(lanes, show_the_worst_millisecond_with_arrows_to_winners)
{
    scene *scene = scene_open(&(ctf_options){.cpu_count = 3});
    for (uint64_t i = 0; i < 30; i++) /* a quiet one */
        scene_commit(scene, &(doer){.thread = 3, .txn = 1000 + i, .label = "calm", .begin_us = (int64_t)i * 10, .end_us = (int64_t)i * 10 + 5});
    for (unsigned i = 0; i < 10; i++) {
        int64_t us = 5000 + i * 50;
        fight fight = on_a;
        fight.winner_txn = 200 + i;
        scene_conflict(scene, &(doer){.thread = 1, .txn = 100 + i, .label = "x", .begin_us = us, .end_us = us + 30}, &fight);
        scene_commit(scene, &(doer){.thread = 2, .txn = 200 + i, .label = "w", .begin_us = us + 5, .end_us = us + 40});
    }
    report *report = end(scene);
    const lanes *lanes = &report->lanes;
    cr_assert_eq(lanes->from_ns, 5000000);
    cr_assert_eq(lanes->to_ns - lanes->from_ns, 1000000);
    cr_assert_eq(lanes->lane_count, 2);
    cr_assert_eq(lanes->tids[0], SCENE_TID + 1);
    cr_assert_eq(lanes->mark_count, 20);
    size_t arrows = 0;
    for (size_t i = 0; i < lanes->mark_count; i++) {
        const lane_mark *mark = &lanes->marks[i];
        cr_assert(i == 0 || mark->end_ns >= lanes->marks[i - 1].end_ns);
        if (mark->outcome != EVENT_CONFLICT)
            continue;
        cr_assert_eq(mark->lane, 0);
        cr_assert_str_eq(mark->key, "a");
        cr_assert_geq(mark->winner, 0);
        cr_assert_eq(lanes->marks[mark->winner].txn, mark->txn + 100);
        cr_assert_eq(lanes->marks[mark->winner].lane, 1);
        arrows++;
    }
    cr_assert_eq(arrows, 10);
    report_free(report);
}

/* Attempts of 20 ms: one millisecond would show one of them. */
Test(lanes, show_a_longer_time_where_attempts_are_long)
{
    scene *scene = scene_open(NULL);
    for (unsigned i = 0; i < 40; i++) {
        scene_conflict(scene, &(doer){.thread = 1, .txn = 100 + i, .begin_us = i * 20000, .end_us = i * 20000 + 19000}, &on_a);
        scene_commit(scene, &(doer){.thread = 2, .txn = 200 + i, .begin_us = i * 20000, .end_us = i * 20000 + 18000});
    }
    report *report = end(scene);
    cr_assert_geq(report->lanes.mark_count, 8);
    cr_assert_eq(report->lanes.to_ns - report->lanes.from_ns, 100000000);
    report_free(report);
}

Test(lanes, are_cut_where_there_are_too_many_marks)
{
    scene *scene = scene_open(NULL);
    for (unsigned i = 0; i < 3000; i++)
        scene_conflict(scene, &(doer){.thread = 1, .txn = 100 + i, .begin_us = i / 10, .end_us = i / 10}, &on_a);
    report *report = end(scene);
    cr_assert(report->lanes.cut);
    cr_assert_eq(report->lanes.mark_count, 2000);
    report_free(report);
}

Test(lanes, are_none_without_losses)
{
    scene *scene = scene_open(NULL);
    scene_commit(scene, &(doer){.thread = 1, .txn = 1, .begin_us = 1, .end_us = 2});
    report *report = end(scene);
    cr_assert_eq(report->lanes.mark_count, 0);
    cr_assert_eq(report->lanes.to_ns, 0);
    report_free(report);
}

/* ------------------------------------------------------------------------------- stories -- */

Test(stories, are_the_five_that_wasted_most_with_first_and_last_attempts)
{
    scene *scene = scene_open(NULL);
    int64_t us = 0;
    uint64_t txn = 1;
    for (unsigned operation = 1; operation <= 7; operation++) {
        uint64_t first = txn;
        unsigned losses = operation * 5; /* the last one 35 attempts, and a commit */
        for (unsigned i = 0; i < losses; i++, us += 10)
            scene_conflict(scene, &(doer){.thread = 1, .txn = txn++, .op = first, .attempt = i + 1, .label = "x", .begin_us = us, .end_us = us + 8}, &on_a);
        scene_commit(scene, &(doer){.thread = 1, .txn = txn++, .op = first, .attempt = losses + 1, .label = "x", .begin_us = us, .end_us = us + 8});
        us += 10;
    }
    report *report = end(scene);
    cr_assert_eq(report->story_count, 5);
    const story *worst = &report->stories[0];
    cr_assert_eq(worst->attempts, 36);
    cr_assert_eq(worst->wasted_ns, 35 * 8000);
    cr_assert_eq(worst->elapsed_ns, (35 * 10 + 8) * 1000);
    cr_assert(worst->finished);
    cr_assert_eq(worst->step_count, 16);
    cr_assert_eq(worst->steps[0].attempt, 1);
    cr_assert_eq(worst->steps[7].attempt, 8);
    cr_assert_eq(worst->steps[8].attempt, 29);
    cr_assert_eq(worst->steps[15].attempt, 36);
    cr_assert_eq(worst->steps[15].outcome, EVENT_COMMIT);
    cr_assert_str_eq(worst->steps[0].key, "a");
    cr_assert_str_eq(worst->steps[0].winner_label, "w");
    cr_assert_eq(report->stories[4].attempts, 16);
    report_free(report);
}
