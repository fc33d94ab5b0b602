/*
 * Is the winner that a conflict names in the trace? Streams are one a CPU, and events are made after the fact, so the winner's
 * commit comes before the conflict or after it; in neither case may the report lose sight of it.
 */
#include "../support/scene.h"

#include <criterion/criterion.h>

enum { LOSER = 50, WINNER = 70 };

static void lose(scene *scene, uint64_t winner_txn, int64_t end_us)
{
    scene_conflict(scene, &(doer){.thread = 1, .txn = LOSER + (uint64_t)end_us, .label = "x", .begin_us = 0, .end_us = end_us},
                   &(fight){.key = "a", .expected = 4, .found = 5, .winner_txn = winner_txn, .winner_thread = 2, .winner_label = "w"});
}

static void win(scene *scene, uint64_t txn, int64_t end_us)
{
    scene_commit(scene, &(doer){.thread = 2, .txn = txn, .label = "w", .begin_us = 0, .end_us = end_us});
}

static void publish(scene *scene, uint64_t txn, uint64_t version, int64_t end_us)
{
    scene_publish(scene, &(doer){.thread = 2, .txn = txn, .end_us = end_us}, &(fight){.key = "a", .expected = version - 1, .found = version});
}

static report *end(scene *scene)
{
    scene_close(scene);
    report *report = scene_report(scene, NULL);
    scene_end(scene);
    return report;
}

Test(winners, are_found_before_their_losers)
{
    scene *scene = scene_open(NULL);
    win(scene, WINNER, 10);
    publish(scene, WINNER, 5, 11);
    lose(scene, WINNER, 20);
    report *report = end(scene);
    cr_assert_eq(report->health.winners_matched, 1);
    cr_assert_eq(report->health.winners_unmatched, 0);
    cr_assert_eq(report->health.winners_verified, 1);
    report_free(report);
}

Test(winners, are_found_after_their_losers)
{
    scene *scene = scene_open(NULL);
    lose(scene, WINNER, 20);
    lose(scene, WINNER, 21);
    win(scene, WINNER, 30);
    publish(scene, WINNER, 5, 31);
    report *report = end(scene);
    cr_assert_eq(report->health.winners_matched, 2);
    cr_assert_eq(report->health.winners_unmatched, 0);
    cr_assert_eq(report->health.winners_verified, 2);
    cr_assert_eq(report->health.note_count, 0);
    report_free(report);
}

Test(winners, that_are_missing_are_told)
{
    scene *scene = scene_open(NULL);
    lose(scene, WINNER, 20);
    win(scene, WINNER + 1, 30);
    report *report = end(scene);
    cr_assert_eq(report->health.winners_matched, 0);
    cr_assert_eq(report->health.winners_unmatched, 1);
    cr_assert_eq(report->health.note_count, 1);
    cr_assert(strstr(report->health.notes[0], "not in the trace") != NULL);
    report_free(report);
}

Test(winners, without_a_name_are_told)
{
    scene *scene = scene_open(NULL);
    lose(scene, 0, 20);
    report *report = end(scene);
    cr_assert_eq(report->health.winners_unnamed, 1);
    cr_assert_eq(report->health.winners_unmatched, 0);
    report_free(report);
}

/* In another store, or another process, the same number is another transaction. */
Test(winners, are_looked_for_in_the_same_store)
{
    scene *scene = scene_open(NULL);
    win(scene, WINNER, 10);
    scene->store = 2;
    lose(scene, WINNER, 20);
    scene->store = 1;
    scene->pid++;
    lose(scene, WINNER, 30);
    report *report = end(scene);
    cr_assert_eq(report->health.winners_matched, 0);
    cr_assert_eq(report->health.winners_unmatched, 2);
    report_free(report);
}

Test(winners, are_contradicted_by_another_publisher)
{
    scene *early = scene_open(NULL);
    win(early, WINNER, 10);
    publish(early, WINNER + 1, 5, 11);
    lose(early, WINNER, 20);
    report *report = end(early);
    cr_assert_eq(report->health.winners_contradicted, 1, "published before");
    cr_assert_eq(report->health.winners_verified, 0);
    cr_assert(strstr(report->health.notes[0], "did not publish") != NULL);
    report_free(report);

    scene *late = scene_open(NULL);
    lose(late, WINNER, 20);
    win(late, WINNER, 25);
    publish(late, WINNER + 1, 5, 30);
    report = end(late);
    cr_assert_eq(report->health.winners_contradicted, 1, "published after");
    report_free(report);
}

/* A conflicts-only trace has no commits to look for: nothing is missing. */
Test(winners, are_not_missed_where_commits_were_not_recorded)
{
    scene *scene = scene_open(&(ctf_options){.kinds = CTF_KINDS_CONFLICTS});
    lose(scene, WINNER, 20);
    report *report = end(scene);
    cr_assert_eq(report->health.winners_unmatched, 0);
    cr_assert_not(report->verdict.has_attempts);
    cr_assert_eq(report->verdict.attempts.conflict, 1);
    cr_assert_str_eq(report->keys[0].top_winner, "w");
    report_free(report);
}

/* Ids at the edges of the blocks in which they are remembered. */
Test(winners, of_any_number_are_found)
{
    const uint64_t ids[] = {1, 63, 64, 32767, 32768, 1048576, 1048577, UINT64_MAX - 1, UINT64_MAX};
    scene *scene = scene_open(NULL);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        win(scene, ids[i], 10);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        lose(scene, ids[i], 20 + (int64_t)i);
    lose(scene, 2, 60);
    lose(scene, 32769, 61);
    report *report = end(scene);
    cr_assert_eq(report->health.winners_matched, sizeof ids / sizeof ids[0]);
    cr_assert_eq(report->health.winners_unmatched, 2);
    report_free(report);
}
