#include "store_buffer.h"

#include <string.h>

static void write_memory(const store_buffer_entry *entry)
{
    if (entry->size == sizeof(uint64_t))
        __atomic_store_n((volatile uint64_t *)entry->address, entry->value, __ATOMIC_RELEASE);
    else
        __atomic_store_n((volatile uint32_t *)entry->address, (uint32_t)entry->value, __ATOMIC_RELEASE);
}

void store_buffer_add(store_buffer *buffer, const store_buffer_entry *entry)
{
    if (buffer->count == STORE_BUFFER_COUNT_MAX)
        store_buffer_arrive(buffer, 0);
    buffer->entries[buffer->count++] = *entry;
}

volatile void *store_buffer_place(store_buffer *buffer, volatile void *address)
{
    for (unsigned i = buffer->count; i-- > 0;)
        if (buffer->entries[i].address == address)
            return &buffer->entries[i].value; /* its low bytes come first, as in memory */
    return address;
}

static bool may_overtake(const store_buffer *buffer, unsigned at)
{
    if (buffer->entries[at].order == RELEASE)
        return false;
    for (unsigned i = 0; i < at; i++)
        if (buffer->entries[i].address == buffer->entries[at].address)
            return false;
    return true;
}

unsigned store_buffer_overtaker(const store_buffer *buffer)
{
    unsigned at = buffer->count == 0 ? 0 : buffer->count - 1;
    while (at > 0 && !may_overtake(buffer, at))
        at--;
    return at;
}

uint64_t store_buffer_behind(const store_buffer *buffer, unsigned at)
{
    uint64_t behind = UINT64_C(1) << at;
    for (unsigned i = at + 1; i < buffer->count; i++) {
        bool stuck = buffer->entries[i].order == RELEASE;
        for (unsigned j = at; j < i && !stuck; j++)
            stuck = (behind >> j & 1) != 0 && buffer->entries[j].address == buffer->entries[i].address;
        behind |= (uint64_t)stuck << i;
    }
    return behind;
}

void store_buffer_arrive(store_buffer *buffer, unsigned at)
{
    write_memory(&buffer->entries[at]);
    buffer->count--;
    memmove(&buffer->entries[at], &buffer->entries[at + 1], (buffer->count - at) * sizeof buffer->entries[0]);
}

void store_buffer_arrive_all(store_buffer *buffer)
{
    for (unsigned i = 0; i < buffer->count; i++)
        write_memory(&buffer->entries[i]);
    buffer->count = 0;
}

static bool touches(const store_buffer_entry *entry, uintptr_t address, size_t size)
{
    uintptr_t at = (uintptr_t)entry->address;
    return at < address + size && address < at + entry->size;
}

void store_buffer_arrive_upto(store_buffer *buffer, const volatile void *address, size_t size)
{
    unsigned count = buffer->count;
    while (count > 0 && !touches(&buffer->entries[count - 1], (uintptr_t)address, size))
        count--;
    for (; count > 0; count--)
        store_buffer_arrive(buffer, 0);
}
