#define _POSIX_C_SOURCE 200809L
/*
 * Can the report be believed? What was lost, what was not recorded, what was left out.
 */
#include "../support/scene.h"

#include <criterion/criterion.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>

static const fight on_a = {.key = "word:a", .winner_txn = 900, .winner_thread = 2, .winner_label = "w"};
static const fight on_b = {.key = "word:b", .winner_txn = 900, .winner_thread = 2, .winner_label = "w"};

static bool says(const report *report, const char *text)
{
    for (size_t i = 0; i < report->health.note_count; i++)
        if (strstr(report->health.notes[i], text) != NULL)
            return true;
    return false;
}

static report *end_with(scene *scene, const analysis_options *options)
{
    scene_close(scene);
    report *report = scene_report(scene, options);
    scene_end(scene);
    return report;
}

static void play(scene *scene)
{
    scene_commit(scene, &(doer){.thread = 1, .txn = 1, .label = "x", .begin_us = 0, .end_us = 1000});
    scene_conflict(scene, &(doer){.thread = 1, .txn = 2, .label = "x", .begin_us = 1000, .end_us = 2000}, &on_a);
    scene_conflict(scene, &(doer){.thread = 1, .txn = 3, .op = 2, .attempt = 2, .label = "y", .begin_us = 2000, .end_us = 3000}, &on_b);
    scene_commit(scene, &(doer){.thread = 2, .txn = 900, .label = "w", .begin_us = 2000, .end_us = 3500});
}

Test(health, of_a_whole_trace_is_good)
{
    scene *scene = scene_open(NULL);
    play(scene);
    report *report = end_with(scene, NULL);
    const health *health = &report->health;
    cr_assert_eq(health->event_count, 4);
    cr_assert_eq(health->kind_counts[EVENT_CONFLICT], 2);
    cr_assert_eq(health->kind_counts[EVENT_COMMIT], 2);
    cr_assert_eq(health->span_ns, 2500000);
    cr_assert_eq(health->begin_ns, SCENE_BEGIN_NS + 1000000);
    cr_assert_eq(health->thread_count, 2);
    cr_assert_eq(health->process_count, 1);
    cr_assert(health->has_conflicts && health->has_busy && health->has_commits && health->has_checkouts && health->has_publishes);
    cr_assert_not(health->lower_bounds);
    cr_assert_eq(health->note_count, 0);
    report_free(report);
}

Test(health, tells_lost_events_and_packets)
{
    scene *scene = scene_open(NULL);
    play(scene);
    ctf_writer_lose_events(scene->writer, 0, 123);
    scene_commit(scene, &(doer){.thread = 1, .txn = 7, .label = "x", .begin_us = 4000, .end_us = 4000});
    ctf_writer_lose_packets(scene->writer, 0, 5);
    scene_commit(scene, &(doer){.thread = 1, .txn = 8, .label = "x", .begin_us = 5000, .end_us = 5000});
    report *report = end_with(scene, NULL);
    cr_assert_eq(report->health.lost_events, 123);
    cr_assert_eq(report->health.lost_packets, 5);
    cr_assert(report->health.lower_bounds);
    cr_assert(strstr(report->health.notes[0], "lower bounds") != NULL, "it comes first");
    report_free(report);
}

/* The class of an event is declared when its level is recorded, even if it never happened. */
Test(health, knows_a_level_that_was_recorded_and_had_no_events)
{
    scene *scene = scene_open(&(ctf_options){.kinds = CTF_KINDS_CONTENTION});
    scene_conflict(scene, &(doer){.thread = 1, .txn = 2, .label = "x", .end_us = 2000}, &on_a);
    report *report = end_with(scene, NULL);
    cr_assert(report->health.has_busy);
    cr_assert_not(report->health.has_commits);
    cr_assert_not(report->verdict.has_attempts);
    cr_assert_not(report->latency.has_latency);
    cr_assert(says(report, "--level=commits"));
    report_free(report);
}

Test(health, tells_that_busy_was_not_recorded)
{
    scene *scene = scene_open(&(ctf_options){.kinds = CTF_KINDS_CONFLICTS});
    scene_conflict(scene, &(doer){.thread = 1, .txn = 2, .label = "x", .end_us = 2000}, &on_a);
    report *report = end_with(scene, NULL);
    cr_assert_not(report->health.has_busy);
    cr_assert(says(report, "--level=contention"));
    report_free(report);
}

Test(health, tells_that_threads_were_not_recorded)
{
    scene *scene = scene_open(&(ctf_options){.without_context = true});
    play(scene);
    report *report = end_with(scene, NULL);
    cr_assert(says(report, "vtid"));
    cr_assert_eq(report->verdict.attempts.conflict, 2);
    report_free(report);
}

Test(health, of_another_providers_trace_is_nothing_of_ours)
{
    scene *scene = scene_open(&(ctf_options){.provider = "other"});
    play(scene);
    scene_close(scene);
    trace_facts facts = {0};
    report *report = scene_report_of(scene->folder, NULL, &facts);
    cr_assert_eq(facts.event_count, 0);
    cr_assert_eq(facts.foreign_count, 4);
    report_free(report);
    trace_facts_free(&facts);
    scene_end(scene);
}

/* Two traces of one recording are one: here, in two folders of a third. */
Test(health, adds_up_the_traces_of_a_recording)
{
    scene *scene = scene_open(NULL);
    play(scene);
    scene_close(scene);
    char *inner = g_build_filename(scene->folder, "again", NULL);
    ctf_writer *writer = ctf_writer_open(inner, &(ctf_options){.clock_offset_s = SCENE_CLOCK_OFFSET_S, .other_uuid = true});
    ctf_writer_event(writer, 0, &(event){.kind = EVENT_COMMIT, .time_ns = SCENE_BEGIN_NS, .txn = 77, .store = 1, .pid = 9, .tid = 9});
    ctf_writer_close(writer);
    report *report = scene_report(scene, NULL);
    cr_assert_eq(report->health.event_count, 5);
    cr_assert_eq(report->health.process_count, 2);
    cr_assert_eq(report->health.begin_ns, SCENE_BEGIN_NS, "the earlier one comes first");
    report_free(report);
    g_free(inner);
    scene_end(scene);
}

/* A flight recording is saved more than once, and each save has what is in the buffers: packets come twice. */
Test(health, counts_a_packet_that_was_saved_twice_once)
{
    scene *scene = scene_open(NULL);
    char *saves[2];
    play(scene);
    scene_close(scene);
    for (unsigned i = 0; i < 2; i++) {
        saves[i] = g_strdup_printf("%s/save%u", scene->folder, i);
        ctf_writer *writer = ctf_writer_open(saves[i], &(ctf_options){.clock_offset_s = SCENE_CLOCK_OFFSET_S, .other_uuid = true});
        for (uint64_t txn = 1; txn <= 200 + i * 100; txn++) {
            ctf_writer_event(writer, 0, &(event){.kind = EVENT_COMMIT, .time_ns = SCENE_BEGIN_NS + (int64_t)txn, .txn = txn, .store = 1});
            if (txn == 200)
                ctf_writer_end_packet(writer, 0); /* a save does that */
        }
        ctf_writer_close(writer);
        g_free(saves[i]);
    }
    report *report = scene_report(scene, NULL);
    cr_assert_eq(report->health.event_count, 4 + 300);
    report_free(report);
    scene_end(scene);
}

/* ----------------------------------------------------------------------- recording.json -- */

/* As record leaves it: the trace is in a folder beside recording.json. */
static void move_inside(const char *folder)
{
    const char *const files[] = {"metadata", "channel0_0", "channel0_1"};
    char *inside = g_build_filename(folder, "trace", NULL);
    cr_assert_eq(g_mkdir(inside, 0777), 0);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *from = g_build_filename(folder, files[i], NULL), *to = g_build_filename(inside, files[i], NULL);
        cr_assert_eq(rename(from, to), 0);
        g_free(from);
        g_free(to);
    }
    g_free(inside);
}

static report *recorded(const char *json)
{
    scene *scene = scene_open(NULL);
    play(scene);
    ctf_writer_lose_packets(scene->writer, 0, 5);
    scene_commit(scene, &(doer){.thread = 1, .txn = 8, .label = "x", .begin_us = 5000, .end_us = 5000});
    scene_close(scene);
    move_inside(scene->folder);
    char *name = g_build_filename(scene->folder, "recording.json", NULL);
    cr_assert(g_file_set_contents(name, json, -1, NULL));
    g_free(name);
    report *report = scene_report(scene, NULL);
    scene_end(scene);
    return report;
}

Test(recording, tells_the_command_line)
{
    report *report = recorded("{\"state\": \"complete\", \"command\": [\"./server\", \"-x\", \"a\\u001b[2J\", 7, null]}");
    cr_assert_str_eq(report->health.program, "./server -x a\xef\xbf\xbd[2J");
    cr_assert(report->health.lower_bounds, "packets were lost");
    report_free(report);
}

Test(recording, that_is_incomplete_makes_lower_bounds)
{
    report *report = recorded("{\"state\": \"incomplete\", \"reason\": \"the daemon was killed\", \"flight\": true}");
    cr_assert(report->health.lower_bounds);
    cr_assert(says(report, "not complete: the daemon was killed"));
    report_free(report);
}

/* Overwritten packets are what a flight recording is for. */
Test(recording, of_a_flight_has_lost_no_packets)
{
    report *report = recorded("{\"state\": \"complete\", \"reason\": null, \"flight\": true}");
    cr_assert_not(report->health.lower_bounds);
    cr_assert_eq(report->health.lost_packets, 0);
    cr_assert(says(report, "flight recording"));
    report_free(report);
}

Test(recording, may_be_anything)
{
    const char *const odd[] = {"", "{", "[]", "7", "{\"command\": 7, \"state\": [], \"flight\": \"yes\"}", "{\"command\": [[[]]], \"state\": \"\"}"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        report *report = recorded(odd[i]);
        cr_expect_str_eq(report->health.program, "", "%s", odd[i]);
        report_free(report);
    }
}

/* ------------------------------------------------------------------------------- filters -- */

Test(filters, by_label_leave_its_attempts)
{
    scene *scene = scene_open(NULL);
    play(scene);
    report *report = end_with(scene, &(analysis_options){.top = 10, .delimiter = ':', .label = "y"});
    cr_assert_eq(report->verdict.attempts.conflict, 1);
    cr_assert_eq(report->verdict.attempts.ok, 0);
    cr_assert_str_eq(report->keys[0].name, "word:b");
    cr_assert_eq(report->health.winners_matched, 1, "winners are looked for among all");
    cr_assert(says(report, "\"y\""));
    report_free(report);
}

Test(filters, by_key_leave_losses_on_it)
{
    const struct { char key[8]; uint64_t conflicts; } cases[] = {{"word:a", 1}, {"word:*", 2}, {"word:", 0}, {"*", 2}, {"w", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char key[8];
        memcpy(key, cases[i].key, sizeof key);
        analysis_options options = {.top = 10, .delimiter = ':'};
        analysis_options_key(&options, key);
        scene *scene = scene_open(NULL);
        play(scene);
        report *report = end_with(scene, &options);
        cr_expect_eq(report->verdict.attempts.conflict, cases[i].conflicts, "--key %s", cases[i].key);
        cr_expect_eq(report->verdict.attempts.ok, 2);
        report_free(report);
    }
}

static uint64_t events_between(const char *from, const char *to)
{
    analysis_options options = {.top = 10, .delimiter = ':'};
    cr_assert(from == NULL || bound_parse(from, &options.from), "%s", from);
    cr_assert(to == NULL || bound_parse(to, &options.to), "%s", to);
    scene *scene = scene_open(NULL);
    play(scene);
    report *report = end_with(scene, &options);
    uint64_t count = report->health.event_count;
    report_free(report);
    return count;
}

/* Events are at 0, 1, 2 and 2.5 ms after the first; the first is at 5.001 s of a clock that began on 2023-11-14 at
 * 22:13:20 UTC. */
Test(filters, by_time_leave_what_lies_between)
{
    setenv("TZ", "UTC", 1);
    cr_expect_eq(events_between(NULL, NULL), 4);
    cr_expect_eq(events_between("0.001", NULL), 3);
    cr_expect_eq(events_between("0.0011", "0.0024"), 1);
    cr_expect_eq(events_between(NULL, "0.0005"), 1);
    cr_expect_eq(events_between("22:13:25.002", NULL), 3);
    cr_expect_eq(events_between("22:13:25.0025", "22:13:25.0033"), 1);
    cr_expect_eq(events_between("2023-11-14T22:13:25.002Z", NULL), 3);
    cr_expect_eq(events_between("2023-11-14T23:13:25.002+01:00", NULL), 3);
    cr_expect_eq(events_between("2023-11-15T00:00:00Z", NULL), 0);
}

Test(filters, take_only_times)
{
    bound bound;
    const char *const wrong[] = {"", "x", "-1", "1x", "nan", "inf", "1e300", "25:00", "12:60", "12:00:60", "1:2:3", "2023-13-01T00:00:00",
                                 "12:00:-1", "12:00:"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_not(bound_parse(wrong[i], &bound), "\"%s\" was taken for a time", wrong[i]);
}
