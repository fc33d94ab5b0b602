#define _GNU_SOURCE
#include "story.h"

#include "scheduler.h"

#include <ctype.h>
#include <string.h>

#define LINE_COUNT_MAX 2000u /* of a run; what comes after is counted */
#define TEXT_SIZE 200
#define PAGE_WIDTH 108 /* of all columns */
#define KEY_SHOWN_MAX 24u

struct line {
    uint64_t step;
    unsigned thread;
    char text[TEXT_SIZE];
};

static struct line lines[LINE_COUNT_MAX];
static unsigned line_count, left_out, columns;
static bool telling;

void story_tell(bool on)
{
    telling = on;
}

void story_begin(unsigned thread_count)
{
    if (!telling)
        return;
    columns = thread_count;
    line_count = left_out = 0;
}

void story_note(const char *format, va_list arguments)
{
    unsigned thread = scheduler_thread();
    if (!telling || thread == SCHEDULER_NOBODY)
        return;
    if (line_count == LINE_COUNT_MAX) {
        left_out++;
        return;
    }
    struct line *line = &lines[line_count++];
    line->step = scheduler_step_count();
    line->thread = thread;
    vsnprintf(line->text, sizeof line->text, format, arguments);
}

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    story_note(format, arguments);
    va_end(arguments);
}

/* ------------------------------------------------------------------------- the observer -- */

/* As it is, if it prints; what does not is a dot. */
static const char *show_key(stm_bytes key, char text[KEY_SHOWN_MAX + 6])
{
    const unsigned char *bytes = key.data;
    size_t shown = key.size < KEY_SHOWN_MAX ? key.size : KEY_SHOWN_MAX;
    for (size_t i = 0; i < shown; i++)
        text[i] = (char)(isprint(bytes[i]) ? bytes[i] : '.');
    strcpy(text + shown, shown < key.size ? "..." : "");
    return text;
}

#define NUMBER(x) ((unsigned long long)(x))

static void tell_checkout(const stm_event *event, const char *key)
{
    note("%s: %s %s, version %llu", event->label, event->update ? "holds" : "reads", key,
         NUMBER(event->version_from));
}

static void tell_conflict(const stm_event *event, const char *key)
{
    note("%s: CONFLICT: %s has changed, by %s", event->label, key, event->winner.label);
}

static void on_event(void *context, const stm_event *event)
{
    char key[KEY_SHOWN_MAX + 6];
    (void)context;
    if (event->kind == STM_EVENT_BUSY && scheduler_thread() != SCHEDULER_NOBODY)
        scheduler_yield(); /* whoever makes the same call again waits for the other one */
    if (!telling)
        return;
    show_key(event->key, key);
    switch (event->kind) {
    case STM_EVENT_CHECKOUT: tell_checkout(event, key); break;
    case STM_EVENT_COMMIT:
        note("%s: commits%s, revision %llu", event->label, event->write_count == 0 ? " (read only)" : "",
             NUMBER(event->revision));
        break;
    case STM_EVENT_CONFLICT:
    case STM_EVENT_CONFLICT_KEY: tell_conflict(event, key); break;
    case STM_EVENT_BUSY: note("%s: BUSY%s%s", event->label, key[0] == '\0' ? "" : ": ", key); break;
    case STM_EVENT_ABANDON: note("%s: lets go of what it held", event->label); break;
    case STM_EVENT_SNAPSHOT_TAKEN:
        note("%s: takes a snapshot, revision %llu", event->label, NUMBER(event->revision));
        break;
    case STM_EVENT_SNAPSHOT_RELEASED: note("%s: releases its snapshot", event->label); break;
    case STM_EVENT_PUBLISH:
    case STM_EVENT_STARVING:
    case STM_EVENT_STORE_OPEN:
    case STM_EVENT_STORE_CLOSE:
    case STM_EVENT_KIND_COUNT: break;
    }
}

const stm_observer story_observer = {
    .size = sizeof story_observer,
    .events = STM_EVENT_BIT(STM_EVENT_CHECKOUT) | STM_EVENT_BIT(STM_EVENT_COMMIT) |
              STM_EVENT_BIT(STM_EVENT_CONFLICT) | STM_EVENT_BIT(STM_EVENT_CONFLICT_KEY) |
              STM_EVENT_BIT(STM_EVENT_BUSY) | STM_EVENT_BIT(STM_EVENT_ABANDON) |
              STM_EVENT_BIT(STM_EVENT_SNAPSHOT_TAKEN) | STM_EVENT_BIT(STM_EVENT_SNAPSHOT_RELEASED),
    .event = on_event,
};

/* ----------------------------------------------------------------------------- printing -- */

static unsigned width(void)
{
    return PAGE_WIDTH / (columns == 0 ? 1 : columns);
}

/* The text in its column; what does not fit goes on below, a little further in. */
static void print_line(FILE *stream, const struct line *line)
{
    unsigned room = width() - 2;
    const char *text = line->text;
    fprintf(stream, "%6llu  ", NUMBER(line->step));
    for (unsigned in = 0;; in = 2) {
        size_t length = strlen(text), part = length <= room - in ? length : room - in;
        while (part < length && part > room / 2 && text[part] != ' ')
            part--;
        fprintf(stream, "%*s%.*s\n", (int)(line->thread * width() + in), "", (int)part, text);
        text += part;
        text += strspn(text, " ");
        if (*text == '\0')
            return;
        fprintf(stream, "%8s", "");
    }
}

void story_print(FILE *stream)
{
    fprintf(stream, "%6s  ", "step");
    for (unsigned i = 0; i < columns; i++)
        fprintf(stream, "T%u%*s", i, i + 1 < columns ? (int)width() - 2 : 0, "");
    fputc('\n', stream);
    for (unsigned i = 0; i < line_count; i++)
        print_line(stream, &lines[i]);
    if (left_out > 0)
        fprintf(stream, "        ... and %u lines more\n", left_out);
}
