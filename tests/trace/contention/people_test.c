/*
 * Labels and threads: who lost, who won, what it cost whom, who held what others found busy.
 */
#include "../support/scene.h"

#include <criterion/criterion.h>
#include <stdio.h>

static report *end(scene *scene)
{
    scene_close(scene);
    report *report = scene_report(scene, NULL);
    scene_end(scene);
    return report;
}

static const label_row *label(const report *report, const char *name)
{
    for (size_t i = 0; i < report->label_count; i++)
        if (strcmp(report->labels[i].label, name) == 0)
            return &report->labels[i];
    cr_assert_fail("no row of label %s", name);
    return NULL;
}

static const thread_row *thread(const report *report, unsigned number)
{
    for (size_t i = 0; i < report->thread_count; i++)
        if (report->threads[i].tid == SCENE_TID + number)
            return &report->threads[i];
    cr_assert_fail("no row of thread %u", number);
    return NULL;
}

static uint64_t cell(const matrix *matrix, const char *loser, const char *winner)
{
    size_t row = matrix->count, column = matrix->count;
    for (size_t i = 0; i < matrix->count; i++) {
        row = strcmp(matrix->names[i], loser) == 0 ? i : row;
        column = strcmp(matrix->names[i], winner) == 0 ? i : column;
    }
    cr_assert(row < matrix->count && column < matrix->count, "%s or %s is not in the matrix", loser, winner);
    return matrix->conflicts[row * matrix->count + column];
}

/* Thread 1, "slow", loses three times to thread 2, "fast", and once to thread 3, "other"; thread 2 loses once to thread 3;
 * then both commit. */
static report *three_threads(void)
{
    scene *scene = scene_open(&(ctf_options){.cpu_count = 3});
    for (unsigned i = 0; i < 4; i++)
        scene_conflict(scene, &(doer){.thread = 1, .txn = 10 + i, .op = 10, .attempt = i + 1, .label = "slow", .begin_us = i * 100, .end_us = i * 100 + 50},
                       &(fight){.key = "a", .expected = i, .found = i + 1, .winner_txn = 20 + i, .winner_thread = i < 3 ? 2 : 3,
                                .winner_label = i < 3 ? "fast" : "other"});
    scene_commit(scene, &(doer){.thread = 1, .txn = 14, .op = 10, .attempt = 5, .label = "slow", .begin_us = 400, .end_us = 440});
    scene_conflict(scene, &(doer){.thread = 2, .txn = 30, .label = "fast", .begin_us = 10, .end_us = 20},
                   &(fight){.key = "a", .winner_txn = 40, .winner_thread = 3, .winner_label = "other"});
    scene_commit(scene, &(doer){.thread = 2, .txn = 31, .op = 30, .attempt = 2, .label = "fast", .begin_us = 30, .end_us = 40});
    scene_commit(scene, &(doer){.thread = 2, .txn = 32, .label = "fast", .begin_us = 50, .end_us = 70});
    return end(scene);
}

Test(labels, are_charged_for_what_others_wasted)
{
    report *report = three_threads();
    cr_assert_eq(label(report, "slow")->conflicts, 4);
    cr_assert_eq(label(report, "slow")->commits, 1);
    cr_assert_eq(label(report, "slow")->wasted_ns, 200000);
    cr_assert_eq(label(report, "slow")->busy_ns, 240000);
    cr_assert_eq(label(report, "slow")->charged_ns, 0);
    cr_assert_eq(label(report, "slow")->wins, 0);
    cr_assert_eq(label(report, "fast")->wins, 3);
    cr_assert_eq(label(report, "fast")->charged_ns, 150000);
    cr_assert_eq(label(report, "fast")->wasted_ns, 10000);
    cr_assert_eq(label(report, "other")->wins, 2);
    cr_assert_eq(label(report, "other")->charged_ns, 60000);
    cr_assert_str_eq(report->labels[0].label, "slow", "the one that wasted most comes first");
    report_free(report);
}

Test(matrices, have_losers_in_rows_and_winners_in_columns)
{
    report *report = three_threads();
    cr_assert_eq(report->by_label.count, 3);
    cr_assert_eq(cell(&report->by_label, "slow", "fast"), 3);
    cr_assert_eq(cell(&report->by_label, "slow", "other"), 1);
    cr_assert_eq(cell(&report->by_label, "fast", "other"), 1);
    cr_assert_eq(cell(&report->by_label, "fast", "slow"), 0);
    cr_assert_eq(cell(&report->by_thread, "4001", "4002"), 3);
    cr_assert_eq(cell(&report->by_thread, "4002", "4003"), 1);
    report_free(report);
}

Test(matrices, sum_up_the_small_ones)
{
    scene *scene = scene_open(NULL);
    char names[40][8];
    for (unsigned i = 0; i < 40; i++) {
        snprintf(names[i], sizeof names[i], "l%u", i);
        for (unsigned j = 0; j <= i; j++)
            scene_conflict(scene, &(doer){.thread = 1, .txn = 1 + i * 100 + j, .label = names[i], .end_us = i * 100 + j},
                           &(fight){.key = "a", .winner_txn = 9, .winner_thread = 2, .winner_label = "w"});
    }
    report *report = end(scene);
    const matrix *matrix = &report->by_label;
    uint64_t sum = 0;
    for (size_t i = 0; i < matrix->count * matrix->count; i++)
        sum += matrix->conflicts[i];
    cr_assert_eq(matrix->count, 16);
    cr_assert_str_eq(matrix->names[15], "(others)");
    cr_assert_eq(sum, 820);
    cr_assert_eq(cell(matrix, "l39", "w"), 40);
    cr_assert_eq(cell(matrix, "(others)", "w"), 820 - (40 + 39 + 38 + 37 + 36 + 35 + 34 + 33 + 32 + 31 + 30 + 29 + 28 + 27));
    report_free(report);
}

Test(threads, tell_wins_and_the_longest_losing_streak)
{
    report *report = three_threads();
    cr_assert_eq(report->threads[0].tid, SCENE_TID + 1, "the one that lost most comes first");
    cr_assert_eq(thread(report, 1)->longest_streak, 4);
    cr_assert_str_eq(thread(report, 1)->streak_label, "slow");
    cr_assert_eq(thread(report, 1)->commits, 1);
    cr_assert_eq(thread(report, 2)->wins, 3);
    cr_assert_eq(thread(report, 2)->longest_streak, 1);
    cr_assert_eq(thread(report, 3)->wins, 2);
    cr_assert_eq(thread(report, 1)->pid, SCENE_PID);
    cr_assert_str_eq(thread(report, 1)->name, "scene");
    report_free(report);
}

Test(owners, are_those_who_held_what_others_found_busy)
{
    scene *scene = scene_open(NULL);
    const char *keys[] = {"a", "b", "b", "c"};
    for (unsigned i = 0; i < 4; i++)
        scene_busy(scene, &(doer){.thread = 1, .txn = 1 + i, .label = "x", .end_us = i},
                   &(fight){.key = keys[i], .winner_txn = i < 3 ? 50 : 0, .winner_thread = i < 3 ? 2 : 0,
                            .winner_label = i < 3 ? "holder" : "-"});
    report *report = end(scene);
    cr_assert_eq(report->owner_count, 2);
    cr_assert_str_eq(report->owners[0].label, "holder");
    cr_assert_eq(report->owners[0].tid, SCENE_TID + 2);
    cr_assert_eq(report->owners[0].busy, 3);
    cr_assert_str_eq(report->owners[0].top_key, "b");
    cr_assert_str_eq(report->owners[1].label, "(no label)");
    report_free(report);
}
