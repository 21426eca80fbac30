/* The sample grids in a run folder, by their steps. */
#ifndef GAN__SAMPLE_FILES_H
#define GAN__SAMPLE_FILES_H

#include "../base/ctx_impl.h"

#define GAN__RUN_PATH 4096
#define GAN__RUN_NAME 64 /* of what lies in the run folder */

typedef struct gan__sample_file {
    int64_t step;
    int64_t bytes;
    char name[GAN__RUN_NAME]; /* within the run folder */
} gan__sample_file;

typedef struct gan__sample_files {
    int64_t count;
    gan__sample_file *at; /* for gan__free */
} gan__sample_files;

/* Grids of steps up to `last`, samples/step-000500.png and jump-000512.png, in their order, and final.png as that of step `last`
 * if there is no other. False: raised. */
bool gan__sample_files_find(gan_ctx *ctx, const char *run, int64_t last, gan__sample_files *found, const char *who);

/* Leaves evenly chosen ones, the first and the last among them: at most `most` of at most `bytes` in all, but the last in any
 * case. */
void gan__sample_files_thin(gan__sample_files *files, int64_t most, int64_t bytes);

/* Removes grids of later steps and final.png, which a run that goes on from `last` will make anew, or not at all. */
void gan__sample_files_cut(const char *run, int64_t last);

#endif
