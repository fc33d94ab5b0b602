/*
 * What becomes of attempts: which are counted, how long they took, and what of it was wasted. The hard part is BUSY, which
 * does not end an attempt: whether its time was wasted shows only in what comes later.
 */
#include "../../support/sanitizer.h"
#include "../support/scene.h"

#include <criterion/criterion.h>

#if UNDER_ASAN
int __lsan_do_recoverable_leak_check(void);
#endif

static const fight on_a = {.key = "a", .expected = 1, .found = 2, .winner_txn = 900, .winner_thread = 2, .winner_label = "win",
                           .update = true, .was_set = true};

static report *end(scene *scene)
{
    scene_close(scene);
    report *report = scene_report(scene, NULL);
    scene_end(scene);
    return report;
}

Test(attempts, are_counted_and_timed)
{
    scene *scene = scene_open(NULL);
    scene_commit(scene, &(doer){.thread = 1, .txn = 1, .label = "x", .begin_us = 0, .end_us = 100});
    scene_conflict(scene, &(doer){.thread = 1, .txn = 2, .label = "x", .begin_us = 100, .end_us = 140}, &on_a);
    scene_commit(scene, &(doer){.thread = 1, .txn = 3, .op = 2, .attempt = 2, .label = "x", .begin_us = 150, .end_us = 210});
    report *report = end(scene);
    const verdict *verdict = &report->verdict;
    cr_assert(verdict->has_attempts);
    cr_assert_eq(verdict->attempts.ok, 2);
    cr_assert_eq(verdict->attempts.conflict, 1);
    cr_assert_eq(verdict->attempts.busy, 0);
    cr_assert_eq(verdict->busy_ns, 200000);
    cr_assert_eq(verdict->wasted_ns, 40000);
    cr_assert_float_eq(verdict->wasted_share, 0.2, 1e-9);
    report_free(report);
}

/* The handle is reset after a conflict, and some versions of the provider say so: it is the end of the same attempt. */
Test(attempts, a_reset_after_a_conflict_says_nothing_new)
{
    scene *scene = scene_open(NULL);
    scene_conflict(scene, &(doer){.thread = 1, .txn = 2, .label = "x", .begin_us = 100, .end_us = 140}, &on_a);
    scene_abandon(scene, &(doer){.thread = 1, .txn = 2, .label = "x", .begin_us = 100, .end_us = 145});
    scene_commit(scene, &(doer){.thread = 1, .txn = 3, .op = 2, .attempt = 2, .label = "x", .begin_us = 150, .end_us = 210});
    report *report = end(scene);
    cr_assert_eq(report->verdict.abandoned, 0);
    cr_assert_eq(report->verdict.wasted_ns, 40000);
    cr_assert_eq(report->verdict.busy_ns, 100000);
    report_free(report);
}

Test(attempts, one_that_is_thrown_away_unasked_is_wasted)
{
    scene *scene = scene_open(NULL);
    scene_abandon(scene, &(doer){.thread = 1, .txn = 2, .label = "x", .begin_us = 100, .end_us = 130});
    report *report = end(scene);
    cr_assert_eq(report->verdict.abandoned, 1);
    cr_assert_eq(report->verdict.wasted_ns, 30000);
    cr_assert_eq(report->labels[0].abandoned, 1);
    report_free(report);
}

/* ---------------------------------------------------------------------------------- BUSY -- */

static const fight held = {.key = "a", .winner_txn = 900, .winner_thread = 2, .winner_label = "holder"};

Test(busy, that_commits_in_the_end_wasted_the_time_since)
{
    scene *scene = scene_open(NULL);
    scene_busy(scene, &(doer){.thread = 1, .txn = 2, .label = "x", .begin_us = 100, .end_us = 140}, &held);
    scene_busy(scene, &(doer){.thread = 1, .txn = 2, .label = "x", .begin_us = 100, .end_us = 150}, &held);
    scene_commit(scene, &(doer){.thread = 1, .txn = 2, .label = "x", .begin_us = 100, .end_us = 165});
    report *report = end(scene);
    cr_assert_eq(report->verdict.attempts.busy, 2);
    cr_assert_eq(report->verdict.attempts.ok, 1);
    cr_assert_eq(report->verdict.busy_ns, 65000);
    cr_assert_eq(report->verdict.wasted_ns, 25000);
    cr_assert_eq(report->keys[0].wasted_ns, 25000);
    report_free(report);
}

Test(busy, that_conflicts_in_the_end_wasted_all_by_the_conflict)
{
    scene *scene = scene_open(NULL);
    scene_busy(scene, &(doer){.thread = 1, .txn = 2, .label = "x", .begin_us = 100, .end_us = 140}, &held);
    scene_conflict(scene, &(doer){.thread = 1, .txn = 2, .label = "x", .begin_us = 100, .end_us = 150}, &on_a);
    report *report = end(scene);
    cr_assert_eq(report->verdict.wasted_ns, 50000);
    cr_assert_eq(report->verdict.busy_ns, 50000);
    for (size_t i = 0; i < report->label_count; i++)
        cr_expect_eq(report->labels[i].charged_ns, strcmp(report->labels[i].label, "win") == 0 ? 50000 : 0);
    report_free(report);
}

Test(busy, that_is_given_up_wasted_all)
{
    scene *scene = scene_open(NULL);
    scene_busy(scene, &(doer){.thread = 1, .txn = 2, .label = "x", .begin_us = 100, .end_us = 140}, &held);
    scene_commit(scene, &(doer){.thread = 1, .txn = 3, .op = 2, .attempt = 2, .label = "x", .begin_us = 150, .end_us = 160});
    report *report = end(scene);
    cr_assert_eq(report->verdict.wasted_ns, 40000);
    cr_assert_eq(report->verdict.busy_ns, 50000);
    report_free(report);
}

Test(busy, that_is_the_last_word_wasted_all)
{
    scene *scene = scene_open(NULL);
    scene_busy(scene, &(doer){.thread = 1, .txn = 2, .label = "x", .begin_us = 100, .end_us = 140}, &held);
    report *report = end(scene);
    cr_assert_eq(report->verdict.wasted_ns, 40000);
    cr_assert_eq(report->story_count, 1);
    cr_assert_not(report->stories[0].finished);
    report_free(report);
}

/* The same call made again and again is one step of the story, as long as it is about the same owner. */
Test(busy, in_a_row_is_one_step)
{
    const fight by_another = {.key = "a", .winner_txn = 901, .winner_thread = 3, .winner_label = "holder"};
    scene *scene = scene_open(NULL);
    scene_busy(scene, &(doer){.thread = 1, .txn = 2, .label = "x", .begin_us = 100, .end_us = 140}, &held);
    scene_busy(scene, &(doer){.thread = 1, .txn = 2, .label = "x", .begin_us = 100, .end_us = 150}, &held);
    scene_busy(scene, &(doer){.thread = 1, .txn = 2, .label = "x", .begin_us = 100, .end_us = 160}, &held);
    scene_busy(scene, &(doer){.thread = 1, .txn = 2, .label = "x", .begin_us = 100, .end_us = 170}, &by_another);
    scene_commit(scene, &(doer){.thread = 1, .txn = 2, .label = "x", .begin_us = 100, .end_us = 180});
    report *report = end(scene);
    cr_assert_eq(report->verdict.attempts.busy, 4);
    cr_assert_eq(report->story_count, 1);
    const story *story = &report->stories[0];
    cr_assert_eq(story->step_count, 3);
    cr_assert_eq(story->steps[0].times, 3);
    cr_assert_eq(story->steps[0].end_ns - story->steps[0].begin_ns, 60000);
    cr_assert_eq(story->steps[1].times, 1);
    cr_assert_eq(story->steps[1].winner_txn, 901);
    cr_assert_eq(story->steps[2].outcome, EVENT_COMMIT);
    report_free(report);
}

/* ------------------------------------------------------------------------------- hostile -- */

Test(attempts, that_begin_after_their_end_took_no_time)
{
    scene *scene = scene_open(NULL);
    scene_conflict(scene, &(doer){.thread = 1, .txn = 2, .label = "x", .begin_us = 500, .end_us = 140}, &on_a);
    scene_commit(scene, &(doer){.thread = 1, .txn = 3, .op = 2, .attempt = 2, .label = "x", .begin_us = 600, .end_us = 150});
    report *report = end(scene);
    cr_assert_eq(report->verdict.wasted_ns, 0);
    cr_assert_eq(report->verdict.busy_ns, 0);
    report_free(report);
}

/* Numbers at the ends of their types: nothing may overflow (UndefinedBehaviorSanitizer looks on), all must be counted. */
Test(attempts, with_absurd_numbers_are_counted)
{
    scene *scene = scene_open(NULL);
    event absurd = {.kind = EVENT_CONFLICT, .time_ns = SCENE_BEGIN_NS, .store = UINT64_MAX, .txn = UINT64_MAX, .op = UINT64_MAX,
                    .attempt = UINT64_MAX, .begin_ns = INT64_MIN, .read_count = UINT64_MAX, .write_count = UINT64_MAX,
                    .key_size = UINT64_MAX, .key_hash = UINT64_MAX, .winner_txn = UINT64_MAX, .winner_tid = UINT64_MAX,
                    .found = UINT64_MAX, .key = "k", .label = "x", .tid = UINT64_MAX, .pid = UINT64_MAX};
    scene_event(scene, 1, &absurd);
    absurd.begin_ns = INT64_MAX;
    absurd.kind = EVENT_BUSY;
    scene_event(scene, 1, &absurd);
    absurd.kind = EVENT_PUBLISH;
    scene_event(scene, 1, &absurd);
    absurd.time_ns = INT64_C(1) << 62; /* with the clock's offset, just what babeltrace2 takes */
    absurd.begin_ns = 1;
    absurd.kind = EVENT_CONFLICT;
    absurd.txn = 7;
    scene_event(scene, 1, &absurd);
    absurd.kind = EVENT_COMMIT;
    scene_event(scene, 1, &absurd);
    report *report = end(scene);
    cr_assert_eq(report->verdict.attempts.conflict, 2);
    cr_assert_eq(report->verdict.attempts.busy, 1);
    cr_assert_eq(report->verdict.attempts.ok, 1);
    cr_assert_leq(report->timeline.bucket_count, 240);
    report_free(report);
}

/* Reading, analysing and freeing leave nothing behind; Criterion would not fail for a leak by itself. */
Test(attempts, of_a_whole_report_leave_no_memory_behind)
{
    scene *scene = scene_open(NULL);
    for (unsigned i = 0; i < 100; i++) {
        fight fight = on_a;
        fight.key = i % 2 ? "word:a" : "word:b";
        scene_conflict(scene, &(doer){.thread = 1, .txn = 2 * i + 1, .label = "x", .begin_us = i * 10, .end_us = i * 10 + 4}, &fight);
        scene_busy(scene, &(doer){.thread = 1, .txn = 2 * i + 2, .op = 2 * i + 1, .attempt = 2, .label = "x", .begin_us = i * 10, .end_us = i * 10 + 5}, &held);
        scene_commit(scene, &(doer){.thread = 1, .txn = 2 * i + 2, .op = 2 * i + 1, .attempt = 2, .label = "x", .begin_us = i * 10 + 4, .end_us = i * 10 + 8});
    }
    report_free(end(scene));
#if UNDER_ASAN
    cr_assert_eq(__lsan_do_recoverable_leak_check(), 0);
#endif
}
