/*
 * trace_events -- the input is a list of events as stm-contention's reader hands them on: well-formed, but they may claim
 * anything, in any order. They are analysed, and the report is written as text, as JSON and as a page. What reads traces is
 * fuzzed by trace_reader; this one has no babeltrace2 in it, and is a hundred times as fast.
 *
 * The first bytes are options of the report, then each event: its kind, and its members in the order of event.h. A
 * number is a byte: up to 0xbf itself, above one of a few hostile ones, or eight bytes that follow.
 */
#define _DEFAULT_SOURCE
#include "target.h"

#include "../../trace/contention/analysis/analysis.h"
#include "../../trace/contention/html/html.h"
#include "../../trace/contention/json/json.h"
#include "../../trace/contention/text/text_report.h"
#include "../hostile/capture.h"
#include "../hostile/sweep.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECT(condition) expect((condition), #condition, __LINE__)

static void expect(bool good, const char *what, int line)
{
    if (good)
        return;
    fprintf(stderr, "trace_events.c:%d: not so: %s\n", line, what);
    abort();
}

/* -------------------------------------------------------------------------------- input -- */

typedef struct input {
    const uint8_t *data;
    size_t size;
} input;

static uint8_t take_byte(input *input)
{
    if (input->size == 0)
        return 0;
    input->size--;
    return *input->data++;
}

static uint64_t take_number(input *input)
{
    static const uint64_t hostile[] = {INT64_MAX, (uint64_t)INT64_MIN, UINT64_MAX, UINT32_MAX, INT64_MAX / 4, 1000000,
                                       1000000000, UINT64_C(1) << 62, UINT64_C(1) << 53, 65535, 65536, 1024};
    enum { PLAIN = 0xc0, COUNT = sizeof hostile / sizeof hostile[0] };
    uint8_t byte = take_byte(input);
    if (byte < PLAIN)
        return byte;
    if (byte < PLAIN + COUNT)
        return hostile[byte - PLAIN];
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | take_byte(input);
    return number;
}

/* One of a few, or as many bytes as the byte says, which end with the first NUL. */
static const char *take_text(input *input, char room[64])
{
    static const char *const texts[] = {"", "-", "a", "word:the", "word:of", "transfer", "audit", "<evil>&\"'</script>",
                                        "\x1b[2J\n\r\t\x7f", "\xff\xfe\xc0\x80", "\xe2\x80\xae\xe2\x80\x8b", "a:b:c:d", "(others)",
                                        "a label of sixty-three bytes, which is the longest that there is", "\\x41\\\\"};
    enum { COUNT = sizeof texts / sizeof texts[0] };
    uint8_t byte = take_byte(input);
    if (byte < 0xc0)
        return texts[byte % COUNT];
    size_t size = byte & 0x3f;
    for (size_t i = 0; i < size; i++)
        room[i] = (char)take_byte(input);
    room[size] = '\0';
    return room;
}

typedef struct texts {
    char procname[64], label[64], key[64], winner_label[64];
} texts;

/* What every event has, and then what is told of the attempt, the key and the winner. */
static event take_event(input *input, texts *texts, int64_t *now_ns)
{
    event event = {.kind = (event_kind)(take_byte(input) % EVENT_KIND_COUNT)};
    uint8_t flags = take_byte(input);
    uint64_t step = take_number(input);
    *now_ns = (flags & 1) != 0 ? (int64_t)step : (int64_t)((uint64_t)*now_ns + step * ((flags & 2) != 0 ? 1000 : 1));
    event.time_ns = *now_ns;
    event.at_commit = (flags & 4) != 0;
    event.update = (flags & 8) != 0;
    event.was_set = (flags & 16) != 0;
    event.opened = (flags & 32) != 0;
    event.tid = take_number(input);
    event.pid = (flags & 64) != 0 ? take_number(input) : 1;
    event.store = (flags & 128) != 0 ? take_number(input) : 1;
    event.txn = take_number(input);
    event.op = take_number(input);
    event.attempt = take_number(input);
    event.begin_ns = (int64_t)take_number(input);
    event.label = take_text(input, texts->label);
    event.key_hash = take_number(input);
    event.key = take_text(input, texts->key);
    event.winner_label = take_text(input, texts->winner_label);
    event.winner_txn = take_number(input);
    event.winner_tid = take_number(input);
    event.expected = take_number(input);
    event.found = take_number(input);
    event.procname = take_text(input, texts->procname);
    event.key_size = take_number(input);
    event.k0 = take_number(input);
    event.k1 = take_number(input);
    event.read_count = take_number(input);
    event.write_count = take_number(input);
    event.changed_count = take_number(input);
    event.elapsed_ns = (int64_t)take_number(input);
    event.revision = take_number(input);
    return event;
}

static bound take_bound(input *input, uint8_t choice)
{
    bound bound = {.kind = (bound_kind)(choice % 4)};
    if (bound.kind != BOUND_NONE)
        bound.ns = (int64_t)take_number(input);
    return bound;
}

static analysis_options take_options(input *input, char key[64], char label[64])
{
    uint8_t choices = take_byte(input), bounds = take_byte(input);
    analysis_options options = {.top = choices & 15, .delimiter = (choices & 16) != 0 ? '\xc3' : ':'};
    if ((choices & 32) != 0) {
        const char *text = take_text(input, label);
        snprintf(key, 64, "%s", text);
        analysis_options_key(&options, key);
    }
    if ((choices & 64) != 0)
        options.label = take_text(input, label);
    options.from = take_bound(input, bounds & 3);
    options.to = take_bound(input, bounds >> 2 & 3);
    return options;
}

static char trouble[] = "channel0_0: <evil> \x1b[2J";

static trace_facts take_facts(input *input)
{
    uint8_t choices = take_byte(input);
    trace_facts facts = {.trace_count = 1, .trace_count_found = 1 + (choices & 1), .declared = 0x3ff, .has_context = true,
                         .truncated = (choices & 2) != 0, .tells_modes = (choices & 4) == 0, .tells_sets = (choices & 8) == 0};
    if ((choices & 16) != 0)
        facts.declared = (unsigned)take_number(input);
    if ((choices & 32) != 0)
        facts.lost_events = take_number(input);
    if ((choices & 64) != 0)
        facts.lost_packets = take_number(input);
    if ((choices & 128) != 0)
        facts.clock_offset_ns = (int64_t)take_number(input);
    facts.has_clock_offset = (choices & 128) != 0;
    facts.trouble = facts.truncated ? trouble : NULL;
    return facts;
}

/* ------------------------------------------------------------------------------ figures -- */

static void expect_timeline(const report *report)
{
    const timeline *line = &report->timeline;
    outcome_counts sum = {0, 0, 0};
    EXPECT(line->bucket_count <= 240);
    for (size_t i = 0; i < line->bucket_count; i++) {
        sum.ok += line->buckets[i].ok;
        sum.conflict += line->buckets[i].conflict;
        sum.busy += line->buckets[i].busy;
    }
    const outcome_counts *attempts = &report->verdict.attempts;
    EXPECT(sum.ok == attempts->ok && sum.conflict == attempts->conflict && sum.busy == attempts->busy);
    for (size_t i = 0; i < line->burst_count; i++)
        EXPECT(line->bursts[i].from_ns <= line->bursts[i].to_ns);
}

static void expect_keys(const report *report)
{
    uint64_t conflicts = 0, busy = 0;
    double share = 0;
    for (size_t i = 0; i < report->key_count; i++) {
        const hot_key *key = &report->keys[i];
        conflicts += key->conflicts;
        busy += key->busy;
        EXPECT(key->cumulative_share >= share && key->cumulative_share <= 1);
        EXPECT(key->top_winner_share >= 0 && key->top_winner_share <= 1);
        EXPECT(key->lost_reading + key->lost_unset <= key->conflicts);
        EXPECT(key->wasted_ns >= 0);
        share = key->cumulative_share;
    }
    const outcome_counts *attempts = &report->verdict.attempts;
    bool all = report->key_count == report->key_count_all;
    EXPECT(all ? conflicts == attempts->conflict : conflicts <= attempts->conflict);
    EXPECT(all ? busy == attempts->busy : busy <= attempts->busy);
}

static void expect_verdict(const report *report)
{
    const verdict *verdict = &report->verdict;
    const health *health = &report->health;
    uint64_t kinds = 0;
    for (int i = 0; i < EVENT_KIND_COUNT; i++)
        kinds += health->kind_counts[i];
    EXPECT(kinds == health->event_count);
    EXPECT(verdict->wasted_share >= 0 && verdict->wasted_share <= 1);
    EXPECT(verdict->wasted_ns >= 0);
    EXPECT(verdict->busy_ns >= verdict->wasted_ns);
    EXPECT(verdict->stalled_ns <= verdict->wasted_ns);
    EXPECT(health->winners_matched + health->winners_unmatched + health->winners_unnamed <=
           health->kind_counts[EVENT_CONFLICT]);
    EXPECT(health->span_ns >= 0);
}

static void expect_lanes(const report *report)
{
    const lanes *lanes = &report->lanes;
    EXPECT(lanes->mark_count <= 2000);
    for (size_t i = 0; i < lanes->mark_count; i++) {
        const lane_mark *mark = &lanes->marks[i];
        EXPECT(mark->begin_ns <= mark->end_ns && mark->lane < lanes->lane_count);
        EXPECT(mark->winner >= -1 && mark->winner < (ptrdiff_t)lanes->mark_count);
    }
}

/* ------------------------------------------------------------------------------ writers -- */

static void expect_safe(const captured *output)
{
    if (captured_is_safe(output))
        return;
    fwrite(output->text, 1, output->size, stderr);
    EXPECT(captured_is_safe(output));
}

static void expect_page(const captured *page)
{
    expect_safe(page);
    EXPECT(page->cut || strstr(page->text, "</html>") != NULL);
    EXPECT(strstr(page->text, "<evil>") == NULL);
}

static void write_report(const report *report)
{
    captured output, messages;
    capture_begin();
    text_report_write(report, stdout);
    capture_end(&output, &messages);
    EXPECT(output.size > 0);
    expect_safe(&output);
    capture_begin();
    EXPECT(json_report_write(report, stdout) == 0);
    capture_end(&output, &messages);
    EXPECT(captured_is_json(&output));
    expect_safe(&output);
    capture_begin();
    EXPECT(report_write_html(report, stdout) == 0);
    capture_end(&output, &messages);
    expect_page(&output);
}

/* -------------------------------------------------------------------------------- doors -- */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    sweep_prepare(*argv);
    setlocale(LC_CTYPE, "C.UTF-8");
    setenv("TZ", "UTC", 1);
    LLVMFuzzerTestOneInput(NULL, 0); /* what is made once is made now */
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input input = {data, size};
    char key[64], label[64];
    texts texts;
    int64_t now_ns = 1000;
    analysis_options options = take_options(&input, key, label);
    trace_facts facts = take_facts(&input);
    analysis *analysis = analysis_create(&options, &facts);
    while (input.size > 0) {
        event event = take_event(&input, &texts, &now_ns);
        EXPECT(analysis_event(analysis, &event));
        facts.event_count++;
    }
    report *report = analysis_finish(analysis, "<evil> path");
    expect_verdict(report);
    expect_timeline(report);
    expect_keys(report);
    expect_lanes(report);
    write_report(report);
    report_free(report);
    return 0;
}
