/*
 * table.h -- a table that the page's script lets sort: each cell of figures tells its plain value.
 *
 * table_open, then for each row its cells in the order of the columns, between table_row_begin and table_row_end, then
 * table_close. Longer lists are cut by the caller at TABLE_ROWS_MAX, and table_close says how many there were.
 */
#ifndef HTML_TABLE_H
#define HTML_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#define TABLE_ROWS_MAX ((size_t)400)

typedef struct column {
    const char *title;
    const char *hint; /* what it means, where the title alone does not say it; or NULL */
    char of;          /* 't' text, 'n' figures */
} column;

void table_open(GString *html, const char *caption, const column *columns, size_t column_count);
void table_row_begin(GString *html);
void table_row_end(GString *html);
void table_close(GString *html, size_t row_count_all);

void cell_name(GString *html, const char *name); /* a key, a label: as the program calls it */
void cell_text(GString *html, const char *text);
void cell_count(GString *html, uint64_t count);
void cell_count_if(GString *html, bool is_known, uint64_t count);
void cell_number(GString *html, uint64_t number); /* of a thread, a transaction: not an amount */
void cell_duration(GString *html, int64_t ns);
void cell_moment(GString *html, int64_t ns);
void cell_span(GString *html, int64_t from_ns, int64_t to_ns);
void cell_share(GString *html, double share);
void cell_ratio(GString *html, uint64_t part, uint64_t whole);
void cell_unknown(GString *html); /* sorts below all figures */

/* Conflicts and busy as two parts of a bar, whose whole length is so many. */
void cell_losses(GString *html, uint64_t conflicts, uint64_t busy, uint64_t most);

#endif
