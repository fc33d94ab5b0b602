#include "memo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct place {
    XXH128_hash_t hash;
    uint32_t life;      /* between two clearings; of another one: free */
    uint64_t schedules; /* that follow; 0: not all have been run */
};

/* Open addressing; a power of two. */
static struct place *places;
static size_t room, used;
static uint32_t life = 1;

/* The places on the present way, all of whose schedules have not been run: a stack. */
static struct {
    size_t place;
    size_t forks;
    uint64_t schedules; /* counted before */
} *way;
static size_t way_count, way_room;

static void *demand(void *memory)
{
    if (memory == NULL) {
        perror("memo: allocation");
        exit(2);
    }
    return memory;
}

void memo_clear(void)
{
    life++; /* clearing all would take longer than a run */
    used = way_count = 0;
}

static size_t find(XXH128_hash_t hash)
{
    size_t at = (size_t)hash.low64 & (room - 1);
    while (places[at].life == life && !XXH128_isEqual(places[at].hash, hash))
        at = (at + 1) & (room - 1);
    return at;
}

/* The way knows its places by number: they are looked for anew. */
static void grow(void)
{
    struct place *old = places;
    size_t old_room = room;
    room = room == 0 ? 1024 : 2 * room;
    places = demand(calloc(room, sizeof *places));
    for (size_t i = 0; i < old_room; i++)
        if (old[i].life == life)
            places[find(old[i].hash)] = old[i];
    for (size_t i = 0; i < way_count; i++)
        way[i].place = find(old[way[i].place].hash);
    free(old);
}

static void enter(size_t place, size_t forks, uint64_t schedules)
{
    if (way_count == way_room) {
        way_room = 2 * way_room + 64;
        way = demand(realloc(way, way_room * sizeof *way));
    }
    way[way_count].place = place;
    way[way_count].forks = forks;
    way[way_count++].schedules = schedules;
}

uint64_t memo_visit(const char *bytes, size_t size, size_t forks, uint64_t schedules)
{
    if (2 * (used + 1) > room)
        grow();
    XXH128_hash_t hash = XXH3_128bits(bytes, size);
    size_t at = find(hash);
    if (places[at].life == life)
        return places[at].schedules; /* 0: on the way, whose beginning is gone once more */
    used++;
    places[at] = (struct place){hash, life, 0};
    enter(at, forks, schedules);
    return 0;
}

void memo_leave(size_t forks, uint64_t schedules)
{
    for (; way_count > 0 && way[way_count - 1].forks >= forks; way_count--)
        places[way[way_count - 1].place].schedules = schedules - way[way_count - 1].schedules;
}
