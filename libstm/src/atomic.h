/*
 * atomic.h -- the one door to shared memory.
 *
 * Every access to memory that another thread may write goes through these macros, which name the
 * order at the access itself: no fences, so that ThreadSanitizer sees what the hardware sees. (The
 * one exception, membarrier(2) in epoch.c, stands in for a fence and is argued there.)
 *
 * In the testing build (STM_TESTING) each access first calls a hook. A deterministic scheduler that
 * switches threads there can take every sequentially consistent interleaving of the library, at
 * no cost to the real build, and a counter there knows who wrote which cache line. Two more hooks let
 * it hold stores back, as a processor's store buffer does, so that an order too weak shows: one takes
 * the stores, the other says where the thread finds its own.
 */
#ifndef STMI_ATOMIC_H
#define STMI_ATOMIC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STMI_LINE 64 /* bytes that travel between cores together */

#define RELAXED memory_order_relaxed
#define ACQUIRE memory_order_acquire
#define RELEASE memory_order_release
#define SEQ_CST memory_order_seq_cst

typedef _Atomic(uint64_t) stmi_word;

typedef enum { STMI_LOAD, STMI_STORE, STMI_RMW, STMI_SPIN } stmi_access_kind;

typedef struct stmi_access {
    stmi_access_kind kind;
    memory_order order;
    const volatile void *address;
    size_t size;
    const char *site; /* the function it stands in */
    int line;
} stmi_access;

#ifdef STM_TESTING
extern void (*stmi_access_hook)(const stmi_access *access);
extern void (*stmi_store_hook)(volatile void *address, size_t size, uint64_t value, memory_order order);
extern volatile void *(*stmi_place_hook)(volatile void *address);
extern void (*stmi_show_hook)(const void *address, size_t size); /* the caller is about to read it plainly */
extern bool stmi_threads_are_logical; /* txn.c */
extern void *const stmi_logical_local; /* what the library keeps of a thread, of all logical ones: for who takes runs back */
extern const size_t stmi_logical_local_size;
#define STMI_LOGICAL_LOCAL_MAX 64

static inline void stmi_access_tell(stmi_access_kind kind, memory_order order, const volatile void *address,
                                    size_t size, const char *site, int line)
{
    if (stmi_access_hook != NULL) {
        stmi_access access = {kind, order, address, size, site, line};
        stmi_access_hook(&access);
    }
}
static inline volatile void *stmi_place(const volatile void *address)
{
    volatile void *memory = (volatile void *)(uintptr_t)address;
    return stmi_place_hook == NULL ? memory : stmi_place_hook(memory);
}
#define STMI_TELL(kind, p, order) stmi_access_tell((kind), (order), (p), sizeof(*(p)), __func__, __LINE__)
#define STMI_PLACE(p) ((__typeof__(p))stmi_place(p))
#define STMI_STORE_IN(p, value, order)                                                           \
    (stmi_store_hook == NULL                                                                     \
         ? atomic_store_explicit((p), (value), (order))                                          \
         : stmi_store_hook((p), sizeof(*(p)), (uint64_t)(uintptr_t)(value), (order)))
#else
#define STMI_TELL(kind, p, order) ((void)0)
#define STMI_PLACE(p) (p)
#define STMI_STORE_IN(p, value, order) atomic_store_explicit((p), (value), (order))
#endif

#define stmi_load(p, order) (STMI_TELL(STMI_LOAD, p, order), atomic_load_explicit(STMI_PLACE(p), (order)))
#define stmi_store(p, value, order) (STMI_TELL(STMI_STORE, p, order), STMI_STORE_IN(p, value, order))
#define stmi_add(p, value, order) (STMI_TELL(STMI_RMW, p, order), atomic_fetch_add_explicit((p), (value), (order)))
#define stmi_sub(p, value, order) (STMI_TELL(STMI_RMW, p, order), atomic_fetch_sub_explicit((p), (value), (order)))
#define stmi_or(p, value, order) (STMI_TELL(STMI_RMW, p, order), atomic_fetch_or_explicit((p), (value), (order)))
#define stmi_and(p, value, order) (STMI_TELL(STMI_RMW, p, order), atomic_fetch_and_explicit((p), (value), (order)))
#define stmi_swap(p, value, order) (STMI_TELL(STMI_RMW, p, order), atomic_exchange_explicit((p), (value), (order)))
/* On failure *expected is what was found, read with acquire at least. */
#define stmi_cas(p, expected, value, order)   \
    (STMI_TELL(STMI_RMW, p, order),           \
     atomic_compare_exchange_strong_explicit((p), (expected), (value), (order), \
                                             (order) == SEQ_CST ? SEQ_CST : ACQUIRE))

/* Plain memory that an epoch keeps is about to be read or written: nothing happens here but a change of threads, in
 * the testing build. */
#define stmi_touch(kind, p) STMI_TELL(kind, p, RELAXED)

/* What is checked afterwards in any case, so that a change of threads here could do nothing: none happens, in the testing
 * build. */
#define stmi_glimpse(p) atomic_load_explicit(STMI_PLACE(p), ACQUIRE)

/* Counters that only their owner writes and anybody may read: no order, no read-modify-write, and
 * nothing that an interleaving could change. */
#define stmi_peek(p) atomic_load_explicit(STMI_PLACE(p), RELAXED)
#define stmi_tally(p, value) \
    atomic_store_explicit((p), atomic_load_explicit((p), RELAXED) + (value), RELAXED)

/* About to look again for what another thread is just doing. */
static inline void stmi_pause(void)
{
#ifdef STM_TESTING
    static const char nothing;
    stmi_access_tell(STMI_SPIN, RELAXED, &nothing, sizeof nothing, __func__, __LINE__);
#endif
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
