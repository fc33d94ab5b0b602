/*
 * Keys that were fought for: counts, order, shares, writers, prefixes, and what a key is called.
 */
#include "../support/scene.h"

#include <criterion/criterion.h>
#include <stdio.h>

static uint64_t next_txn = 1;

/* One conflict of 10 us on that key. */
static void lose(scene *scene, const char *key, unsigned winner_thread, const char *winner_label)
{
    uint64_t txn = next_txn++;
    scene_conflict(scene, &(doer){.thread = 1, .txn = txn, .label = "loser", .begin_us = (int64_t)txn * 20, .end_us = (int64_t)txn * 20 + 10},
                   &(fight){.key = key, .expected = 1, .found = 2, .winner_txn = 100000, .winner_thread = winner_thread,
                            .winner_label = winner_label, .update = true, .was_set = true});
}

static report *end(scene *scene, const analysis_options *options)
{
    scene_close(scene);
    report *report = scene_report(scene, options);
    scene_end(scene);
    return report;
}

Test(keys, come_by_their_losses_with_what_they_cost)
{
    scene *scene = scene_open(NULL);
    for (int i = 0; i < 6; i++)
        lose(scene, "the", i < 4 ? 2 : 3, i < 4 ? "count" : "import");
    for (int i = 0; i < 3; i++)
        lose(scene, "of", 2, "count");
    scene_busy(scene, &(doer){.thread = 1, .txn = 500, .label = "loser", .begin_us = 20000, .end_us = 20010},
               &(fight){.key = "to", .winner_txn = 9, .winner_thread = 2, .winner_label = "count"});
    report *report = end(scene, NULL);
    cr_assert_eq(report->key_count, 3);
    cr_assert_eq(report->key_count_all, 3);
    const hot_key *keys = report->keys;
    cr_expect_str_eq(keys[0].name, "the");
    cr_expect_eq(keys[0].conflicts, 6);
    cr_expect_eq(keys[0].busy, 0);
    cr_expect_eq(keys[0].wasted_ns, 60000);
    cr_expect_float_eq(keys[0].cumulative_share, 0.6, 1e-9);
    cr_expect_eq(keys[0].writer_count, 2);
    cr_expect_str_eq(keys[0].top_winner, "count");
    cr_expect_float_eq(keys[0].top_winner_share, 4.0 / 6, 1e-9);
    cr_expect_str_eq(keys[1].name, "of");
    cr_expect_float_eq(keys[1].cumulative_share, 0.9, 1e-9);
    cr_expect_str_eq(keys[2].name, "to");
    cr_expect_eq(keys[2].busy, 1);
    cr_expect_eq(keys[2].conflicts, 0);
    cr_expect_float_eq(keys[2].cumulative_share, 1.0, 1e-9);
    report_free(report);
}

Test(keys, beyond_top_are_only_counted)
{
    scene *scene = scene_open(NULL);
    char name[16];
    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof name, "key%d", i);
        lose(scene, name, 2, "count");
    }
    report *report = end(scene, &(analysis_options){.top = 4, .delimiter = ':'});
    cr_assert_eq(report->key_count, 4);
    cr_assert_eq(report->key_count_all, 30);
    report_free(report);
}

Test(keys, of_one_name_in_two_stores_are_two)
{
    scene *scene = scene_open(NULL);
    lose(scene, "the", 2, "count");
    scene->store = 2;
    lose(scene, "the", 2, "count");
    lose(scene, "the", 2, "count");
    report *report = end(scene, NULL);
    cr_assert_eq(report->key_count, 2);
    cr_assert_eq(report->keys[0].store, 2);
    cr_assert_eq(report->keys[0].conflicts, 2);
    cr_assert_eq(report->keys[1].store, 1);
    cr_assert_eq(report->health.store_count, 2);
    report_free(report);
}

/* After fork, the child's first store is number 1, too. */
Test(keys, of_one_store_number_in_two_processes_are_two)
{
    scene *scene = scene_open(NULL);
    lose(scene, "the", 2, "count");
    scene->pid = SCENE_PID + 50;
    lose(scene, "the", 2, "count");
    report *report = end(scene, NULL);
    cr_assert_eq(report->key_count, 2);
    cr_assert_eq(report->health.process_count, 2);
    report_free(report);
}

Test(keys, that_changed_too_are_told_apart_from_losses)
{
    scene *scene = scene_open(NULL);
    lose(scene, "the", 2, "count");
    lose(scene, "of", 2, "count");
    scene_conflict_key(scene, &(doer){.thread = 1, .txn = next_txn - 1, .end_us = (int64_t)next_txn * 20},
                       &(fight){.key = "the", .expected = 1, .found = 2, .winner_txn = 100000});
    scene_conflict_key(scene, &(doer){.thread = 1, .txn = next_txn - 1, .end_us = (int64_t)next_txn * 20},
                       &(fight){.key = "never the first", .expected = 1, .found = 2, .winner_txn = 100000});
    report *report = end(scene, NULL);
    cr_assert_eq(report->key_count, 2, "a key that was never lost on is not hot");
    cr_assert_eq(report->verdict.attempts.conflict, 2);
    for (size_t i = 0; i < 2; i++)
        cr_assert_eq(report->keys[i].also_changed, strcmp(report->keys[i].name, "the") == 0 ? 1 : 0);
    report_free(report);
}

/* --------------------------------------------------------------------------------- names -- */

static report *one_key(const event *event)
{
    scene *scene = scene_open(NULL);
    scene_event(scene, 1, event);
    return end(scene, NULL);
}

static void assert_name(event event, const char *name)
{
    event.kind = EVENT_CONFLICT;
    event.time_ns = SCENE_BEGIN_NS;
    event.txn = event.op = event.attempt = 1;
    report *report = one_key(&event);
    cr_assert_eq(report->key_count, 1);
    cr_assert_str_eq(report->keys[0].name, name);
    report_free(report);
}

Test(names, are_as_told)
{
    assert_name((event){.key = "word:the", .key_size = 8}, "word:the");
    assert_name((event){.key = "a\\x00b", .key_size = 3}, "a\\x00b");
}

Test(names, go_on_where_the_key_does)
{
    assert_name((event){.key = "word:the", .key_size = 9}, "word:the...");
}

Test(names, are_rebuilt_from_the_first_bytes)
{
    assert_name((event){.key = "", .key_size = 3, .k0 = UINT64_C(0x6162000000000000)}, "ab\\x00");
    assert_name((event){.key = "", .key_size = 9, .k0 = UINT64_C(0x6162636465666768), .k1 = UINT64_C(0x2200000000000000)},
                "abcdefgh\\x22");
    assert_name((event){.key = "", .key_size = 17, .k0 = UINT64_C(0x6161616161616161), .k1 = UINT64_C(0x6262626262626262)},
                "aaaaaaaabbbbbbbb...");
}

Test(names, that_nobody_knows_are_unknown)
{
    assert_name((event){.key = "-", .key_size = 0}, "(unknown)");
}

/* Not from our provider, then; but a terminal must not obey it. */
Test(names, do_not_move_the_cursor)
{
    assert_name((event){.key = "\033[2J\r\x7f", .key_size = 6}, "\xef\xbf\xbd[2J\xef\xbf\xbd\xef\xbf\xbd");
    assert_name((event){.key = "\xff\xfe", .key_size = 2}, "\xef\xbf\xbd\xef\xbf\xbd");
    assert_name((event){.key = "a\xe2\x80\xae" "b", .key_size = 5}, "a\xef\xbf\xbd" "b"); /* right to left from here */
}

/* ------------------------------------------------------------------------------ prefixes -- */

Test(prefixes, add_up_keys_that_begin_alike)
{
    scene *scene = scene_open(NULL);
    lose(scene, "user:1:name", 2, "count");
    lose(scene, "user:1:mail", 2, "count");
    lose(scene, "user:1:mail", 2, "count");
    lose(scene, "user:2:mail", 2, "count");
    lose(scene, "alone", 2, "count");
    report *report = end(scene, NULL);
    cr_assert_eq(report->prefix_count, 2);
    cr_assert_str_eq(report->prefixes[0].prefix, "user:1:");
    cr_assert_eq(report->prefixes[0].key_count, 2);
    cr_assert_eq(report->prefixes[0].conflicts, 3);
    cr_assert_eq(report->prefixes[0].wasted_ns, 30000);
    cr_assert_str_eq(report->prefixes[1].prefix, "user:2:");
    report_free(report);
}

Test(prefixes, end_where_the_user_says)
{
    scene *scene = scene_open(NULL);
    lose(scene, "a/b:c", 2, "count");
    report *report = end(scene, &(analysis_options){.top = 10, .delimiter = '/'});
    cr_assert_eq(report->prefix_count, 1);
    cr_assert_str_eq(report->prefixes[0].prefix, "a/");
    report_free(report);
}

/* ----------------------------------------------------------------------------- avoidable -- */

Test(avoidable, conflicts_are_those_of_readers_and_of_updates_that_set_nothing)
{
    scene *scene = scene_open(NULL);
    const fight kinds[] = {{.key = "a", .update = false}, {.key = "a", .update = true, .was_set = false},
                           {.key = "a", .update = true, .was_set = false}, {.key = "a", .update = true, .was_set = true}};
    for (size_t i = 0; i < 4; i++)
        scene_conflict(scene, &(doer){.thread = 1, .txn = i + 1, .end_us = (int64_t)i}, &kinds[i]);
    report *report = end(scene, NULL);
    cr_assert(report->avoidable.has_modes);
    cr_assert(report->avoidable.has_sets);
    cr_assert_eq(report->avoidable.lost_reading, 1);
    cr_assert_eq(report->avoidable.lost_unset, 2);
    cr_assert_eq(report->keys[0].lost_reading, 1);
    cr_assert_eq(report->keys[0].lost_unset, 2);
    report_free(report);
}
