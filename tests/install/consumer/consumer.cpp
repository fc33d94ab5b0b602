// A C++11 program that knows of libstm only what is installed: two threads move money in blocks.
#include <stm/probe.h>
#include <stm/stm.h>

#include <cstdint>
#include <iostream>
#include <thread>

static const int transfers = 1000;

static bool transfer(stm_store *store)
{
    bool ok = true;
    for (int i = 0; i < transfers; i++) {
        STM_ATOMICALLY(store, txn, "transfer", "alice", "bob") {
            int64_t alice = 0, bob = 0;
            ok = stm_txn_use_int64(txn, stm_text("alice"), &alice) == STM_OK &&
                 stm_txn_use_int64(txn, stm_text("bob"), &bob) == STM_OK &&
                 stm_txn_set_int64(txn, stm_text("alice"), alice - 1) == STM_OK &&
                 stm_txn_set_int64(txn, stm_text("bob"), bob + 1) == STM_OK;
        }
        if (!ok || stm_atomically_status() != STM_OK)
            return false;
    }
    return true;
}

int main()
{
    stm_store *store = nullptr;
    if (stm_store_open(nullptr, &store) != STM_OK)
        return 1;

    bool here = false, there = false;
    std::thread other([&] { there = transfer(store); });
    here = transfer(store);
    other.join();

    int64_t alice = 0, bob = 0;
    bool looked = false;
    STM_ATOMICALLY(store, txn, "look", "alice", "bob") {
        looked = stm_txn_use_int64(txn, stm_text("alice"), &alice) == STM_OK &&
                 stm_txn_use_int64(txn, stm_text("bob"), &bob) == STM_OK;
    }
    std::cout << "alice " << alice << ", bob " << bob << "\n";
    if (!here || !there || !looked || alice != -2 * transfers || bob != 2 * transfers)
        return 1;
    return stm_store_close(store) == STM_OK ? 0 : 1;
}
