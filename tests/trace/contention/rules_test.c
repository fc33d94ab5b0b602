/*
 * The rules of advice, one by one: a trace to which a rule applies, and where it is easily mistaken, one to which it does not.
 * trace/README.md has them in words.
 */
#include "../support/scene.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* Losses as a test wishes them, each 10 us long, a commit of 10 us before each. */
typedef struct wish {
    unsigned count;
    const char *key; /* %u: a number from 0 */
    unsigned key_count;
    bool update, was_set, busy;
    const char *label;
    uint64_t read_count;
} wish;

typedef struct story_of {
    scene *scene;
    int64_t us;
    uint64_t txn;
} story_of;

static story_of begin(void)
{
    return (story_of){scene_open(NULL), 0, 1};
}

static void commit(story_of *story, unsigned count, const char *label)
{
    for (unsigned i = 0; i < count; i++, story->us += 10)
        scene_commit(story->scene, &(doer){.thread = 1, .txn = story->txn++, .label = label, .begin_us = story->us, .end_us = story->us + 10,
                                           .read_count = 1, .write_count = 1});
}

static void lose(story_of *story, const wish *wish)
{
    for (unsigned i = 0; i < wish->count; i++, story->us += 10) {
        char key[32];
        snprintf(key, sizeof key, "%s%u", wish->key, wish->key_count > 0 ? i % wish->key_count : 0);
        doer doer = {.thread = 1, .txn = story->txn++, .label = wish->label != NULL ? wish->label : "x", .begin_us = story->us,
                     .end_us = story->us + 10, .read_count = wish->read_count != 0 ? wish->read_count : 1, .write_count = 1};
        fight fight = {.key = key, .winner_txn = 1, .winner_thread = 2, .winner_label = "w", .update = wish->update,
                       .was_set = wish->was_set};
        if (wish->busy)
            scene_busy(story->scene, &doer, &fight);
        else
            scene_conflict(story->scene, &doer, &fight);
    }
}

static report *end(story_of *story)
{
    scene_close(story->scene);
    report *report = scene_report(story->scene, NULL);
    scene_end(story->scene);
    return report;
}

static bool advises(const report *report, cause rule)
{
    for (size_t i = 0; i < report->verdict.advice_count; i++)
        if (report->verdict.advice[i].rule == rule)
            return true;
    return false;
}

#define SET .update = true, .was_set = true

Test(rules, say_nothing_where_all_is_well)
{
    story_of story = begin();
    commit(&story, 5000, "x");
    lose(&story, &(wish){.count = 20, .key = "a", SET});
    report *report = end(&story);
    cr_assert_eq(report->verdict.cause, CAUSE_NONE);
    cr_assert_eq(report->verdict.advice_count, 0);
    cr_assert(strstr(report->verdict.sentence, "all is well") != NULL, "%s", report->verdict.sentence);
    report_free(report);
}

Test(rules, say_nothing_of_a_handful)
{
    story_of story = begin();
    commit(&story, 5, "x");
    lose(&story, &(wish){.count = 9, .key = "a", SET});
    report *report = end(&story);
    cr_assert_eq(report->verdict.advice_count, 0);
    cr_assert(strstr(report->verdict.sentence, "too few") != NULL, "%s", report->verdict.sentence);
    report_free(report);
}

Test(rules, hot_key)
{
    story_of story = begin();
    commit(&story, 100, "x");
    lose(&story, &(wish){.count = 60, .key = "hot", SET});
    lose(&story, &(wish){.count = 40, .key = "cold", .key_count = 40, SET});
    report *report = end(&story);
    cr_assert_eq(report->verdict.cause, CAUSE_HOT_KEY);
    cr_assert_not(advises(report, CAUSE_FEW_KEYS));
    cr_assert(strstr(report->verdict.advice[0].text, "Split \"hot0\"") != NULL, "%s", report->verdict.advice[0].text);
    cr_assert(strstr(report->verdict.advice[0].evidence, "60 %") != NULL, "%s", report->verdict.advice[0].evidence);
    report_free(report);
}

Test(rules, hot_key_that_is_only_read)
{
    story_of story = begin();
    commit(&story, 100, "x");
    lose(&story, &(wish){.count = 60, .key = "hot"});
    report *report = end(&story);
    cr_assert(advises(report, CAUSE_HOT_KEY));
    cr_assert(advises(report, CAUSE_READ_ONLY_KEYS));
    cr_assert(strstr(report->verdict.advice[0].text, "peek") != NULL, "%s", report->verdict.advice[0].text);
    report_free(report);
}

Test(rules, few_keys)
{
    story_of story = begin();
    commit(&story, 100, "x");
    lose(&story, &(wish){.count = 60, .key = "hot", .key_count = 2, SET});
    lose(&story, &(wish){.count = 40, .key = "cold", .key_count = 40, SET});
    report *report = end(&story);
    cr_assert_eq(report->verdict.cause, CAUSE_FEW_KEYS);
    cr_assert(strstr(report->verdict.advice[0].evidence, "2 of 42 keys") != NULL, "%s", report->verdict.advice[0].evidence);
    report_free(report);
}

Test(rules, hot_prefix)
{
    story_of story = begin();
    commit(&story, 100, "x");
    lose(&story, &(wish){.count = 60, .key = "seat:", .key_count = 30, SET});
    lose(&story, &(wish){.count = 40, .key = "cold", .key_count = 40, SET});
    report *report = end(&story);
    cr_assert_eq(report->verdict.cause, CAUSE_HOT_PREFIX);
    cr_assert(strstr(report->verdict.advice[0].text, "\"seat:*\"") != NULL, "%s", report->verdict.advice[0].text);
    report_free(report);
}

/* Where all keys are called word:..., that says nothing. */
Test(rules, hot_prefix_of_everything_is_none)
{
    story_of story = begin();
    commit(&story, 100, "x");
    lose(&story, &(wish){.count = 100, .key = "word:", .key_count = 50, SET});
    report *report = end(&story);
    cr_assert_eq(report->verdict.cause, CAUSE_SPREAD);
    report_free(report);
}

Test(rules, unset_updates)
{
    story_of story = begin();
    commit(&story, 100, "x");
    lose(&story, &(wish){.count = 60, .key = "a", .key_count = 30, .update = true});
    lose(&story, &(wish){.count = 40, .key = "b", .key_count = 40, SET});
    report *report = end(&story);
    cr_assert_eq(report->verdict.cause, CAUSE_UNSET_UPDATES);
    cr_assert(strstr(report->verdict.advice[0].text, "stm_txn_get") != NULL);
    report_free(report);
}

Test(rules, large_read_sets)
{
    story_of story = begin();
    commit(&story, 100, "x");
    lose(&story, &(wish){.count = 60, .key = "a", .key_count = 60, SET, .read_count = 40});
    report *report = end(&story);
    cr_assert_eq(report->verdict.cause, CAUSE_LARGE_READ_SETS);
    report_free(report);
}

Test(rules, busy_above_conflict)
{
    story_of story = begin();
    commit(&story, 100, "x");
    lose(&story, &(wish){.count = 60, .key = "a", .key_count = 60, .busy = true});
    lose(&story, &(wish){.count = 40, .key = "b", .key_count = 40, SET});
    report *report = end(&story);
    cr_assert_eq(report->verdict.cause, CAUSE_BUSY);
    report_free(report);
}

Test(rules, starved_label)
{
    story_of story = begin();
    commit(&story, 200, "quick");
    commit(&story, 2, "long");
    lose(&story, &(wish){.count = 40, .key = "a", .key_count = 40, SET, .label = "long"});
    report *report = end(&story);
    cr_assert_eq(report->verdict.cause, CAUSE_STARVED_LABEL);
    cr_assert(strstr(report->verdict.advice[0].text, "\"long\"") != NULL);
    report_free(report);
}

/* Where all lose nearly always, none is starved by the others. */
Test(rules, starved_label_is_none_where_all_lose)
{
    story_of story = begin();
    commit(&story, 4, "quick");
    commit(&story, 2, "long");
    lose(&story, &(wish){.count = 40, .key = "a", .key_count = 40, SET, .label = "long"});
    lose(&story, &(wish){.count = 40, .key = "b", .key_count = 40, SET, .label = "quick"});
    report *report = end(&story);
    cr_assert_not(advises(report, CAUSE_STARVED_LABEL));
    report_free(report);
}

/* Few lose, but each of them after 10 ms, where a commit takes 10 us: they were interrupted. */
Test(rules, stalled)
{
    story_of story = begin();
    for (unsigned i = 0; i < 20; i++) {
        char key[8];
        commit(&story, 20, "x");
        snprintf(key, sizeof key, "k%u", i);
        scene_conflict(story.scene, &(doer){.thread = 1, .txn = story.txn++, .label = "x", .begin_us = story.us, .end_us = story.us + 10000},
                       &(fight){.key = key, .winner_txn = 1, .winner_label = "w", SET});
        story.us += 10000;
    }
    report *report = end(&story);
    cr_assert_eq(report->verdict.stalled, 20);
    cr_assert_eq(report->verdict.stalled_ns, INT64_C(200000000));
    cr_assert(advises(report, CAUSE_STALLED));
    cr_assert(strstr(report->verdict.sentence, "not running") != NULL, "%s", report->verdict.sentence);
    report_free(report);
}

/* Where commits take milliseconds as well, nobody was interrupted. */
Test(rules, stalled_is_none_where_all_are_slow)
{
    story_of story = begin();
    for (unsigned i = 0; i < 20; i++) {
        scene_commit(story.scene, &(doer){.thread = 1, .txn = story.txn++, .label = "x", .begin_us = story.us, .end_us = story.us + 5000});
        story.us += 5000;
        scene_conflict(story.scene, &(doer){.thread = 1, .txn = story.txn++, .label = "x", .begin_us = story.us, .end_us = story.us + 10000},
                       &(fight){.key = "a", .winner_txn = 1, .winner_label = "w", SET});
        story.us += 10000;
    }
    report *report = end(&story);
    cr_assert_not(advises(report, CAUSE_STALLED));
    report_free(report);
}

Test(rules, spread)
{
    story_of story = begin();
    commit(&story, 100, "x");
    lose(&story, &(wish){.count = 100, .key = "k", .key_count = 100, SET});
    report *report = end(&story);
    cr_assert_eq(report->verdict.cause, CAUSE_SPREAD);
    cr_assert_eq(report->verdict.advice_count, 1);
    report_free(report);
}
