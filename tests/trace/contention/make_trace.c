/*
 * make_trace -- writes a trace for the tests of the command: make_trace FOLDER KIND
 *
 *     fight     two threads, most of it over "word:the"; a winner that comes later; BUSY
 *     calm      the same without any loss
 *     conflicts a fight of which only conflicts were recorded
 *     lossy     a fight of which 100 events were lost
 *     foreign   events of another provider
 *     empty     no event at all
 *     crowd     one transaction loses five keys to four others, at a commit, another one a key at a checkout, and one is BUSY
 *     twice     two processes with the same store and transaction numbers
 */
#include "../support/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPERATION_COUNT = 3000 };

/* Each operation of thread 1 commits; each third of thread 2 loses to it first. */
static void play(scene *scene, bool with_losses)
{
    for (unsigned i = 0; i < OPERATION_COUNT; i++) {
        int64_t us = (int64_t)i * 20;
        uint64_t txn = 1 + i, other = 1048577 + 2 * i;
        bool loses = with_losses && i % 3 == 0;
        doer winner = {.thread = 1, .txn = txn, .label = "count", .begin_us = us, .end_us = us + 9, .write_count = 1};
        doer loser = {.thread = 2, .txn = other, .label = "audit", .begin_us = us + 1, .end_us = us + 8, .read_count = 2};
        const fight over = {.key = i % 9 == 0 ? "word:of" : "word:the", .expected = i, .found = i + 1, .winner_txn = txn,
                                   .winner_thread = 1, .winner_label = "count", .update = true, .was_set = true};
        scene_checkout(scene, &winner, &over);
        if (loses)
            scene_conflict(scene, &loser, &over);
        scene_commit(scene, &winner);
        scene_publish(scene, &winner, &over);
        if (with_losses && i % 300 == 100)
            scene_busy(scene, &loser, &over);
        scene_commit(scene, &(doer){.thread = 2, .txn = loses ? other + 1 : other, .op = other, .attempt = loses ? 2 : 1, .label = "audit",
                                    .begin_us = us + 10, .end_us = us + 15, .read_count = 2});
    }
}

/* The winners, transactions 11 to 14, publish "key:0" to "key:3"; the first one also "key:4", and keys that nobody else holds. Odd
 * keys never had a value. */
static void play_crowd(scene *scene)
{
    const char *const names[] = {"key:0", "key:1", "key:2", "key:3", "key:4", "own:0", "own:1", "own:2"};
    fight fights[8];
    for (unsigned i = 0; i < 8; i++)
        fights[i] = (fight){.key = names[i], .expected = i % 2 == 0 ? 7 : 0, .found = i % 2 == 0 ? 9 : 1, .winner_txn = 11 + i % 4,
                            .winner_thread = 2 + i % 4, .winner_label = "many", .update = i % 2 == 1, .was_set = i == 1};
    const doer at_commit = {.thread = 1, .txn = 5, .label = "lo\nser", .begin_us = 1, .end_us = 50, .read_count = 5, .write_count = 4};
    event at_checkout = {.kind = EVENT_CONFLICT, .time_ns = SCENE_BEGIN_NS + 90000, .tid = SCENE_TID + 1, .pid = SCENE_PID,
                         .procname = "scene", .store = 1, .txn = 6, .op = 6, .attempt = 1, .label = "early", .key = "key:0",
                         .key_hash = 1, .key_size = 5, .expected = 7, .found = 9, .winner_txn = 99, .winner_label = "unseen"};
    for (unsigned i = 0; i < 6; i++)
        scene_checkout(scene, &at_commit, &fights[i]);
    for (unsigned i = 0; i < 4; i++) {
        const doer winner = {.thread = 2 + i, .txn = 11 + i, .label = "many", .begin_us = 2, .end_us = 20 - i, .write_count = 1};
        scene_commit(scene, &winner);
        scene_publish(scene, &winner, &fights[i]);
        if (i == 0)
            scene_publish(scene, &winner, &fights[4]);
        scene_checkout(scene, &winner, &fights[6]);
    }
    scene_conflict(scene, &at_commit, &fights[0]);
    for (unsigned i = 1; i < 5; i++)
        scene_conflict_key(scene, &at_commit, &fights[i]);
    scene_event(scene, 1, &at_checkout);
    scene_busy(scene, &(doer){.thread = 1, .txn = 7, .end_us = 99}, &fights[0]);
}

int main(int argc, char **argv)
{
    ctf_options options = {.cpu_count = 2, .clock_offset_s = SCENE_CLOCK_OFFSET_S};
    if (argc != 3) {
        fputs("usage: make_trace FOLDER KIND\n", stderr);
        return 2;
    }
    const char *kind = argv[2];
    if (strcmp(kind, "conflicts") == 0)
        options.kinds = CTF_KINDS_CONFLICTS;
    if (strcmp(kind, "foreign") == 0)
        options.provider = "other";
    scene scene = {.writer = ctf_writer_open(argv[1], &options), .cpu_count = 2, .store = 1, .pid = SCENE_PID};
    if (strcmp(kind, "conflicts") == 0)
        scene_conflict(&scene, &(doer){.thread = 1, .txn = 5, .label = "x", .end_us = 9},
                       &(fight){.key = "k", .winner_txn = 6, .winner_thread = 2, .winner_label = "w"});
    else if (strcmp(kind, "crowd") == 0)
        play_crowd(&scene);
    else if (strcmp(kind, "empty") != 0)
        play(&scene, strcmp(kind, "calm") != 0);
    if (strcmp(kind, "lossy") == 0)
        ctf_writer_lose_events(scene.writer, 0, 100);
    if (strcmp(kind, "twice") == 0) {
        scene.pid++;
        scene_commit(&scene, &(doer){.thread = 1, .txn = 1, .label = "child", .begin_us = 90000, .end_us = 90001});
    }
    ctf_writer_close(scene.writer);
    return 0;
}
