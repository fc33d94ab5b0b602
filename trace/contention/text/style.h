/*
 * style.h -- how the text report looks: colours on a terminal only, names cut to their column, bars.
 */
#ifndef CONTENTION_STYLE_H
#define CONTENTION_STYLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef enum tone { TONE_PLAIN = 0, TONE_HEADING, TONE_STRONG, TONE_QUIET, TONE_OK, TONE_CONFLICT, TONE_BUSY, TONE_WARNING } tone;

typedef struct page {
    FILE *file;
    bool coloured;
    size_t width; /* columns */
} page;

page page_open(FILE *file);

/* The codes around text of that tone; both "" where there are no colours. */
const char *page_tone(const page *page, tone tone);
const char *page_plain(const page *page);

void page_heading(const page *page, const char *title);
/* A text of any length, broken between words; the lines after the first begin with indent blanks. */
void page_paragraph(const page *page, tone tone, const char *first, size_t indent, const char *text);
/* What a section lacks. */
void page_missing(const page *page, const char *text);

/* A name in so many columns, cut in its middle if it is too long. */
void page_name(const page *page, const char *name, size_t columns);
/* A bar of a share, 0 to 1, in so many columns. */
void page_bar(const page *page, tone tone, double share, size_t columns);

#endif
