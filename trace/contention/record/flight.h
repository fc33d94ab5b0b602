/*
 * flight.h -- a flight recorder: the events stay in memory, the oldest are overwritten, and a save writes what is there.
 *
 * LTTng watches for the event stm:starving (a thread has lost its 8th, 16th, 32nd ... attempt), whatever the level,
 * and notifies us; the save is ours, rather than an action of LTTng's trigger, so that its folder has a name that can
 * be told, and that a thousand starving threads make one save and not a thousand.
 */
#ifndef CONTENTION_RECORD_FLIGHT_H
#define CONTENTION_RECORD_FLIGHT_H

#include <stdbool.h>
#include <sys/types.h>

enum { FLIGHT_TEXT_MAX = 1024 };

bool flight_arm(pid_t daemon, char text[FLIGHT_TEXT_MAX]);
void flight_disarm(void);

/* Whether a thread has starved since the last time that this was asked. Does not wait. */
bool flight_starved(pid_t daemon);

/* Writes what the buffers hold beneath folder, which exists and is empty. */
bool flight_save(pid_t daemon, const char *folder, char text[FLIGHT_TEXT_MAX]);

#endif
