/*
 * Both forms of a programme: any bytes are one; it comes back from its bytes and from its text as it was;
 * and a text that is none is refused with the line where, whatever it is made of. What is made up, changed and spliced
 * by chance is one, too, and comes to have everything that there is.
 */
#include "generate.h"
#include "mutate.h"

#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned failures;

static void fail(const char *what, const char *text)
{
    failures++;
    fprintf(stderr, "%s:\n%s\n", what, text);
}

/* --------------------------------------------------------------------------- any bytes -- */

static void check_limits(const fuzz_program *program, const char *text)
{
    bool good = program->thread_count >= 2 && program->thread_count <= FUZZ_THREAD_COUNT_MAX &&
                program->key_count >= 1 && program->key_count <= FUZZ_KEY_COUNT_MAX &&
                program->move_count <= FUZZ_MOVE_COUNT_MAX;
    for (unsigned i = 0; good && i < program->thread_count; i++)
        for (unsigned j = 0; good && j < program->threads[i].call_count; j++) {
            const fuzz_call *call = &program->threads[i].calls[j];
            bool several = (call->keys & (call->keys - 1)) != 0;
            fuzz_arity arity = fuzz_call_arity((fuzz_call_kind)call->kind);
            good = call->kind < FUZZ_CALL_KIND_COUNT && call->keys >> program->key_count == 0 &&
                   call->number >= fuzz_call_number_min((fuzz_call_kind)call->kind) &&
                   call->number <= fuzz_call_number_max((fuzz_call_kind)call->kind) &&
                   (call->keys == 0) == (arity == FUZZ_NO_KEY) && (!several || arity == FUZZ_SEVERAL_KEYS);
        }
    for (unsigned i = 0; good && i < program->move_count; i++)
        good = program->moves[i].kind < FUZZ_MOVE_KIND_COUNT && program->moves[i].count > 0 &&
               program->moves[i].thread < program->thread_count;
    if (!good)
        fail("a programme outside its limits", text);
}

static void check_both_ways(const uint8_t *bytes, size_t size)
{
    fuzz_program program, again;
    uint8_t canonical[FUZZ_BYTES_MAX], twice[FUZZ_BYTES_MAX];
    char text[FUZZ_TEXT_SIZE_MAX], text_again[FUZZ_TEXT_SIZE_MAX], error[256];
    fuzz_program_from_bytes(bytes, size, &program);
    fuzz_program_to_text(&program, text);
    check_limits(&program, text);
    size_t count = fuzz_program_to_bytes(&program, canonical);
    if (count == 0)
        fail("a programme made of bytes does not fit into bytes", text);
    fuzz_program_from_bytes(canonical, count, &again);
    if (!fuzz_program_equal(&program, &again))
        fail("another one came back from its bytes", text);
    if (fuzz_program_to_bytes(&again, twice) != count || memcmp(canonical, twice, count) != 0)
        fail("canonical bytes changed again", text);
    if (!fuzz_program_from_text(text, sizeof text, &again, error, sizeof error))
        fail(error, text);
    else if (!fuzz_program_equal(&program, &again))
        fail("another one came back from its text", text);
    fuzz_program_to_text(&again, text_again);
    if (strcmp(text, text_again) != 0)
        fail("the text changed", text);
}

static void try_random_bytes(uint64_t seed)
{
    uint64_t state = seed;
    uint8_t bytes[FUZZ_BYTES_MAX + 40];
    size_t size = random_below(&state, sizeof bytes + 1);
    bool few = random_below(&state, 2) == 0; /* small ones say long programmes, high ones special moves */
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(few ? random_below(&state, 16) : random_next(&state));
    check_both_ways(bytes, size);
}

/* -------------------------------------------------------------------------------- text -- */

/* Texts that must be read, and as what. */
static void check_reading(const char *text, const char *expected)
{
    fuzz_program program;
    char error[256], printed[FUZZ_TEXT_SIZE_MAX];
    if (!fuzz_program_from_text(text, strlen(text), &program, error, sizeof error)) {
        fail(error, text);
        return;
    }
    fuzz_program_to_text(&program, printed);
    if (strcmp(printed, expected) != 0)
        fail(printed, expected);
}

static void check_refusal(const char *text, const char *expected)
{
    fuzz_program program;
    char error[256] = "";
    if (fuzz_program_from_text(text, strlen(text), &program, error, sizeof error))
        fail("read, though it is nonsense", text);
    else if (strstr(error, expected) == NULL)
        fail(error, expected);
}

static void read_texts(void)
{
    check_reading("keys 2\n"
                  "T0: begin; get k0; set k1 = k0+1; commit\n"
                  "T1: begin; get k1; set k0 = k1+1; commit\n"
                  "schedule: T0*7 T1*8 T0*6 T1*1\n",
                  "keys 2\n"
                  "T0: begin; get k0; set k1; commit\n"
                  "T1: begin; get k1; set k0; commit\n"
                  "schedule: T0*7 T1*8 T0*6 T1*1\n");
    check_reading("T0:set k0=k0+1;commit;\n\n  # comment\n\tT0: conflicts # and here\nT2: use k0",
                  "keys 1\nT0: get k0; set k0; commit; conflicts\nT1:\nT2: use k0\n");
    check_reading("T0: get k0; reset; set k0 = k0+1\nT1:\n",
                  "keys 1\nT0: get k0; reset; get k0; set k0\nT1:\n");
    check_reading("keys 4\nk3 large\nk1 absent middle\nstores delayed\nT1: using k0 k2 k3; getting k1\n"
                  "schedule: T0 T0*3 T1~ T1~*2\nschedule: T1~~ T0! T0!",
                  "keys 4\nk1 middle absent\nk3 large\nstores delayed\nT0:\nT1: using k0 k2 k3; getting k1\n"
                  "schedule: T0*4 T1~*3 T1~~ T0! T0!\n");
    check_reading("T0: commit\nschedule: T0~ T0*2 T1~~", "keys 1\nT0: commit\nT1:\nschedule: T0*2\n");
    check_reading("T0: get k0; commit\nschedule: T0:1 T1*2 T1:3 T0:2 T0:2", "keys 1\nT0: get k0; commit\nT1:\n"
                  "schedule: T0:1 T1*2 T1:3 T0:2 T0:2\n");
    check_reading("keys 2\nT0: fail 4; set k1; restore k1 + 3; set k0 = k1+1; fail  1;commit;wait",
                  "keys 2\nT0: fail 4; set k1; restore k1 +3; set k0; fail 1; commit; wait\nT1:\n");
    check_reading("", "keys 1\nT0:\nT1:\n");
}

static void refuse_texts(void)
{
    check_refusal("keys 5", "line 1: the number of keys must be a number from 1 to 4");
    check_refusal("keys 2\nT0: get k2", "line 2: the number after k must be a number from 0 to 1");
    check_refusal("T0: get\nT1:", "line 1: here a key must be named");
    check_refusal("T0: fetch k0", "no call is named \"fetch\"; there are begin, use");
    check_refusal("T0: get k0 commit", "separated by \";\"");
    check_refusal("T0 get k0", "comes a colon");
    check_refusal("T4: commit", "the number after T must be a number from 0 to 3");
    check_refusal("T0: set k0 = k0", "written \"= k0+1\"");
    check_refusal("\n\nschedule: T0*0", "line 3: the number after *");
    check_refusal("schedule: T0*99999999999999999999", "the number after *");
    check_refusal("schedule: T0:13", "the number of the call, after the colon, must be a number from 1 to 12");
    check_refusal("schedule: T0:", "the number of the call");
    check_refusal("schedule: 0*7", "a schedule is made of");
    check_refusal("schedule: T3", "the schedule names T3");
    check_refusal("keys 2\nT0: get k1\nkeys 1", "\"keys 1\" comes first");
    check_refusal("keys 2\nk1 large\nkeys 1", "k1 is described");
    check_refusal("k0 huge", "of a key can be said");
    check_refusal("stores late", "a line is one of");
    check_refusal("T0:get k0;get k0;get k0;get k0;get k0;get k0;get k0;get k0;get k0;get k0;get k0;get k0;get k0",
                  "more than 12 calls");
    check_refusal("T0: fail; commit", "which allocation fails must be a number from 1 to 4");
    check_refusal("T0: fail 5", "which allocation fails must be a number from 1 to 4");
    check_refusal("T0: restore k0", "written \"restore k0 +2\"");
    check_refusal("T0: restore k0 +1", "how many versions further must be a number from 2 to 3");
    check_refusal("schedule: T0*60000", "takes more than 256 bytes");
}

/* Whatever the text is made of, it is read or refused: nothing worse. */
static void try_mutilated_text(uint64_t seed)
{
    static const char text[] = "keys 3\nk1 large absent\nstores delayed\nT0: begin; using k0 k1; set k2 = k1+1\n"
                               "T1: take; read k0; scan; fail 2; restore k1 +3; release\nschedule: T0*7 T1~~ T1~*3 T0:2 T0!\n";
    static const char pieces[] = "kT0123~!*;:=+# \n\tset\xff";
    uint64_t state = seed;
    char mutilated[sizeof text];
    memcpy(mutilated, text, sizeof text);
    for (uint64_t changes = 1 + random_below(&state, 4); changes > 0; changes--) {
        size_t at = random_below(&state, sizeof text);
        if (random_below(&state, 3) == 0)
            memmove(mutilated + at, mutilated + at + 1, sizeof text - at - 1);
        else
            mutilated[at] = pieces[random_below(&state, sizeof pieces)];
    }
    fuzz_program program;
    char error[256] = "";
    uint8_t bytes[FUZZ_BYTES_MAX];
    char *copy = malloc(sizeof text); /* AddressSanitizer watches its end */
    if (copy == NULL)
        abort();
    memcpy(copy, mutilated, sizeof text);
    if (fuzz_program_from_text(copy, sizeof text, &program, error, sizeof error))
        check_both_ways(bytes, fuzz_program_to_bytes(&program, bytes));
    else if (error[0] == '\0')
        fail("refused without a reason", mutilated);
    free(copy);
}

/* ------------------------------------------------------------------------ made up, changed -- */

struct met {
    unsigned calls, moves, threads, keys, sizes; /* a bit each */
    bool absent, delayed;
};

static void meet(struct met *met, const fuzz_program *program)
{
    met->threads |= 1u << program->thread_count;
    met->keys |= 1u << program->key_count;
    met->absent |= program->absent != 0;
    met->delayed |= program->delayed;
    for (unsigned i = 0; i < program->key_count; i++)
        met->sizes |= 1u << program->sizes[i];
    for (unsigned i = 0; i < program->thread_count; i++)
        for (unsigned j = 0; j < program->threads[i].call_count; j++)
            met->calls |= 1u << program->threads[i].calls[j].kind;
    for (unsigned i = 0; i < program->move_count; i++)
        met->moves |= 1u << program->moves[i].kind;
}

/* Each from the one before, as an engine does it; in what room there is. */
static void try_mutations(void)
{
    static uint8_t bytes[FUZZ_BYTES_MAX], other[FUZZ_BYTES_MAX], spliced[FUZZ_BYTES_MAX];
    struct met met = {0};
    size_t size = 0, other_size = 0;
    unsigned changed = 0;
    for (uint64_t seed = 1; seed <= 20000 && failures == 0; seed++) {
        size_t room = seed % 16 == 0 ? size + seed % 32 : sizeof bytes;
        fuzz_program program, was;
        fuzz_program_from_bytes(bytes, size, &was);
        size = fuzz_mutate_bytes(seed, bytes, size, room < sizeof bytes ? room : sizeof bytes);
        fuzz_program_from_bytes(bytes, size, &program);
        changed += !fuzz_program_equal(&was, &program);
        meet(&met, &program);
        check_both_ways(bytes, size);
        size_t spliced_size = fuzz_splice_bytes(seed, bytes, size, other, other_size, spliced, sizeof spliced);
        check_both_ways(spliced, spliced_size);
        if (seed % 3 == 0) {
            memcpy(other, bytes, size);
            other_size = size;
        }
    }
    if (changed < 10000)
        fail("most mutations change nothing", "");
    if (met.calls != (1u << FUZZ_CALL_KIND_COUNT) - 1 || met.moves != (1u << FUZZ_MOVE_KIND_COUNT) - 1 ||
        met.sizes != (1u << FUZZ_SIZE_COUNT) - 1 || met.threads != 0x1c || met.keys != 0x1e || !met.absent || !met.delayed)
        fail("what there is is never met by mutating", "");
}

static void try_made_up(uint64_t seed)
{
    fuzz_program program;
    uint8_t bytes[FUZZ_BYTES_MAX];
    fuzz_generate(seed, &program);
    fuzz_generate_moves(seed, &program);
    check_both_ways(bytes, fuzz_program_to_bytes(&program, bytes));
}

int main(void)
{
    for (uint64_t i = 0; i < 10000 && failures == 0; i++)
        try_made_up(i);
    try_mutations();
    check_both_ways((const uint8_t *)"", 0);
    for (uint64_t i = 0; i < 10000 && failures == 0; i++)
        try_random_bytes(random_mix(i + 1));
    for (uint64_t i = 0; i < 10000 && failures == 0; i++)
        try_mutilated_text(random_mix(i + 1));
    read_texts();
    refuse_texts();
    return failures == 0 ? 0 : 1;
}
