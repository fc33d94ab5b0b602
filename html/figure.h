/*
 * figure.h -- numbers as people read them: 12,345, 1.25 ms, 0.4 %.
 *
 * A figure is a value, so that it can be made in the middle of an argument list: figure_count(n).text lives until the
 * end of the whole call. A space before a unit does not break.
 */
#ifndef HTML_FIGURE_H
#define HTML_FIGURE_H

#include <stdint.h>

typedef struct figure {
    char text[40];
} figure;

figure figure_count(uint64_t count); /* every digit: 12,345 */
figure figure_short(double count);   /* three digits: 12.3 k */
figure figure_duration(int64_t ns);  /* three digits: 1.25 ms; from two minutes 2 min 05 s */
figure figure_moment(int64_t ns);    /* to the microsecond, to be found in a trace: 944.121 ms, 61.204335 s */
figure figure_span(int64_t from_ns, int64_t to_ns); /* how long that is, whatever the two are */
int64_t figure_ns(double ns);                       /* the nearest that there is */
figure figure_clock(int64_t ns); /* whole seconds, for axes of minutes and hours: 2:05, 1:02:05 */
figure
figure_share(double share); /* of 0 to 1: 34 %, 0.4 %; what is not quite nothing or all does not look so */
figure figure_ratio(uint64_t part, uint64_t whole); /* the same of two counts; "–" of nothing */

#endif
