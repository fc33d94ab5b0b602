/*
 * quark.c -- g_quark_from_string for all of the process: GLib keeps names that it has met for good, and babeltrace2 gives it those
 * of each trace. They must not be swept away after the command that met them (sweep.h).
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "sweep.h"

#include <dlfcn.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

GQuark g_quark_from_string(const gchar *text)
{
    static GQuark (*real)(const gchar *);
    sweep_pause();
    if (real == NULL) {
        void *symbol = dlsym(RTLD_NEXT, "g_quark_from_string");
        if (symbol == NULL)
            abort();
        memcpy(&real, &symbol, sizeof real);
    }
    GQuark quark = real(text);
    sweep_resume();
    return quark;
}
