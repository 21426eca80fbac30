/* The metrics log: one JSON object to a line, appended. */
#ifndef GAN__JSONL_H
#define GAN__JSONL_H

#include "../base/ctx_impl.h"

typedef struct gan__jsonl gan__jsonl;

typedef struct gan__jsonl_field {
    const char *key;
    double value; /* not finite: written as null */
} gan__jsonl_field;

/* Opens for appending, making the file if there is none. Lines with "step" > last_step, and an unfinished last line, are cut
 * first, so that a resumed run repeats nothing. last_step < 0: an empty log. NULL (raised) on failure; the caller closes it;
 * all functions take NULL. */
gan__jsonl *gan__jsonl_open(gan_ctx *ctx, const char *path, int64_t last_step, const char *who);

/* Appends {"step":..., key:value, ...} and flushes. False (raised) if it could not be written. */
bool gan__jsonl_write(gan__jsonl *log, int64_t step, const gan__jsonl_field *fields, int count);

/* The same, with words behind the numbers. */
typedef struct gan__jsonl_text {
    const char *key, *text;
} gan__jsonl_text;
bool gan__jsonl_note(gan__jsonl *log, int64_t step, const gan__jsonl_field *fields, int count, const gan__jsonl_text *texts,
                     int text_count);

void gan__jsonl_close(gan__jsonl *log);

#endif
