#include "columns.h"

#include "run.h"

#include <string.h>

#define ANSWER_COUNT_MAX (FUZZ_THREAD_COUNT_MAX * FUZZ_CALL_COUNT_MAX)
#define COLUMN_WIDTH 34

static struct answer {
    fuzz_answer told;
    char text[256];
} answers[ANSWER_COUNT_MAX]; /* in the order of their ends */
static unsigned answer_count;

static void note_answer(const fuzz_answer *told)
{
    if (answer_count == ANSWER_COUNT_MAX)
        return;
    struct answer *answer = &answers[answer_count++];
    answer->told = *told;
    snprintf(answer->text, sizeof answer->text, "%s", told->text);
}

void columns_listen(void)
{
    answer_count = 0;
    fuzz_listen(note_answer);
}

/* ---------------------------------------------------------------------------- printing -- */

static void put_cell(FILE *stream, uint64_t step, unsigned thread, const char *text)
{
    fprintf(stream, "%5llu  %*s%s\n", (unsigned long long)step, (int)thread * COLUMN_WIDTH, "", text);
}

/* The call that the thread begins, or is told of, at this step or before, and that has not been printed. */
struct cursor {
    unsigned calls[FUZZ_THREAD_COUNT_MAX]; /* begun, by thread */
    unsigned answered;
};

static struct answer *answer_of(unsigned thread, unsigned call)
{
    for (unsigned i = 0; i < answer_count; i++)
        if (answers[i].told.thread == thread && call-- == 0)
            return &answers[i];
    return NULL;
}

/* Whether another thread's call begins or ends within this one: then it takes two lines. */
static bool is_alone(const struct answer *answer)
{
    for (unsigned i = 0; i < answer_count; i++) {
        const fuzz_answer *other = &answers[i].told;
        bool begins = other->begin >= answer->told.begin && other->begin < answer->told.end;
        bool ends = other->end > answer->told.begin && other->end <= answer->told.end;
        if (other->thread != answer->told.thread && (begins || ends))
            return false;
    }
    return true;
}

static void print_answer(FILE *stream, const struct answer *answer)
{
    char call[FUZZ_CALL_TEXT_SIZE_MAX], line[400];
    fuzz_call_to_text(&answer->told.call, call);
    snprintf(line, sizeof line, "%s: %s", call, answer->text);
    put_cell(stream, answer->told.end, answer->told.thread, line);
}

static void print_begins(FILE *stream, const fuzz_program *program, struct cursor *cursor, uint64_t step, bool steps)
{
    for (unsigned thread = 0; thread < program->thread_count; thread++)
        for (unsigned *call = &cursor->calls[thread]; *call < program->threads[thread].call_count; ++*call) {
            const struct answer *answer = answer_of(thread, *call);
            bool first = *call == 0 || answer_of(thread, *call - 1) != NULL;
            uint64_t begin = answer != NULL                  ? answer->told.begin
                             : *call > 0 && first ? answer_of(thread, *call - 1)->told.end
                                                             : 0;
            if (begin > step || !first)
                break;
            char text[FUZZ_CALL_TEXT_SIZE_MAX + 32];
            fuzz_call_to_text(&program->threads[thread].calls[*call], text);
            strncat(text, answer == NULL ? " ... does not return" : " ...", sizeof text - strlen(text) - 1);
            if (answer == NULL || steps || !is_alone(answer))
                put_cell(stream, begin, thread, text);
            if (answer == NULL) {
                *call = program->threads[thread].call_count;
                break;
            }
        }
}

static void print_ends(FILE *stream, struct cursor *cursor, uint64_t step)
{
    for (; cursor->answered < answer_count && answers[cursor->answered].told.end <= step; cursor->answered++)
        print_answer(stream, &answers[cursor->answered]);
}

static void print_step(FILE *stream, uint64_t step)
{
    char text[160] = "    ";
    unsigned thread = scheduler_step_thread(step);
    bool arrives = scheduler_step_choice(step) != thread;
    if (arrives)
        strcpy(text, "  ~ ");
    scheduler_step_text(step, text + strlen(text), sizeof text - strlen(text));
    put_cell(stream, step, thread, text);
}

void columns_print(FILE *stream, const fuzz_program *program, bool steps)
{
    struct cursor cursor = {0};
    fprintf(stream, " step");
    for (unsigned i = 0; i < program->thread_count; i++)
        fprintf(stream, "  T%-*u", i + 1 < program->thread_count ? COLUMN_WIDTH - 3 : 1, i);
    fprintf(stream, "\n");
    for (uint64_t step = 0; step <= scheduler_step_count(); step++) {
        print_ends(stream, &cursor, step);
        print_begins(stream, program, &cursor, step, steps);
        if (steps && step < scheduler_step_count())
            print_step(stream, step);
    }
}
