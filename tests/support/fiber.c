#define _GNU_SOURCE
#include "fiber.h"

#include "sanitizer.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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
#endif

#define STACK_SIZE ((size_t)256 << 10)
#define GUARD_SIZE ((size_t)4096)

struct fiber {
    context context;
    void (*run)(void *arg);
    void *arg;
    char *stack; /* NULL: the thread's own */
    const void *stack_bottom;
    size_t stack_size;
    void *asan_stack; /* its variables, where stack use after return is looked for */
    void *tsan_fiber;
};

static fiber main_fiber;
static fiber *running = &main_fiber;
static fiber *previous;

#if UNDER_ASAN
void __sanitizer_start_switch_fiber(void **save, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *saved, const void **old_bottom, size_t *old_size);

static void tell_leaving(fiber *from, const fiber *to)
{
    __sanitizer_start_switch_fiber(&from->asan_stack, to->stack_bottom, to->stack_size);
}

static void tell_arrived(fiber *here, fiber *from)
{
    __sanitizer_finish_switch_fiber(here->asan_stack, &from->stack_bottom, &from->stack_size);
}
#else
static void tell_leaving(const fiber *from, const fiber *to)
{
    (void)from;
    (void)to;
}

static void tell_arrived(const fiber *here, const fiber *from)
{
    (void)here;
    (void)from;
}
#endif

#if UNDER_TSAN
void *__tsan_get_current_fiber(void);
void *__tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void *fiber);
void __tsan_switch_to_fiber(void *fiber, unsigned flags);
#define NOT_ORDERED 1u
#endif

static void die(const char *what)
{
    perror(what);
    exit(2);
}

/* A new fiber is passed nothing: it finds itself in `running`. */
static void begin(void)
{
    tell_arrived(running, previous);
    running->run(running->arg);
    abort();
}

fiber *fiber_main(void)
{
#if UNDER_TSAN
    main_fiber.tsan_fiber = __tsan_get_current_fiber();
#endif
    return &main_fiber;
}

fiber *fiber_open(void (*run)(void *arg), void *arg)
{
    fiber *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL)
        die("calloc");
    fresh->stack = mmap(NULL, GUARD_SIZE + STACK_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (fresh->stack == MAP_FAILED || mprotect(fresh->stack, GUARD_SIZE, PROT_NONE) != 0)
        die("mmap");
    fresh->run = run;
    fresh->arg = arg;
    fresh->stack_bottom = fresh->stack + GUARD_SIZE;
    fresh->stack_size = STACK_SIZE;
    context_make(&fresh->context, fresh->stack + GUARD_SIZE, STACK_SIZE, begin);
#if UNDER_TSAN
    fresh->tsan_fiber = __tsan_create_fiber(0);
#endif
    return fresh;
}

void fiber_close(fiber *fiber)
{
#if UNDER_TSAN
    __tsan_destroy_fiber(fiber->tsan_fiber);
#endif
    munmap(fiber->stack, GUARD_SIZE + STACK_SIZE);
    free(fiber);
}

void fiber_change(fiber *to, bool ordered)
{
    fiber *from = running;
    previous = from;
    running = to;
    tell_leaving(from, to);
#if UNDER_TSAN
    __tsan_switch_to_fiber(to->tsan_fiber, ordered ? 0 : NOT_ORDERED);
#else
    (void)ordered;
#endif
    context_switch(&from->context, &to->context);
    tell_arrived(from, previous);
}
