/*
 * key_text.h -- names of accounts and random numbers, cheap enough not to count.
 *
 * Every variant that goes by name, the plain ones too, builds the text of its keys for each operation,
 * as a program that has an account number would.
 */
#ifndef BENCH_KEY_TEXT_H
#define BENCH_KEY_TEXT_H

#include <stdint.h>
#include <string.h>

#define BENCH_KEY_SIZE 16 /* "account:" and eight digits */

/* The eight decimal digits of number in one word, the first in the lowest byte: halves of four
 * digits, then pairs, then single ones, all lanes at once. The multiplications by 10,486 / 2^20 and
 * 103 / 2^10 divide numbers below 10,000 by 100, and below 100 by 10. */
static inline uint64_t bench_digits(uint32_t number)
{
    uint64_t fours = number / 10000 | (uint64_t)(number % 10000) << 32;
    uint64_t hundreds = fours * 10486 >> 20 & UINT64_C(0x0000007f0000007f);
    uint64_t twos = hundreds | (fours - hundreds * 100) << 16;
    uint64_t tens = twos * 103 >> 10 & UINT64_C(0x000f000f000f000f);
    return (tens | (twos - tens * 10) << 8) + UINT64_C(0x3030303030303030);
}

/* number is below 100,000,000. In two stores of eight bytes, which a hash can read back at once. */
static inline void bench_key_write(char key[BENCH_KEY_SIZE], uint32_t number)
{
    uint64_t digits = bench_digits(number);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    digits = __builtin_bswap64(digits);
#endif
    memcpy(key, "account:", 8);
    memcpy(key + 8, &digits, 8);
}

/* Marsaglia's xorshift: a generator for each thread, because a shared one would be a lock. */
static inline uint64_t bench_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}

/* A number below count, which is below 2^32. */
static inline uint32_t bench_random_below(uint64_t *state, size_t count)
{
    return (uint32_t)((bench_random(state) >> 32) * count >> 32);
}

/* Two different ones. */
static inline void bench_random_pair(uint64_t *state, size_t count, uint32_t pair[2])
{
    pair[0] = bench_random_below(state, count);
    pair[1] = bench_random_below(state, count - 1);
    if (pair[1] >= pair[0])
        pair[1]++;
}

#endif
