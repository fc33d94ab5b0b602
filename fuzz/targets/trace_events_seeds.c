/*
 * trace_events_seeds -- small lists of events to begin with, each with a name, into the folder named (trace_events.c has the form).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../trace/contention/event.h"

static const char *folder;
static FILE *file;

static void put(const uint8_t *bytes, size_t size)
{
    if (fwrite(bytes, 1, size, file) != size)
        exit(1);
}

#define PUT(...) put((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void begin(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
}

static void end(void)
{
    if (fclose(file) != 0)
        exit(1);
}

enum { AT_COMMIT = 4, UPDATE = 8, WAS_SET = 16, TICKS = 2, ALL_ROWS = 10, A_HUGE_NUMBER = 0xc0, LAST_TEXT = 14 };

/* Of thread tid; on key number key, against transaction winner of thread winner. */
static void event_of(event_kind kind, uint8_t tid, uint8_t txn, uint8_t attempt, uint8_t key, uint8_t winner)
{
    PUT((uint8_t)kind, TICKS | AT_COMMIT | UPDATE | WAS_SET, 5, tid, txn, tid, attempt, txn, 5 + tid % 2);
    PUT(key, 3 + key % 2, 5, winner, winner, 1, 2, 2, 8, 0, 0, 3, 1, 1, 9, txn);
}

static void write_fight(const char *name, uint8_t kept, uint8_t bounds)
{
    begin(name);
    PUT(kept, bounds);
    if (bounds != 0)
        PUT(20, 180);
    PUT(0);
    for (uint8_t i = 1; i < 40; i++) {
        event_of(EVENT_COMMIT, 1, i, 1, 0, 0);
        event_of(EVENT_PUBLISH, 1, i, 1, i % 3, 0);
        event_of(i % 5 == 0 ? EVENT_BUSY : EVENT_CONFLICT, 2 + i % 3, 100 + i, i % 4, i % 3, i);
        if (i % 7 == 0)
            event_of(EVENT_CONFLICT_KEY, 2 + i % 3, 100 + i, 1, 2, i);
        if (i % 11 == 0)
            event_of(i % 2 == 0 ? EVENT_ABANDON : EVENT_STARVING, 2 + i % 3, 100 + i, 9, 1, i);
        if (i % 4 == 0)
            event_of(EVENT_COMMIT, 2 + i % 3, 150 + i / 4, 5, 0, 0);
    }
    end();
}

/* The same number, and the same text, everywhere. */
static void write_same(const char *name, uint8_t number, uint8_t text)
{
    begin(name);
    PUT(ALL_ROWS, 0, 0);
    for (uint8_t kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        PUT(kind, 0xff, number, number, number, number, number, number, number, number, text, number, text, text);
        PUT(number, number, number, number, text, number, number, number, number, number, number, number, number);
    }
    end();
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: trace_events_seeds FOLDER\n", stderr);
        return 2;
    }
    folder = argv[1];
    begin("empty");
    end();
    write_fight("fight", ALL_ROWS, 0);
    write_fight("fight_of_few_rows", 1, 0);
    write_fight("fight_between", ALL_ROWS, 1 | 1 << 2);
    write_same("zeros", 0, 0);
    write_same("ones", 1, 7);
    for (uint8_t i = 0; i < 12; i++) {
        char name[32];
        snprintf(name, sizeof name, "hostile_%u", (unsigned)i);
        write_same(name, (uint8_t)(A_HUGE_NUMBER + i), i % LAST_TEXT);
    }
    return 0;
}
