#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static gboolean is_seen(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return FALSE;
    case G_UNICODE_SPACE_SEPARATOR:
        return c == ' ';
    default:
        return TRUE;
    }
}

size_t text_character(const unsigned char *bytes, size_t left, gunichar *character)
{
    *character = TEXT_BYTE;
    if (bytes[0] < 0x80) {
        if (bytes[0] >= ' ' && bytes[0] != 0x7f)
            *character = bytes[0];
        return 1;
    }
    gunichar c = g_utf8_get_char_validated((const char *)bytes, (gssize)MIN(left, 6));
    if (c == (gunichar)-1 || c == (gunichar)-2 || !is_seen(c))
        return 1;
    *character = c;
    return (size_t)g_unichar_to_utf8(c, NULL);
}

size_t text_plain(const unsigned char *bytes, size_t left)
{
    size_t size = 0;
    while (size < left && bytes[size] >= ' ' && bytes[size] < 0x7f && bytes[size] != '\\' &&
           bytes[size] != '"')
        size++;
    return size;
}

bool text_is_utf8(stm_bytes bytes)
{
    return g_utf8_validate_len(bytes.data, bytes.size, NULL); /* false with a NUL, too */
}

/* One character or byte, as it is shown: in piece, NUL-terminated. Returns how many bytes of the text it
 * stands for. */
#define PIECE_SIZE 8
static size_t show(const unsigned char *bytes, size_t left, char piece[PIECE_SIZE], size_t *columns)
{
    gunichar c;
    size_t size = text_character(bytes, left, &c);
    if (c == TEXT_BYTE) {
        g_snprintf(piece, PIECE_SIZE, "\\x%02x", bytes[0]);
        *columns = 4;
    } else if (c == '\\') {
        memcpy(piece, "\\\\", 3);
        *columns = 2;
    } else {
        memcpy(piece, bytes, size);
        piece[size] = '\0';
        *columns = g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
    }
    return size;
}

size_t text_put(FILE *out, stm_bytes bytes)
{
    const unsigned char *data = bytes.data;
    char piece[PIECE_SIZE];
    size_t columns, all = 0;
    for (size_t i = 0; i < bytes.size; all += columns) {
        columns = text_plain(data + i, bytes.size - i);
        if (columns > 0) {
            fwrite(data + i, 1, columns, out);
            i += columns;
            continue;
        }
        i += show(data + i, bytes.size - i, piece, &columns);
        fputs(piece, out);
    }
    return all;
}

/* How much fits into so many columns; a pile of marks without a width of their own is bounded, too. */
static size_t fitting(stm_bytes bytes, size_t columns_max, size_t *columns)
{
    const unsigned char *data = bytes.data;
    char piece[PIECE_SIZE];
    size_t i = 0, width;
    *columns = 0;
    while (i < bytes.size && (columns_max == SIZE_MAX || i < columns_max * 8)) {
        size_t size = show(data + i, bytes.size - i, piece, &width);
        if (*columns + width > columns_max)
            break;
        *columns += width;
        i += size;
    }
    return i;
}

/* What of it is shown, and whether "…" follows. */
static stm_bytes shortened(stm_bytes bytes, size_t columns_max, bool *cut)
{
    size_t columns, size = fitting(bytes, columns_max, &columns);
    *cut = size < bytes.size;
    if (*cut && columns_max > 0)
        size = fitting(bytes, columns_max - 1, &columns);
    return stm_bytes_of(bytes.data, size);
}

size_t text_put_short(FILE *out, stm_bytes bytes, size_t columns_max)
{
    bool cut;
    size_t columns = text_put(out, shortened(bytes, columns_max, &cut));
    if (cut)
        fputs("…", out);
    return columns + cut;
}

GString *text_escaped(stm_bytes bytes, size_t columns_max)
{
    bool cut;
    stm_bytes shown = shortened(bytes, columns_max, &cut);
    const unsigned char *data = shown.data;
    GString *text = g_string_new(NULL);
    char piece[PIECE_SIZE];
    size_t columns;
    for (size_t i = 0; i < shown.size;) {
        i += show(data + i, shown.size - i, piece, &columns);
        g_string_append(text, piece);
    }
    if (cut)
        g_string_append(text, "…");
    return text;
}

/* The byte that an escape stands for, -1: it is none. text is after the backslash. */
static int unescaped(const char *text, size_t *size)
{
    *size = text[0] == '\\' ? 1 : 3;
    if (text[0] == '\\')
        return '\\';
    if (text[0] != 'x' || !g_ascii_isxdigit(text[1]) || !g_ascii_isxdigit(text[2]))
        return -1;
    return g_ascii_xdigit_value(text[1]) * 16 + g_ascii_xdigit_value(text[2]);
}

GByteArray *text_unescaped(const char *text)
{
    GByteArray *bytes = g_byte_array_new();
    for (; *text != '\0'; text++) {
        guint8 byte = (guint8)*text;
        if (*text == '\\') {
            size_t size;
            int value = unescaped(text + 1, &size);
            if (value < 0) {
                g_byte_array_unref(bytes);
                return NULL;
            }
            byte = (guint8)value;
            text += size;
        }
        g_byte_array_append(bytes, &byte, 1);
    }
    return bytes;
}

#define TEXTS 6
static char *next_text(void)
{
    static char texts[TEXTS][32];
    static unsigned next;
    next = (next + 1) % TEXTS;
    return texts[next];
}

const char *text_count(int64_t count)
{
    char digits[24], *text = next_text(), *at = text;
    int size = g_snprintf(digits, sizeof digits, "%" PRId64, count);
    for (int i = 0; i < size; i++) {
        *at++ = digits[i];
        if ((size - i) % 3 == 1 && i + 1 < size && digits[i] != '-')
            *at++ = ',';
    }
    *at = '\0';
    return text;
}

const char *text_size(int64_t size)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    char *text = next_text();
    double amount = (double)size;
    unsigned unit = 0;
    for (; amount >= 1023.95 && unit + 1 < G_N_ELEMENTS(units); unit++)
        amount /= 1024;
    g_snprintf(text, 32, unit == 0 ? "%.0f %s" : "%.1f %s", amount, units[unit]);
    return text;
}

void text_put_hex(FILE *out, stm_bytes bytes)
{
    const unsigned char *data = bytes.data;
    for (size_t i = 0; i < bytes.size; i++)
        fprintf(out, "%02x", data[i]);
}

const char *text_real(double real)
{
    char *text = next_text();
    for (int digits = 15; digits <= 17; digits++) {
        char format[8];
        g_snprintf(format, sizeof format, "%%.%dg", digits);
        g_ascii_formatd(text, 32, format, real);
        if (g_ascii_strtod(text, NULL) == real)
            break;
    }
    if (isfinite(real) && strpbrk(text, ".e") == NULL)
        strcat(text, ".0");
    return text;
}
