#include "zipf.h"

#include "../key_text.h"

#include <math.h>

#define THETA 0.99
#define ALPHA (1 / (1 - THETA))
#define SCATTER UINT64_C(2654435761) /* a prime */

zipf zipf_of(size_t count)
{
    zipf z = {.count = (uint32_t)count, .second = 1 + pow(0.5, THETA)};
    for (size_t k = 1; k <= count; k++)
        z.zeta += 1 / pow((double)k, THETA);
    z.eta = (1 - pow(2.0 / (double)count, 1 - THETA)) / (1 - z.second / z.zeta);
    return z;
}

uint32_t zipf_next(const zipf *z, uint64_t *random)
{
    double u = (double)(bench_random(random) >> 11) * 0x1p-53;
    uint64_t rank;
    if (u * z->zeta < 1)
        rank = 0;
    else if (u * z->zeta < z->second)
        rank = 1;
    else
        rank = (uint64_t)(z->count * pow(z->eta * u - z->eta + 1, ALPHA));
    return (uint32_t)((rank < z->count ? rank : 0) * SCATTER % z->count);
}
