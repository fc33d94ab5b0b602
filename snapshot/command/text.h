/*
 * text.h -- any bytes as text that can be seen, the same everywhere, and back.
 *
 * UTF-8 that prints stands for itself. A backslash is \\, and each byte of whatever does not print -- control
 * characters, bytes that are no UTF-8, characters that cannot be seen or that turn the reading direction --
 * is \xNN. So different bytes look different, a terminal is safe, and what was printed can be given back on
 * the command line.
 */
#ifndef SNAPSHOT_COMMAND_TEXT_H
#define SNAPSHOT_COMMAND_TEXT_H

#include <glib.h>
#include <stdio.h>
#include <stm/stm.h>

/* The character at the beginning of bytes (left > 0), and how many bytes it takes. What does not print is one
 * byte, and *character is then TEXT_BYTE. */
#define TEXT_BYTE ((gunichar)-1)
size_t text_character(const unsigned char *bytes, size_t left, gunichar *character);

/* How many bytes at the beginning stand for themselves everywhere: ASCII that prints, but no backslash and no
 * quote. */
size_t text_plain(const unsigned char *bytes, size_t left);

/* Is it UTF-8 as a whole, without NUL? Such a value is text to JSON, whether or not all of it prints. */
bool text_is_utf8(stm_bytes bytes);

/* Returns how many columns were used. */
size_t text_put(FILE *out, stm_bytes bytes);
/* At most so many columns: what is longer ends with "…". */
size_t text_put_short(FILE *out, stm_bytes bytes, size_t columns_max);
/* The short form in memory, to be freed by the caller; columns_max SIZE_MAX: all of it. */
GString *text_escaped(stm_bytes bytes, size_t columns_max);

/* Back to bytes, which the caller frees by g_byte_array_unref; NULL: a backslash begins neither \\ nor \xNN.
 * */
GByteArray *text_unescaped(const char *text);

/* "12,345,678"; valid until the sixth next call. */
const char *text_count(int64_t count);
/* "12.3 KiB"; the same. */
const char *text_size(int64_t size);
/* The fewest digits that give the same number back, in every locale; told from an integer. "inf", "nan". The
 * same. */
const char *text_real(double real);
void text_put_hex(FILE *out, stm_bytes bytes);

#endif
