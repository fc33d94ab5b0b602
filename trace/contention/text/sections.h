/* sections.h -- the sections of the text report, in their order. */
#ifndef CONTENTION_SECTIONS_H
#define CONTENTION_SECTIONS_H

#include "../report.h"
#include "style.h"

void section_summary(const page *page, const report *report); /* verdict, warnings, advice, attempts */
void section_keys(const page *page, const report *report);
void section_prefixes(const page *page, const report *report);
void section_labels(const page *page, const report *report);
void section_matrices(const page *page, const report *report);
void section_avoidable(const page *page, const report *report);
void section_latency(const page *page, const report *report);
void section_timeline(const page *page, const report *report);
void section_threads(const page *page, const report *report);
void section_owners(const page *page, const report *report);
void section_stories(const page *page, const report *report);
void section_health(const page *page, const report *report);

#endif
