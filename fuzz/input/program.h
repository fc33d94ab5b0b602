/*
 * program.h -- what a fuzzer makes up and a person writes down: a few threads' short programmes over a
 * few keys, and who goes when. Two forms of the same:
 *
 *   bytes  at most 256, for fuzzers. Any bytes are a programme: what makes no sense is bent until it does,
 *          so that no mutation is wasted.
 *   text   for people and for the files in regress/:
 *
 *              # write skew
 *              keys 2
 *              k1 large absent
 *              T0: begin; get k0; set k1 = k0+1; commit
 *              T1: get k1; set k0; commit
 *              schedule: T0*7 T1*8 T0*6 T1
 *
 * Both lead to one canonical programme: bytes -> programme -> bytes changes the bytes once, and never
 * again; programme -> text -> programme changes nothing.
 *
 * A value that is set is never computed: it is one that nobody else ever writes, so that who reads it
 * tells whose it was. "= k0+1" says what it depends on: k0 is read first if the transaction does not
 * hold it yet. Values that add up were rejected: two wrong ones may add up right.
 */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FUZZ_BYTES_MAX 256u
#define FUZZ_THREAD_COUNT_MAX 4u
#define FUZZ_KEY_COUNT_MAX 4u
#define FUZZ_CALL_COUNT_MAX 12u /* of a thread */
#define FUZZ_MOVE_COUNT_MAX FUZZ_BYTES_MAX
#define FUZZ_TEXT_SIZE_MAX 8192u

/* What a thread asks the library. Of its one transaction, begun when it is first needed: */
typedef enum fuzz_call_kind {
    FUZZ_BEGIN, /* ends it, and begins another */
    FUZZ_USE,
    FUZZ_USING, /* several keys */
    FUZZ_GET,
    FUZZ_GETTING, /* several keys */
    FUZZ_PEEK,
    FUZZ_SET,
    FUZZ_DELETE,
    FUZZ_COMMIT,
    FUZZ_RESET,
    FUZZ_CONFLICTS, /* who has won, and the same as a sentence */
    /* and of its one snapshot; each does nothing if there is none, and take if there is one already: */
    FUZZ_TAKE,
    FUZZ_READ,
    FUZZ_SCAN,
    FUZZ_RELEASE,
    /* Came later, where the bytes had room: */
    FUZZ_FAIL,    /* no call: of the thread's next one, allocation number `number` finds no memory */
    FUZZ_RESTORE, /* a set, published `number` versions further than the one held, as an import does it */
    FUZZ_WAIT,    /* sleeps until a key held has changed, or all others have ended or sleep */
    FUZZ_CALL_KIND_COUNT
} fuzz_call_kind;

typedef struct fuzz_call {
    uint8_t kind; /* fuzz_call_kind */
    uint8_t keys; /* a bit a key: none, one, or for _USING and _GETTING one or more */
    uint8_t number; /* between fuzz_call_number_min and _max */
} fuzz_call;

typedef struct fuzz_thread {
    unsigned call_count;
    fuzz_call calls[FUZZ_CALL_COUNT_MAX];
} fuzz_thread;

typedef enum fuzz_move_kind {
    FUZZ_GO,       /* makes count accesses to shared memory */
    FUZZ_UNTIL,    /* goes until it has ended its count-th call; does nothing if it has */
    FUZZ_FREEZE,   /* stops until all others have ended */
    FUZZ_ARRIVE,   /* count of its delayed stores, oldest first, become visible to the others */
    FUZZ_OVERTAKE, /* the newest of them that may, before the older ones */
    FUZZ_MOVE_KIND_COUNT
} fuzz_move_kind;

typedef struct fuzz_move {
    uint8_t kind; /* fuzz_move_kind */
    uint8_t thread;
    uint16_t count; /* 1 but for FUZZ_GO, FUZZ_UNTIL and FUZZ_ARRIVE */
} fuzz_move;

/* Sizes of a key's values, as of value_kind. */
typedef enum fuzz_size { FUZZ_WORD, FUZZ_SMALL, FUZZ_MIDDLE, FUZZ_LARGE, FUZZ_SIZE_COUNT } fuzz_size;

typedef struct fuzz_program {
    unsigned thread_count; /* 2 to 4 */
    unsigned key_count;    /* 1 to 4 */
    uint8_t sizes[FUZZ_KEY_COUNT_MAX]; /* fuzz_size */
    uint8_t absent;                    /* a bit for each key without a value at first */
    bool delayed;                      /* stores reach the others late: weak memory */
    fuzz_thread threads[FUZZ_THREAD_COUNT_MAX];
    unsigned move_count; /* when they are used up, the last one goes on, and then the others in order */
    fuzz_move moves[FUZZ_MOVE_COUNT_MAX];
} fuzz_program;

/* What a kind of call is called in a text, and how many keys it names. */
typedef enum fuzz_arity { FUZZ_NO_KEY, FUZZ_ONE_KEY, FUZZ_SEVERAL_KEYS } fuzz_arity;
const char *fuzz_call_name(fuzz_call_kind kind);
fuzz_arity fuzz_call_arity(fuzz_call_kind kind);
/* Of _FAIL and _RESTORE; both are 0 for a call without a number. */
unsigned fuzz_call_number_min(fuzz_call_kind kind);
unsigned fuzz_call_number_max(fuzz_call_kind kind);

/* Of more than FUZZ_BYTES_MAX bytes the rest is ignored. */
void fuzz_program_from_bytes(const uint8_t *bytes, size_t size, fuzz_program *program);
/* Returns the number of bytes; 0: it takes more than FUZZ_BYTES_MAX (from a text, or edited). */
size_t fuzz_program_to_bytes(const fuzz_program *program, uint8_t bytes[FUZZ_BYTES_MAX]);

/* The text ends with a NUL, or at size. False: error says where and why, and what would do. */
bool fuzz_program_from_text(const char *text, size_t size, fuzz_program *program, char *error, size_t error_size);
void fuzz_program_to_text(const fuzz_program *program, char text[FUZZ_TEXT_SIZE_MAX]);
/* One call, as it stands in a text: "getting k0 k2", "fail 2", "restore k1 +3". */
#define FUZZ_CALL_TEXT_SIZE_MAX 64u
void fuzz_call_to_text(const fuzz_call *call, char text[FUZZ_CALL_TEXT_SIZE_MAX]);

/* Makes it canonical, after an edit: what has no effect is dropped, neighbours of one kind are joined. */
void fuzz_program_settle(fuzz_program *program);
bool fuzz_program_equal(const fuzz_program *a, const fuzz_program *b);

#endif
