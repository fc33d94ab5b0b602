/*
 * ledger.c -- see ledger.h. Each piece has a note before it: what was asked, and a mark that is gone
 * when the piece has come back.
 */
#include "ledger.h"

#include <stdlib.h>
#include <string.h>

#define MARK UINT64_C(0x6c65646765723a29)
#define ALIGNMENT_MAX 4096

struct note {
    uint64_t mark;
    size_t size;
    char *start; /* of what malloc gave */
};

static bool is_alignment(size_t alignment)
{
    return alignment != 0 && (alignment & (alignment - 1)) == 0 && alignment <= ALIGNMENT_MAX;
}

/* The note lies right before the piece, so before its alignment's boundary. */
static void *give(size_t size, size_t alignment)
{
    const size_t room = alignment > sizeof(struct note) ? alignment : 64;
    void *start;

    if (posix_memalign(&start, room, room + size) != 0)
        return NULL;
    char *piece = (char *)start + room;
    const struct note note = {MARK, size, start};
    memcpy(piece - sizeof(note), &note, sizeof(note));
    memset(piece, 0xa5, size);
    return piece;
}

static void *ledger_alloc(void *context, size_t size, size_t alignment)
{
    struct ledger *ledger = context;
    void *piece = NULL;

    if (ledger->hook != NULL)
        ledger->hook(ledger->hook_context);
    pthread_mutex_lock(&ledger->lock);
    if (!ledger->paused)
        ledger->calls++;
    const bool refuse =
        !ledger->paused && ledger->calls >= ledger->refuse_from && ledger->calls < ledger->refuse_to;
    ledger->refused += refuse;
    ledger->mistakes += size == 0 || !is_alignment(alignment);
    if (!refuse && is_alignment(alignment))
        piece = give(size, alignment);
    if (piece != NULL) {
        ledger->pieces++;
        ledger->bytes += size;
    }
    pthread_mutex_unlock(&ledger->lock);
    return piece;
}

static void ledger_free(void *context, void *piece, size_t size)
{
    struct ledger *ledger = context;
    struct note note = {0, 0, NULL};

    pthread_mutex_lock(&ledger->lock);
    if (piece != NULL)
        memcpy(&note, (char *)piece - sizeof(note), sizeof(note));
    if (note.mark != MARK || note.size != size) {
        ledger->mistakes++;
    } else {
        ledger->pieces--;
        ledger->bytes -= size;
        memset((char *)piece - sizeof(note), 0xdd, sizeof(note) + size);
        free(note.start);
    }
    pthread_mutex_unlock(&ledger->lock);
}

void ledger_open(struct ledger *ledger)
{
    memset(ledger, 0, sizeof(*ledger));
    pthread_mutex_init(&ledger->lock, NULL);
}

stm_allocator ledger_allocator(struct ledger *ledger)
{
    return (stm_allocator){ledger_alloc, ledger_free, ledger};
}

void ledger_refuse(struct ledger *ledger, uint64_t first, uint64_t count)
{
    ledger->refuse_from = first;
    ledger->refuse_to = first + count;
}

bool ledger_balances(const struct ledger *ledger)
{
    return ledger->pieces == 0 && ledger->bytes == 0 && ledger->mistakes == 0;
}
