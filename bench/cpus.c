/* cpus.c -- see cpus.h. */
#include "cpus.h"

#include "peers/peer.h" /* bench_fail */

#include <sched.h>

static cpu_set_t allowed; /* when the program began; read only after that */
static unsigned allowed_count;

unsigned bench_cpu_count(void)
{
    if (allowed_count == 0) {
        if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
            bench_fail("no list of CPUs");
        allowed_count = (unsigned)CPU_COUNT(&allowed);
    }
    return allowed_count;
}

void bench_pin(unsigned index)
{
    cpu_set_t one;
    unsigned cpu = 0;
    for (unsigned seen = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &allowed) && seen++ == index)
            break;
    }
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    (void)sched_setaffinity(0, sizeof one, &one); /* unpinned is noisier, not wrong */
}
