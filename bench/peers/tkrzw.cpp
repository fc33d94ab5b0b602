/*
 * tkrzw.cpp -- Tkrzw's databases in memory: a hash table (TinyDBM) and a B+ tree (BabyDBM). ProcessMulti
 * runs a processor on each of several keys while it holds all of their locks.
 */
#include "peer.h"

#include <string>
#include <string_view>
#include <tkrzw_dbm_baby.h>
#include <tkrzw_dbm_tiny.h>
#include <tkrzw_lib_common.h>
#include <utility>
#include <vector>

namespace
{

using dbm = tkrzw::DBM;

struct tkrzw_context : peer_context {
    dbm *db;
    size_t value_size;
    std::vector<std::pair<std::string_view, dbm::RecordProcessor *>> work;
};

struct tkrzw_store {
    dbm *db;
    size_t value_size;
};

tkrzw_context *own(peer_context *context)
{
    return static_cast<tkrzw_context *>(context);
}

void must(const tkrzw::Status &status, const char *call)
{
    if (!status.IsOK())
        bench_fail("%s: %s", call, tkrzw::ToString(status).c_str());
}

/* ----------------------------------------------------------------------------- processors -- */

class adder final : public dbm::RecordProcessor
{
  public:
    int64_t delta = 0;

    std::string_view ProcessFull(std::string_view, std::string_view value) override
    {
        changed.assign(value);
        peer_add(changed.data(), delta);
        return changed;
    }
    std::string_view ProcessEmpty(std::string_view key) override
    {
        bench_fail("the database has lost %.16s", std::string(key).c_str());
    }

  private:
    std::string changed;
};

class summer final : public dbm::RecordProcessor
{
  public:
    peer_sum all = {0, 0};

    std::string_view ProcessFull(std::string_view, std::string_view value) override
    {
        all.sum += peer_number(value.data());
        all.count++;
        return NOOP;
    }
};

/* Sets, or removes where there is no value. */
class setter final : public dbm::RecordProcessor
{
  public:
    std::string_view value;
    bool removes = false;

    std::string_view ProcessFull(std::string_view, std::string_view) override
    {
        return removes ? REMOVE : value;
    }
    std::string_view ProcessEmpty(std::string_view key) override
    {
        if (removes)
            bench_fail("the database has lost %.16s", std::string(key).c_str());
        return value;
    }
};

std::string_view view(const char *text)
{
    return std::string_view(text, PEER_KEY_SIZE);
}

/* ----------------------------------------------------------------------------- operations -- */

void put(peer_context *context, const peer_keys *keys, const void *value)
{
    tkrzw_context *c = own(context);
    setter set;
    set.value = std::string_view(static_cast<const char *>(value), c->value_size);
    c->work.clear();
    for (size_t i = 0; i < keys->count; i++)
        c->work.emplace_back(view(keys->texts[i]), &set);
    must(c->db->ProcessMulti(c->work, true), "ProcessMulti");
    context->commits++;
}

void update(peer_context *context, const peer_keys *keys, const int64_t *deltas)
{
    thread_local std::vector<adder> adders(PEER_KEYS_MAX);
    tkrzw_context *c = own(context);
    c->work.clear();
    for (size_t i = 0; i < keys->count; i++) {
        adders[i].delta = deltas[i];
        c->work.emplace_back(view(keys->texts[i]), &adders[i]);
    }
    must(c->db->ProcessMulti(c->work, true), "ProcessMulti");
    context->commits++;
}

int64_t read_sum(peer_context *context, const peer_keys *keys)
{
    tkrzw_context *c = own(context);
    summer sum;
    c->work.clear();
    for (size_t i = 0; i < keys->count; i++)
        c->work.emplace_back(view(keys->texts[i]), &sum);
    must(c->db->ProcessMulti(c->work, false), "ProcessMulti");
    if (sum.all.count != keys->count)
        bench_fail("the database has lost a key");
    context->commits++;
    return sum.all.sum;
}

void replace(peer_context *context, const peer_keys *keys, const void *value)
{
    tkrzw_context *c = own(context);
    setter remove, set;
    remove.removes = true;
    set.value = std::string_view(static_cast<const char *>(value), c->value_size);
    c->work.clear();
    c->work.emplace_back(view(keys->texts[0]), &remove);
    c->work.emplace_back(view(keys->texts[1]), &set);
    must(c->db->ProcessMulti(c->work, true), "ProcessMulti");
    context->commits++;
}

/* ProcessEach visits bucket by bucket: writers come in between. */
peer_sum scan(peer_context *context)
{
    summer sum;
    must(own(context)->db->ProcessEach(&sum, false), "ProcessEach");
    return sum.all;
}

peer_sum range(peer_context *context, const char *low, size_t count)
{
    summer sum;
    auto at = own(context)->db->MakeIterator();
    must(at->Jump(view(low)), "Jump");
    while (sum.all.count < count && at->Process(&sum, false).IsOK())
        must(at->Next(), "Next");
    return sum.all;
}

/* -------------------------------------------------------------------------- open and close -- */

const char *version()
{
    return tkrzw::PACKAGE_VERSION;
}

void *open_hash(const peer_setup *setup)
{
    auto buckets = static_cast<int64_t>(setup->key_count_max * 2 + 1);
    return new tkrzw_store{new tkrzw::TinyDBM(buckets), setup->value_size};
}

void *open_tree(const peer_setup *setup)
{
    return new tkrzw_store{new tkrzw::BabyDBM(), setup->value_size};
}

void close_store(void *arg)
{
    tkrzw_store *store = static_cast<tkrzw_store *>(arg);
    delete store->db;
    delete store;
}

peer_context *enter(void *arg)
{
    tkrzw_store *store = static_cast<tkrzw_store *>(arg);
    tkrzw_context *c = new tkrzw_context{};
    c->db = store->db;
    c->value_size = store->value_size;
    return c;
}

void leave(peer_context *context)
{
    delete own(context);
}

const peer hash = {
    .name = "tkrzw",
    .title = "Tkrzw, hash table",
    .setup = "TinyDBM, ProcessMulti",
    .gives =
        {.atomic = 1, .isolation = PEER_ISOLATION_SERIALIZABLE, .snapshot = 0, .durable = 0, .blocks = 1},
    .threads_max = 0,
    .scans_alone = 0,
    .by_handle = 0,
    .version = version,
    .open = open_hash,
    .close = close_store,
    .enter = enter,
    .leave = leave,
    .put = put,
    .update = update,
    .read = read_sum,
    .prefetch = nullptr,
    .replace = replace,
    .scan = scan,
    .range = nullptr,
    .bytes_elsewhere = nullptr,
};

const peer tree = {
    .name = "tkrzw-tree",
    .title = "Tkrzw, B+ tree",
    .setup = "BabyDBM, ProcessMulti",
    .gives =
        {.atomic = 1, .isolation = PEER_ISOLATION_SERIALIZABLE, .snapshot = 0, .durable = 0, .blocks = 1},
    .threads_max = 0,
    .scans_alone = 0,
    .by_handle = 0,
    .version = version,
    .open = open_tree,
    .close = close_store,
    .enter = enter,
    .leave = leave,
    .put = put,
    .update = update,
    .read = read_sum,
    .prefetch = nullptr,
    .replace = replace,
    .scan = scan,
    .range = range,
    .bytes_elsewhere = nullptr,
};

} // namespace

extern const peer *const bench_peers[] = {&hash, &tree, nullptr};
