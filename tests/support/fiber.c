#define _GNU_SOURCE
#include "fiber.h"

#include "baton.h"
#include "kept.h"
#include "sanitizer.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

/*
 * A switch by hand: what a function must preserve goes onto its stack, and the stacks are exchanged. ucontext also
 * saves the signal mask, with a system call, which costs ten times as much; it serves other processors.
 */
#if defined(__x86_64__)
typedef void *context; /* the stack pointer; below it the registers saved */

void fiber_switch(context *from, context to);

__asm__(".text\n"
        ".type fiber_switch, @function\n"
        "fiber_switch:\n"
        "    push %rbp\n    push %rbx\n    push %r12\n    push %r13\n    push %r14\n    push %r15\n"
        "    mov %rsp, (%rdi)\n"
        "    mov %rsi, %rsp\n"
        "    pop %r15\n    pop %r14\n    pop %r13\n    pop %r12\n    pop %rbx\n    pop %rbp\n"
        "    ret\n"
        ".size fiber_switch, . - fiber_switch\n");

/* As if it had just switched away: six registers, the address to go on at, and one that is never returned to. */
static void context_make(context *context, char *stack, size_t size, void (*begin)(void))
{
    uintptr_t *top = (uintptr_t *)(void *)(stack + size);
    *--top = 0; /* where a call would have put its return address: the stack was aligned before it */
    *--top = (uintptr_t)begin;
    for (int i = 0; i < 6; i++)
        *--top = 0;
    *context = top;
}

static void context_switch(context *from, context *to)
{
    fiber_switch(from, *to);
}

#define CAN_BE_SAVED (!UNDER_ASAN && !UNDER_TSAN)

static char *context_stack(const context *context)
{
    return *context;
}
#else
typedef ucontext_t context;

static void context_make(context *context, char *stack, size_t size, void (*begin)(void))
{
    if (getcontext(context) != 0) {
        perror("getcontext");
        exit(2);
    }
    context->uc_stack.ss_sp = stack;
    context->uc_stack.ss_size = size;
    makecontext(context, begin, 0);
}

static void context_switch(context *from, context *to)
{
    swapcontext(from, to);
}

#define CAN_BE_SAVED false

static char *context_stack(const context *context)
{
    (void)context;
    abort();
}
#endif

#define STACK_SIZE ((size_t)256 << 10)
#define GUARD_SIZE ((size_t)4096)

struct fiber {
    fiber_kind kind;
    void (*run)(void *arg);
    void *arg;
    void *tsan_fiber;
    /* FIBER_STACK, and home */
    context context;
    char *stack; /* NULL: the thread's own */
    const void *stack_bottom;
    size_t stack_size;
    void *asan_stack; /* its variables, where stack use after return is looked for */
    /* FIBER_THREAD, and home */
    baton baton;
    unsigned forks; /* at its start */
};

static fiber main_fiber;
static fiber *running = &main_fiber;
static fiber *previous;
static unsigned forks;

/* Weak: the program that this is linked into may have a sanitizer, or none. */
#define IF_THERE __attribute__((weak))
IF_THERE void __sanitizer_start_switch_fiber(void **save, const void *bottom, size_t size);
IF_THERE void __sanitizer_finish_switch_fiber(void *saved, const void **old_bottom, size_t *old_size);
IF_THERE void __asan_unpoison_memory_region(const volatile void *address, size_t size);
IF_THERE void *__tsan_get_current_fiber(void);
IF_THERE void *__tsan_create_fiber(unsigned flags);
IF_THERE void __tsan_destroy_fiber(void *fiber);
IF_THERE void __tsan_switch_to_fiber(void *fiber, unsigned flags);
IF_THERE void __tsan_acquire(void *address);
IF_THERE void __tsan_release(void *address);
#define NOT_ORDERED 1u

static void tell_leaving(fiber *from, const fiber *to)
{
    if (__sanitizer_start_switch_fiber != NULL)
        __sanitizer_start_switch_fiber(&from->asan_stack, to->stack_bottom, to->stack_size);
}

static void tell_arrived(fiber *here, fiber *from)
{
    if (__sanitizer_finish_switch_fiber != NULL)
        __sanitizer_finish_switch_fiber(here->asan_stack, &from->stack_bottom, &from->stack_size);
}

static void die(const char *what)
{
    perror(what);
    exit(2);
}

fiber *fiber_main(void)
{
    if (__tsan_get_current_fiber != NULL)
        main_fiber.tsan_fiber = __tsan_get_current_fiber();
    return &main_fiber;
}

/* ------------------------------------------------------------------------------- stacks -- */

/* A new fiber is passed nothing: it finds itself in `running`. */
static void begin(void)
{
    tell_arrived(running, previous);
    running->run(running->arg);
    abort();
}

static void make_stack(fiber *fresh)
{
    if (fresh->stack == NULL) {
        fresh->stack = mmap(NULL, GUARD_SIZE + STACK_SIZE, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (fresh->stack == MAP_FAILED || mprotect(fresh->stack, GUARD_SIZE, PROT_NONE) != 0)
            die("mmap");
    }
    if (__asan_unpoison_memory_region != NULL) /* what an abandoned run left there */
        __asan_unpoison_memory_region(fresh->stack + GUARD_SIZE, STACK_SIZE);
    fresh->asan_stack = NULL;
    fresh->stack_bottom = fresh->stack + GUARD_SIZE;
    fresh->stack_size = STACK_SIZE;
    context_make(&fresh->context, fresh->stack + GUARD_SIZE, STACK_SIZE, begin);
    if (__tsan_create_fiber != NULL)
        fresh->tsan_fiber = __tsan_create_fiber(0);
}

static void change_stacks(fiber *from, fiber *to, bool ordered)
{
    tell_leaving(from, to);
    if (__tsan_switch_to_fiber != NULL)
        __tsan_switch_to_fiber(to->tsan_fiber, ordered ? 0 : NOT_ORDERED);
    context_switch(&from->context, &to->context);
    tell_arrived(from, previous);
}

/* ------------------------------------------------------------------------- real threads -- */

static void count_fork(void)
{
    forks++;
}

/* What came before the changes to it that were ordered has happened before: no more. */
static void wait_for_turn(fiber *self)
{
    baton_wait(&self->baton);
    if (__tsan_acquire != NULL)
        __tsan_acquire(&self->baton);
}

static void *begin_thread(void *arg)
{
    fiber *self = arg;
    wait_for_turn(self);
    self->run(self->arg);
    abort();
}

static void make_thread(fiber *fresh)
{
    static bool watched;
    if (!watched)
        pthread_atfork(NULL, NULL, count_fork);
    watched = true;
    fresh->forks = forks;
    pthread_t thread;
    int error = pthread_create(&thread, NULL, begin_thread, fresh);
    if (error != 0) {
        fprintf(stderr, "pthread_create: %s\n", strerror(error));
        exit(2);
    }
    pthread_detach(thread); /* it serves until the process ends */
}

static void change_threads(fiber *from, fiber *to, bool ordered)
{
    if (ordered && __tsan_release != NULL)
        __tsan_release(&to->baton);
    baton_pass(&to->baton);
    wait_for_turn(from);
}

/* ---------------------------------------------------------------------------------- all -- */

fiber *fiber_open(fiber_kind kind, void (*run)(void *arg), void *arg)
{
    fiber *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL)
        die("calloc");
    fresh->kind = kind;
    fresh->run = run;
    fresh->arg = arg;
    if (kind == FIBER_STACK)
        make_stack(fresh);
    else
        make_thread(fresh);
    return fresh;
}

fiber *fiber_open_again(fiber *old)
{
    if (old->kind == FIBER_THREAD) /* which still looks at its baton */
        return fiber_open(FIBER_THREAD, old->run, old->arg);
    if (__tsan_destroy_fiber != NULL)
        __tsan_destroy_fiber(old->tsan_fiber);
    make_stack(old);
    return old;
}

bool fiber_can_be_saved(fiber_kind kind)
{
    return CAN_BE_SAVED && kind == FIBER_STACK && __sanitizer_start_switch_fiber == NULL &&
           __tsan_switch_to_fiber == NULL;
}

char *fiber_save(const fiber *fiber, char *to)
{
    const char *top = fiber->stack + GUARD_SIZE + STACK_SIZE, *stack = context_stack(&fiber->context);
    to = kept_write(to, &fiber->context, sizeof fiber->context);
    return kept_write(to, stack, (size_t)(top - stack));
}

const char *fiber_load(fiber *fiber, const char *from)
{
    const char *top = fiber->stack + GUARD_SIZE + STACK_SIZE;
    from = kept_read(from, &fiber->context, sizeof fiber->context);
    char *stack = context_stack(&fiber->context);
    return kept_read(from, stack, (size_t)(top - stack));
}

bool fiber_is_lost(const fiber *fiber)
{
    return fiber->kind == FIBER_THREAD && fiber->forks != forks;
}

void fiber_change(fiber *to, bool ordered)
{
    fiber *from = running;
    previous = from;
    running = to;
    ordered |= !UNDER_TSAN;
    if (from->kind == FIBER_THREAD || to->kind == FIBER_THREAD)
        change_threads(from, to, ordered);
    else
        change_stacks(from, to, ordered);
}
