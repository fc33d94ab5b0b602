/* parts.h -- the parts of the page, in their order. Each says in one line what it would need where there is
 * nothing to show. */
#ifndef SNAPSHOT_COMMAND_REPORT_PARTS_H
#define SNAPSHOT_COMMAND_REPORT_PARTS_H

#include "facts.h"
#include "frame.h"

void page_write(GString *html, const struct facts *facts); /* page.c: the whole of it */

void summary_write(GString *html, const struct facts *facts);  /* summary.c */
void treemap_write(GString *html, const struct facts *facts);  /* treemap.c */
void prefixes_write(GString *html, const struct facts *facts); /* tables.c, and all tables */
void sizes_write(GString *html, const struct facts *facts);    /* sizes.c */
void types_write(GString *html, const struct facts *facts);
void growth_write(GString *html, const struct facts *facts); /* growth.c */
void happenings_write(GString *html, const struct facts *facts);
void instants_write(GString *html, const struct facts *facts);
void differences_write(GString *html, const struct facts *facts);
void largest_write(GString *html, const struct facts *facts);
void published_write(GString *html, const struct facts *facts);
void hot_keys_write(GString *html, const struct facts *facts);
void writers_write(GString *html, const struct facts *facts);
void counters_write(GString *html, const struct facts *facts);

/* "1 key", "2 keys". */
#define KEYS(count) ((count) == 1 ? "key" : "keys")

#endif
