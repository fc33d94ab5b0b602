#include "group.h"

/* The name of the trace that babeltrace2 finds in the folder, its UUID; NULL: none, it is one of its own. */
static char *name_of(const bt_component_class_source *class, const char *path)
{
    char *name = NULL;
    const bt_value *answer = NULL, *group = NULL;
    bt_value *params = bt_value_map_create();
    bt_value_map_insert_string_entry(params, "input", path);
    bt_value_map_insert_string_entry(params, "type", "directory");
    bt_query_executor *query = bt_query_executor_create(
        bt_component_class_source_as_component_class_const(class), "babeltrace.support-info", params);
    if (query != NULL && bt_query_executor_query(query, &answer) == BT_QUERY_EXECUTOR_QUERY_STATUS_OK &&
        bt_value_is_map(answer))
        group = bt_value_map_borrow_entry_value_const(answer, "group");
    if (group != NULL && bt_value_is_string(group))
        name = g_strdup(bt_value_string_get(group));
    bt_value_put_ref(answer);
    bt_query_executor_put_ref(query);
    bt_value_put_ref(params);
    bt_current_thread_clear_error(); /* a folder that cannot be read will be found out when it is opened */
    return name;
}

static void free_group(gpointer group)
{
    g_ptr_array_unref(group);
}

static GPtrArray *add_group(GPtrArray *groups)
{
    GPtrArray *group = g_ptr_array_new();
    g_ptr_array_add(groups, group);
    return group;
}

GPtrArray *group_traces(const bt_component_class_source *class, const GPtrArray *paths)
{
    GPtrArray *groups = g_ptr_array_new_with_free_func(free_group);
    GHashTable *by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < paths->len; i++) {
        char *path = g_ptr_array_index(paths, i);
        char *name = paths->len > 1 ? name_of(class, path) : NULL;
        GPtrArray *group = name != NULL ? g_hash_table_lookup(by_name, name) : NULL;
        if (group == NULL)
            group = add_group(groups);
        g_ptr_array_add(group, path);
        if (name != NULL)
            g_hash_table_replace(by_name, name, group);
    }
    g_hash_table_unref(by_name);
    return groups;
}
