#include "value.h"

#include "random.h"

/* bits 0-47 serial, from 1 | 48-55 thread | 56-59 kind + 1 */

uint64_t value_number(value_kind kind, unsigned thread, uint64_t serial)
{
    return ((uint64_t)kind + 1) << 56 | (uint64_t)thread << 48 | (serial + 1);
}

static size_t between(uint64_t number, size_t low, size_t high)
{
    return low + random_mix(number) % (high - low + 1);
}

static size_t size_of(uint64_t number, unsigned kind)
{
    switch (kind) {
    case VALUE_SMALL:
        return between(number, 9, 16);
    case VALUE_MIDDLE:
        return between(number, 17, 256);
    case VALUE_LARGE:
        return between(number, 257, VALUE_SIZE_MAX);
    case VALUE_MIXED:
        return size_of(number, (unsigned)(random_mix(~number) % VALUE_MIXED));
    default:
        return 8;
    }
}

static size_t size_of_number(uint64_t number)
{
    return size_of(number, (unsigned)(number >> 56) - 1);
}

static uint64_t word_at(uint64_t number, size_t place)
{
    return place == 0 ? number : random_mix(number + place);
}

stm_bytes value_write(uint64_t number, char buffer[VALUE_SIZE_MAX])
{
    size_t size = size_of_number(number);
    for (size_t at = 0; at < size; at += 8) {
        uint64_t word = word_at(number, at);
        memcpy(buffer + at, &word, size - at < 8 ? size - at : 8);
    }
    return stm_bytes_of(buffer, size);
}

uint64_t value_read(stm_bytes value)
{
    uint64_t number;
    if (value.data == NULL || value.size < 8)
        return 0;
    memcpy(&number, value.data, 8);
    unsigned kind = (unsigned)(number >> 56) - 1;
    if (kind >= VALUE_KIND_COUNT || value.size != size_of_number(number))
        return 0;
    for (size_t at = 8; at < value.size; at += 8) {
        uint64_t word = word_at(number, at);
        if (memcmp((const char *)value.data + at, &word, value.size - at < 8 ? value.size - at : 8) != 0)
            return 0;
    }
    return number;
}
