#include "key_text.h"

#define ESCAPE_SIZE 4 /* \xNN */

static bool shows(unsigned char byte)
{
    return byte >= ' ' && byte < 127 && byte != '"' && byte != '\\';
}

static void escape(unsigned char byte, char *text)
{
    static const char digits[] = "0123456789abcdef";
    text[0] = '\\';
    text[1] = 'x';
    text[2] = digits[byte >> 4];
    text[3] = digits[byte & 15];
}

size_t key_text(stm_bytes key, char *text, size_t size)
{
    const unsigned char *bytes = key.data;
    size_t length = 0;
    for (size_t i = 0; i < key.size; i++) {
        size_t width = shows(bytes[i]) ? 1 : ESCAPE_SIZE;
        if (length + width > size)
            break;
        if (width == 1)
            text[length] = (char)bytes[i];
        else
            escape(bytes[i], text + length);
        length += width;
    }
    text[length] = '\0';
    return length;
}
