/*
 * The checker, on histories written by hand: it must refuse each anomaly that the other tests rely on
 * it to find, and accept the same history without it. And on thousands of random ones: the dependency
 * graph and the search over all orders must agree.
 */
#include "history_check.h"
#include "random.h"
#include "value.h"

#include <stdio.h>

static int failures;
static char text[8192];

/* ---- a history in one line: "committed 0-9 read x0 y0 write x1" per node, one thread each */

typedef struct line {
    history_outcome outcome;
    uint64_t begin, end;
    const char *reads;  /* "x0 y1": versions; a value follows from key and version */
    const char *writes;
} line;

static uint64_t value_of(uint32_t key, uint64_t version)
{
    return version == 0 ? 0 : (key + 1) * 100 + version;
}

static void put_line(history_log *log, const line *line)
{
    history_node_open(log, line->begin);
    for (const char *at = line->reads; *at != '\0'; at += at[2] == ' ' ? 3 : 2)
        history_read(log, (uint32_t)(at[0] - 'x'), (uint64_t)(at[1] - '0'),
                     value_of((uint32_t)(at[0] - 'x'), (uint64_t)(at[1] - '0')));
    for (const char *at = line->writes; *at != '\0'; at += at[2] == ' ' ? 3 : 2)
        history_write(log, (uint32_t)(at[0] - 'x'), (uint64_t)(at[1] - '0'),
                      value_of((uint32_t)(at[0] - 'x'), (uint64_t)(at[1] - '0')));
    history_node_end(log, line->outcome, line->end, line->begin + 1);
}

static void fill(history *history, const line *lines)
{
    history_open(history, 8, 3, 0);
    for (unsigned i = 0; lines[i].reads != NULL; i++)
        put_line(&history->logs[i], &lines[i]);
}

/* What the cheap look takes for good is good. */
static bool checked_twice(const history *history)
{
    bool good = history_check(history, text, sizeof text);
    if (!good && history_is_plain(history)) {
        fprintf(stderr, "plain, but the graph says bad:\n%s\n", text);
        failures++;
    }
    return good;
}

static void expect(const char *what, const line *lines, bool good)
{
    history history;
    fill(&history, lines);
    bool checked = checked_twice(&history);
    if (checked != good) {
        fprintf(stderr, "%s: the graph says %s\n%s\n", what, checked ? "good" : "bad", text);
        failures++;
    }
    bool peeks = false; /* these have no place in the order, where the search could miss them */
    for (unsigned i = 0; lines[i].reads != NULL; i++)
        peeks |= lines[i].outcome == HISTORY_PEEK;
    if (!peeks && history_search(&history, text, sizeof text) != good) {
        fprintf(stderr, "%s: the search says %s\n", what, good ? "bad" : "good");
        failures++;
    }
    history_close(&history);
}

#define C HISTORY_COMMITTED
#define F HISTORY_FAILED
#define S HISTORY_SNAPSHOT
#define P HISTORY_PEEK
#define EXPECT(good, what, ...) expect(what, (const line[]){__VA_ARGS__, {C, 0, 0, NULL, NULL}}, good)

static void by_hand(void)
{
    EXPECT(true, "one after the other", {C, 0, 1, "x0", "x1"}, {C, 2, 3, "x1 y0", "y1"},
           {S, 4, 5, "x1 y1", ""});
    EXPECT(false, "lost update", {C, 0, 9, "x0", "x1"}, {C, 0, 9, "x0", "x1"});
    EXPECT(false, "write skew", {C, 0, 9, "x0 y0", "x1"}, {C, 0, 9, "x0 y0", "y1"});
    EXPECT(true, "no skew: one read the other's", {C, 0, 9, "x0 y0", "x1"}, {C, 0, 9, "x1 y0", "y1"});
    EXPECT(false, "skew of three", {C, 0, 9, "x0 y0", "y1"}, {C, 0, 9, "y0 z0", "z1"},
           {C, 0, 9, "z0 x0", "x1"});
    EXPECT(false, "dirty read", {F, 0, 9, "x1", ""}, {F, 0, 9, "x0", "x1"});
    EXPECT(false, "zombie: half of a commit, by one that failed", {C, 0, 9, "x0 y0", "x1 y1"},
           {F, 0, 9, "x1 y0", ""});
    EXPECT(true, "no zombie", {C, 0, 9, "x0 y0", "x1 y1"}, {F, 0, 9, "x0 y0", ""}, {F, 0, 9, "x1 y1", ""});
    EXPECT(false, "long fork", {C, 0, 9, "x0", "x1"}, {C, 0, 9, "y0", "y1"}, {S, 0, 9, "x1 y0", ""},
           {S, 0, 9, "x0 y1", ""});
    EXPECT(true, "no fork", {C, 0, 9, "x0", "x1"}, {C, 0, 9, "y0", "y1"}, {S, 0, 9, "x1 y0", ""},
           {S, 0, 9, "x1 y1", ""});
    EXPECT(false, "the later seen, the earlier not", {C, 0, 9, "x0", "x1"}, {C, 0, 9, "x0 y0", "y1"},
           {S, 0, 9, "x1 y0", ""});
    EXPECT(false, "read-only anomaly", {C, 0, 9, "x0 y0", "y1"}, {C, 0, 9, "x0", "x1"},
           {S, 0, 9, "x1 y0", ""});
    EXPECT(false, "read twice, changed between", {C, 0, 9, "x0", "x1"}, {C, 0, 9, "x0 x1", ""});
    EXPECT(false, "stale: the write had ended before the read began", {C, 0, 1, "x0", "x1"},
           {S, 2, 3, "x0", ""});
    EXPECT(true, "not stale: they overlap", {C, 0, 2, "x0", "x1"}, {S, 2, 3, "x0", ""});
    EXPECT(false, "from the future", {S, 0, 1, "x1", ""}, {C, 2, 3, "x0", "x1"});
    EXPECT(true, "a peek at what is being overwritten", {C, 0, 9, "x0", "x1"}, {P, 2, 3, "x0", ""});
    EXPECT(true, "a peek at what is being written", {C, 0, 9, "x0", "x1"}, {P, 2, 3, "x1", ""});
    EXPECT(false, "a peek at what has been overwritten", {C, 0, 1, "x0", "x1"}, {P, 2, 3, "x0", ""});
    EXPECT(false, "a peek at what is not written yet", {C, 4, 9, "x0", "x1"}, {P, 2, 3, "x1", ""});
    EXPECT(false, "a peek at what was given up", {F, 0, 9, "x0", "x1"}, {P, 2, 3, "x1", ""});
    EXPECT(false, "two reads out of order in time", {C, 0, 9, "x0", "x1"}, {F, 1, 2, "x1", ""},
           {F, 3, 4, "x0", ""});
}

static void wrong_version_value_winner(void)
{
    history history;
    fill(&history, (const line[]){{C, 0, 1, "x0", "x1"}, {C, 0, 0, NULL, NULL}});
    history_claim_writer(&history.logs[7], &(history_claim){0, 1, 1, HISTORY_NO_THREAD, 0});
    if (!checked_twice(&history))
        fprintf(stderr, "a true claim is refused: %s\n", text), failures++;
    history_claim_writer(&history.logs[7], &(history_claim){0, 1, 2, HISTORY_NO_THREAD, 0});
    if (checked_twice(&history))
        fprintf(stderr, "a false claim is believed\n"), failures++;
    history_clear(&history);
    put_line(&history.logs[0], &(line){C, 0, 1, "x0", "x2"});
    if (checked_twice(&history))
        fprintf(stderr, "a skipped version is believed\n"), failures++;
    history_clear(&history);
    put_line(&history.logs[0], &(line){C, 0, 1, "x0", "x1"});
    history_node_open(&history.logs[1], 2);
    history_read(&history.logs[1], 0, 1, 999);
    history_node_end(&history.logs[1], HISTORY_COMMITTED, 3, 0);
    if (checked_twice(&history) || history_search(&history, text, sizeof text))
        fprintf(stderr, "a value of another version is believed\n"), failures++;
    history_close(&history);
}

static oracle judge_revised(const line *lines, const uint64_t *revisions)
{
    history history;
    fill(&history, lines);
    for (unsigned i = 0; lines[i].reads != NULL; i++)
        history_revise(&history.logs[i], revisions[i]);
    oracle objector = history_judge(&history, text, sizeof text);
    history_close(&history);
    return objector;
}

#define EXPECT_REVISED(objector, what, revisions, ...)                                                \
    do {                                                                                              \
        oracle judged = judge_revised((const line[]){__VA_ARGS__, {C, 0, 0, NULL, NULL}},             \
                                      (const uint64_t[])revisions);                                   \
        if (judged != (objector))                                                                     \
            fprintf(stderr, "%s: %s: %s\n", what, oracle_name(judged), text), failures++;             \
    } while (0)
#define REVISIONS(...) {__VA_ARGS__}

static void revised(void)
{
    EXPECT_REVISED(ORACLE_NONE, "in order", REVISIONS(1, 1, 2, 1), {C, 0, 9, "x0", "x1"}, {C, 0, 9, "x1", "x2"},
                   {C, 0, 9, "x2", "x3"}, {S, 0, 9, "x2", ""});
    EXPECT_REVISED(ORACLE_REVISION, "overwrote a later revision", REVISIONS(2, 1), {C, 0, 9, "", "x1"},
                   {C, 0, 9, "", "x2"});
    EXPECT_REVISED(ORACLE_REVISION, "saw a later revision", REVISIONS(2, 1), {C, 0, 9, "x0", "x1"},
                   {C, 0, 9, "x1", "y1"});
    EXPECT_REVISED(ORACLE_REVISION, "overwritten by an earlier revision", REVISIONS(1, 2), {C, 0, 9, "x0", "x1"},
                   {C, 0, 9, "x0", "y1"});
    EXPECT_REVISED(ORACLE_NONE, "a reader is told a later one", REVISIONS(1, 2), {C, 0, 9, "x0", "x1"},
                   {C, 0, 9, "x0", ""});
    EXPECT_REVISED(ORACLE_SNAPSHOT, "a snapshot of the future", REVISIONS(2, 1), {C, 0, 9, "x0", "x1"},
                   {S, 0, 9, "x1", ""});
    EXPECT_REVISED(ORACLE_SNAPSHOT, "a snapshot of the past", REVISIONS(1, 1), {C, 0, 9, "x0", "x1"},
                   {S, 0, 9, "x0", ""});
}

/* The second part begins where the first ended. */
static void continued(void)
{
    history history;
    fill(&history, (const line[]){{C, 0, 1, "x0", "x1"}, {C, 0, 0, NULL, NULL}});
    history_continue(&history);
    put_line(&history.logs[0], &(line){C, 2, 3, "x1", "x2"});
    if (!checked_twice(&history))
        fprintf(stderr, "a continued history is refused: %s\n", text), failures++;
    put_line(&history.logs[1], &(line){C, 4, 5, "x0", ""});
    if (checked_twice(&history))
        fprintf(stderr, "a read from before the beginning is believed\n"), failures++;
    history_close(&history);
}

/* A restore skips versions: what is wrong is so afterwards, too. */
static void expect_still_wrong(const char *what, const line *lines)
{
    history history;
    fill(&history, lines);
    if (checked_twice(&history))
        fprintf(stderr, "%s: good before the versions were counted\n", what), failures++;
    history_renumber(&history);
    if (checked_twice(&history))
        fprintf(stderr, "%s: believed\n", what), failures++;
    history_close(&history);
}

static void renumbered(void)
{
    enum { RESTORED = 3 };
    history history;
    const line lines[] = {{C, 0, 1, "x0", "x3"}, {C, 2, 3, "x3", "x4"}, {C, 0, 0, NULL, NULL}};
    fill(&history, lines);
    for (unsigned i = 0; i < 2; i++) /* of no value in particular: the value follows from the old number */
        for (size_t j = 0; j < history.logs[i].cell_count; j++)
            history.logs[i].cells[j].value = history.logs[i].cells[j].version;
    history_claim_writer(&history.logs[1], &(history_claim){0, RESTORED, 1, HISTORY_NO_THREAD, 0});
    history_renumber(&history);
    if (!checked_twice(&history))
        fprintf(stderr, "a restored version, and its claim: %s\n", text), failures++;
    history_claim_writer(&history.logs[1], &(history_claim){0, RESTORED, 1, HISTORY_NO_THREAD, 0});
    if (checked_twice(&history))
        fprintf(stderr, "a claim about a version that was not counted is believed\n"), failures++;
    history_close(&history);
    expect_still_wrong("a restore loses an update",
                      (const line[]){{C, 0, 9, "x0", "x1"}, {C, 0, 9, "x0", "x3"}, {C, 0, 0, NULL, NULL}});
    expect_still_wrong("a version between is read",
                      (const line[]){{C, 0, 1, "x0", "x3"}, {C, 2, 3, "x2", ""}, {C, 0, 0, NULL, NULL}});
    expect_still_wrong("a restored version is not seen afterwards",
                      (const line[]){{C, 0, 1, "x0", "x3"}, {C, 2, 3, "x0", ""}, {C, 0, 0, NULL, NULL}});
}

/* ---- graph and search agree */

#define KEYS 3
#define NODES 6

/* Every writer reads what it overwrites, so that values alone tell the order of versions. */
static void random_node(history *history, uint64_t *random, uint64_t *versions, unsigned node)
{
    history_log *log = &history->logs[node];
    uint64_t begin = random_below(random, 20), end = begin + random_below(random, 20);
    unsigned reads = (unsigned)random_below(random, 1 << KEYS), writes = 0;
    history_outcome outcome = (history_outcome)(random_below(random, 4) % 3);
    history_node_open(log, begin);
    for (uint32_t key = 0; key < KEYS; key++) {
        if ((reads >> key & 1) == 0)
            continue;
        bool newest = outcome == HISTORY_COMMITTED && random_below(random, 2) == 0;
        uint64_t version = newest ? versions[key] : random_below(random, versions[key] + 1);
        writes |= (unsigned)newest << key;
        history_read(log, key, version, value_of(key, version));
    }
    for (uint32_t key = 0; key < KEYS; key++)
        if ((writes >> key & 1) != 0) {
            versions[key]++;
            history_write(log, key, versions[key], value_of(key, versions[key]));
        }
    history_node_end(log, outcome, end, 0);
}

static void agreement(void)
{
    uint64_t random = 1;
    unsigned good = 0, plain = 0, count = 20000;
    for (unsigned i = 0; i < count; i++) {
        history history;
        uint64_t versions[KEYS] = {0};
        history_open(&history, NODES, KEYS, 0);
        for (unsigned node = 0; node < NODES; node++)
            random_node(&history, &random, versions, node);
        bool checked = checked_twice(&history);
        bool searched = history_search(&history, text + sizeof text / 2, sizeof text / 2);
        if (checked != searched) {
            fprintf(stderr, "random history %u: graph %d, search %d\n%s\n", i, checked, searched, text);
            failures++;
        }
        good += checked;
        plain += history_is_plain(&history);
        history_close(&history);
    }
    if (good < count / 20 || good > count - count / 20) {
        fprintf(stderr, "%u of %u random histories are good: too few of one kind to tell\n", good, count);
        failures++;
    }
    if (plain < good / 2) {
        fprintf(stderr, "of %u good random histories only %u are found so by the cheap look\n", good, plain);
        failures++;
    }
}

/* ---- values */

static void values(void)
{
    char buffer[VALUE_SIZE_MAX];
    for (value_kind kind = VALUE_WORD; kind < VALUE_KIND_COUNT; kind++)
        for (uint64_t serial = 0; serial < 1000; serial++) {
            uint64_t number = value_number(kind, 3, serial);
            stm_bytes value = value_write(number, buffer);
            bool good = value_read(value) == number;
            for (size_t at = 8; at < value.size; at += 7) { /* one byte of another value */
                buffer[at] ^= 1;
                good &= value_read(value) == 0;
                buffer[at] ^= 1;
            }
            good &= value_read(stm_bytes_of(buffer, value.size - 1)) == 0;
            if (!good) {
                fprintf(stderr, "value %llx is misjudged\n", (unsigned long long)number);
                failures++;
            }
        }
}

int main(void)
{
    by_hand();
    wrong_version_value_winner();
    revised();
    continued();
    renumbered();
    agreement();
    values();
    return failures == 0 ? 0 : 1;
}
