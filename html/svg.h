/*
 * svg.h -- what the pictures share: the canvas, linear axes, and the colours of amounts.
 *
 * Coordinates are those of a canvas CANVAS_WIDTH wide, which the style sheet scales to the column it is in. The pictures
 * over time have the same left and right edge, so that an instant is at the same place in all of them.
 * Colours are classes of style.css, since they depend on the reader's theme: h1 to h9 are the amounts, t1 to t9 text on
 * top of these.
 */
#ifndef HTML_SVG_H
#define HTML_SVG_H

#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#define CANVAS_WIDTH 1160.0
#define PLOT_LEFT 190.0
#define PLOT_RIGHT 1090.0

/* In a box that scrolls by itself where the screen is narrow. The description is what a screen reader says. */
void svg_open(GString *html, const char *picture_class, double width, double height, const char *description);
void svg_close(GString *html);

typedef struct axis {
    double from, to;   /* of what is shown */
    double begin, end; /* where: canvas coordinates; end may be smaller, as it is for one that goes up */
} axis;

double axis_at(const axis *t, double value);

/* Lines across, from top to bottom, at round times, with the time under each. */
void axis_draw_time(GString *html, const axis *t, double top, double bottom);

/* Lines across at round amounts, from left to right, with the amount before each; at most so many. */
void axis_draw_amount(GString *html, const axis *t, double left, double right, unsigned line_count_max,
                      const char *unit);

/* The smallest of 1, 2, 5, 10, 20, ... that is not smaller. */
double round_up(double value);

/* Amounts as nine colours, each step the same factor; of small amounts, each has its own. */
#define RAMP_COLOURS 9
typedef struct ramp {
    size_t level_count;
    uint64_t from[RAMP_COLOURS];   /* the smallest of each level; the first is 1 */
    unsigned colour[RAMP_COLOURS]; /* 1 to 9 */
    uint64_t max;
} ramp;

ramp ramp_make(uint64_t max);
unsigned ramp_colour(const ramp *t, uint64_t amount); /* 0: none */
void ramp_write_legend(GString *html, const ramp *t, const char *unit);

#endif
