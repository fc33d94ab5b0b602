#include "text_report.h"

#include "sections.h"

void text_report_write(const report *report, FILE *file)
{
    page page = page_open(file);
    section_summary(&page, report);
    section_keys(&page, report);
    section_prefixes(&page, report);
    section_labels(&page, report);
    section_matrices(&page, report);
    section_avoidable(&page, report);
    section_latency(&page, report);
    section_timeline(&page, report);
    section_threads(&page, report);
    section_owners(&page, report);
    section_stories(&page, report);
    section_health(&page, report);
}
