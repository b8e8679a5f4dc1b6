/* problems.h
 * What is wrong or notable in a sign-in or call: counted, told the worst first; and the verdict
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_REPORT_PROBLEMS_H
#define TEAMSHARK_TEAMS_REPORT_PROBLEMS_H

#include "report/column.h"
#include "session/connection.h"
#include "session/teams_expert.h"

/* ---- problems ---- */

typedef struct {
    const char *filter;     /* finds its frames; NULL or "" where no filter does */
    int severity;           /* PI_ERROR, PI_WARN, PI_NOTE, PI_CHAT */
    const char *code;       /* "D15"; never "" */
    const char *summary;
    const char *advice;
    report_texts *details;  /* what in particular */
    uint32_t frame;         /* the first one; 0: the whole session */
    teams_actor actor;      /* who did it, as far as the bytes tell */
    unsigned count;
} report_problem;

typedef struct {
    GPtrArray *list;        /* report_problem; the worst first once sorted */
    GHashTable *known;      /* code and summary -> report_problem */
} report_problems;

report_problems *report_problems_new(void);
void report_problems_free(report_problems *problems);
/* Adds one that was seen so many times; the same code and summary again is counted, and its detail kept. */
void report_problems_add(report_problems *problems, const report_problem *what, const char *detail, unsigned count);
/* What an expert item of the session says. */
void report_problems_add_expert(report_problems *problems, const teams_problem *problem, uint32_t frame);
/* What the names of a frame say. */
void report_problems_add_names(report_problems *problems, const ts_name_info *info, uint32_t frame);
/* One of another list. */
void report_problems_add_again(report_problems *problems, const report_problem *other);
/* An expert item's row as a problem. */
report_problem report_problem_of_row(const ts_expert_row *row, uint32_t frame);
/* Is the detail among those of the code? */
bool report_problems_have(const report_problems *problems, const char *code, const char *summary, const char *detail);
/* The worst first. */
void report_problems_sort(report_problems *problems);
/* The worst one, NULL where there is none; after sorting. */
const report_problem *report_problems_worst(const report_problems *problems);
/* What a reader is told in place of its code: a word. */
const char *report_problem_name(const report_problem *problem);
/* "tcp-unanswered, by the network, frame 59". New string. */
char *report_problem_proof(const report_problem *problem);
/* "Summary: details (code, actor, frame)". New string. */
char *report_problem_text(const report_problem *problem);

/* Cells of what it is and what to do about it; NULL where there is none. New strings. */
char *report_problems_worst_text(const report_problems *problems);
char *report_problem_advice(const report_problem *problem);

/* The columns of a problem. */
extern const report_column report_problem_columns[];
#define REPORT_PROBLEM_COLUMNS 9

/* ---- verdicts ---- */

typedef enum { REPORT_OK, REPORT_UNKNOWN, REPORT_CHECK, REPORT_BROKEN, REPORT_SEVERITY_COUNT } report_severity;

/* What a sentence goes on with. */
typedef enum {
    REPORT_ENDS,
    REPORT_WORST_PROBLEM,
    REPORT_PATH_CHANGE,         /* of a call, where its media has one */
    REPORT_PROCESSOR            /* of Direct Routing */
} report_ending;

/* One row per sentence. */
typedef struct {
    const char *code;           /* for scripts, for ever */
    report_severity severity;   /* OK and unknown become check where a problem is a warning or worse */
    const char *sentence;       /* without its last full stop where the same sentence goes on */
    const char *rests_on;       /* which bytes carry it, for the documentation */
    bool (*holds)(const void *entry);   /* NULL: always; the first row that holds is the verdict */
    report_ending ending;
} report_verdict_row;

/* When a row holds: REPORT_VERDICT(holds_name, the entry's type) { return row->member; } */
#define REPORT_VERDICT(name, row_type) \
    static bool name##_of(const row_type *row); \
    static bool \
    name(const void *row) \
    { \
        return name##_of((const row_type *)row); \
    } \
    static bool \
    name##_of(const row_type *row _U_)

typedef struct {
    report_severity severity;
    const char *word;           /* of the severity */
    const char *code;
    char *sentence;             /* owned */
    report_ending ending;       /* of its row */
} report_verdict;

report_verdict report_verdict_of(const report_verdict_row *rows, const void *entry, const report_problems *problems);
void report_verdict_clear(report_verdict *verdict);
/* "check: The call ..." and the problems below it. */
void report_verdict_text(const report_verdict *verdict, const report_problems *problems, FILE *out, unsigned indent);

/* "OK", "unknown", "check", "broken"; NULL after the last. */
const char *report_severity_word(unsigned severity);

/* The same to be seen in a text: "CHECK". */
const char *report_severity_heading(report_severity severity);

/* The code of the n-th row, NULL after the last. */
const char *report_verdict_code(const report_verdict_row *rows, unsigned n);

/* The tables of verdicts as members of the open object: "x-verdicts" of the schema, for the documentation. */
void report_verdicts_schema(const report_verdict_row *rows, json_dumper *out);

#endif /* TEAMSHARK_TEAMS_REPORT_PROBLEMS_H */
