#define _GNU_SOURCE
#include "schedule.h"

#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DELAYED "delayed:"

enum { GO_MAX = 61, CODE_ARRIVE = 61, CODE_OVERTAKE, CODE_TO_ITS_END };

static void *demand(void *memory)
{
    if (memory == NULL) {
        perror("stm-testing: allocation");
        exit(2);
    }
    return memory;
}

static bool is_go(const strategy_segment *segment)
{
    return segment->choice < SCHEDULER_THREAD_COUNT_MAX;
}

void schedule_close(schedule *schedule)
{
    strategy_script_close(&schedule->script);
}

/* -------------------------------------------------------------------------------- text -- */

bool schedule_of_text(schedule *schedule, const char *text)
{
    size_t prefix = sizeof DELAYED - 1;
    schedule->delayed = strncmp(text, DELAYED, prefix) == 0;
    if (schedule->delayed)
        text += prefix;
    text += strspn(text, " ");
    if (strategy_script_parse(&schedule->script, text))
        return true;
    schedule_close(schedule);
    return false;
}

static void print_segment(FILE *stream, const strategy_segment *segment)
{
    unsigned thread = segment->choice & 15u;
    const char *mark = is_go(segment)                                 ? ""
                       : segment->choice == SCHEDULER_ARRIVE(thread) ? "~"
                                                                      : "~~";
    fprintf(stream, "%u%s", thread, mark);
    if (segment->steps != (is_go(segment) ? UINT64_MAX : 1))
        fprintf(stream, "*%llu", (unsigned long long)segment->steps);
}

char *schedule_text(const schedule *schedule)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = demand(open_memstream(&text, &size));
    if (schedule->delayed)
        fputs(DELAYED " ", stream);
    for (size_t i = 0; i < schedule->script.count; i++) {
        fputs(i == 0 ? "" : " ", stream);
        print_segment(stream, &schedule->script.segments[i]);
    }
    fclose(stream);
    return demand(text);
}

/* ------------------------------------------------------------------------------- bytes -- */

static strategy_segment segment_of_byte(uint8_t byte)
{
    unsigned thread = byte & 3u, code = byte >> 2;
    switch (code) {
    case CODE_ARRIVE: return (strategy_segment){SCHEDULER_ARRIVE(thread), 1};
    case CODE_OVERTAKE: return (strategy_segment){SCHEDULER_OVERTAKE(thread), 1};
    case CODE_TO_ITS_END: return (strategy_segment){thread, UINT64_MAX};
    default: return (strategy_segment){thread, code + 1};
    }
}

void schedule_of_bytes(schedule *schedule, stm_bytes bytes)
{
    const uint8_t *data = bytes.data;
    size_t count = bytes.size == 0 ? 0 : bytes.size - 1;
    *schedule = (struct schedule){.delayed = bytes.size > 0 && (data[0] & 1) != 0};
    schedule->script.segments = demand(malloc((count + 1) * sizeof *schedule->script.segments));
    for (size_t i = 0; i < count; i++)
        schedule->script.segments[schedule->script.count++] = segment_of_byte(data[i + 1]);
}

static unsigned code_of(const strategy_segment *segment, uint64_t steps)
{
    unsigned thread = segment->choice & 15u;
    if (!is_go(segment))
        return segment->choice == SCHEDULER_ARRIVE(thread) ? CODE_ARRIVE : CODE_OVERTAKE;
    return steps == UINT64_MAX ? CODE_TO_ITS_END : (unsigned)(steps < GO_MAX ? steps : GO_MAX) - 1;
}

/* One byte says few steps: a long segment takes several. */
static void put_segment(FILE *stream, const strategy_segment *segment)
{
    uint64_t most = is_go(segment) ? GO_MAX : 1;
    for (uint64_t left = segment->steps; left > 0;) {
        unsigned code = code_of(segment, left);
        fputc((int)((segment->choice & 3u) | code << 2), stream);
        left = code == CODE_TO_ITS_END || left <= most ? 0 : left - most;
    }
}

stm_bytes schedule_bytes(const schedule *schedule)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *stream = demand(open_memstream(&bytes, &size));
    fputc(schedule->delayed, stream);
    for (size_t i = 0; i < schedule->script.count; i++)
        put_segment(stream, &schedule->script.segments[i]);
    fclose(stream);
    return stm_bytes_of(demand(bytes), size);
}

/* ------------------------------------------------------------------------------- others -- */

void schedule_of_last_run(schedule *schedule, bool delayed)
{
    strategy_script_of_last_run(&schedule->script);
    schedule->delayed = delayed;
}
