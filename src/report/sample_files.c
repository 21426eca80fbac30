#include "sample_files.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FINAL "samples/final.png"

/* The step that a file's name tells; -1: it is no grid's. */
static int64_t step_of(const char *file) {
    static const char *const kinds[] = {"step", "jump"};
    char name[GAN__RUN_NAME];
    int64_t step;
    for (int i = 0; i < 2; i++) {
        if (strncmp(file, kinds[i], 4) || sscanf(file + 4, "-%" SCNd64, &step) != 1 || step < 0) continue;
        snprintf(name, sizeof name, "%s-%06" PRId64 ".png", kinds[i], step);
        if (!strcmp(name, file)) return step;
    }
    return -1;
}

static DIR *open_folder(const char *run) {
    char path[GAN__RUN_PATH + GAN__RUN_NAME];
    snprintf(path, sizeof path, "%s/samples", run);
    return opendir(path);
}

static int64_t size_of(const char *run, const char *name) {
    char path[GAN__RUN_PATH + GAN__RUN_NAME];
    struct stat is;
    snprintf(path, sizeof path, "%s/%s", run, name);
    return stat(path, &is) ? -1 : (int64_t)is.st_size;
}

static void add(gan__sample_files *found, const char *run, int64_t step, const char *name) {
    gan__sample_file *f = &found->at[found->count];
    f->step = step;
    snprintf(f->name, sizeof f->name, "%s", name);
    f->bytes = size_of(run, name);
    found->count += f->bytes >= 0;
}

/* Those of equal steps show the same samples. */
static void leave_one_of_each_step(gan__sample_files *f) {
    int64_t kept = 0;
    for (int64_t i = 0; i < f->count; i++)
        if (!kept || f->at[i].step != f->at[kept - 1].step) f->at[kept++] = f->at[i];
    f->count = kept;
}

static int by_step(const void *a, const void *b) {
    int64_t x = ((const gan__sample_file *)a)->step, y = ((const gan__sample_file *)b)->step;
    return (x > y) - (x < y);
}

bool gan__sample_files_find(gan_ctx *ctx, const char *run, int64_t last, gan__sample_files *found, const char *who) {
    *found = (gan__sample_files){0};
    int64_t room = 1;
    DIR *folder = open_folder(run);
    if (!folder && errno != ENOENT) gan__raise(ctx, GAN_E_IO, "%s: %s/samples: %s", who, run, strerror(errno));
    for (struct dirent *e; folder && (e = readdir(folder));) room++;
    found->at = gan__ok(ctx) ? gan__alloc(ctx, (size_t)room * sizeof *found->at) : NULL;
    if (folder) rewinddir(folder);
    for (struct dirent *e; found->at && folder && (e = readdir(folder)) && found->count < room - 1;) {
        char name[GAN__RUN_NAME];
        int64_t step = step_of(e->d_name);
        if (step < 0 || step > last) continue;
        snprintf(name, sizeof name, "samples/%.*s", GAN__RUN_NAME - 16, e->d_name);
        add(found, run, step, name);
    }
    if (folder) closedir(folder);
    if (!found->at) return false;
    qsort(found->at, (size_t)found->count, sizeof *found->at, by_step);
    leave_one_of_each_step(found);
    if (!found->count || found->at[found->count - 1].step < last) add(found, run, last, FINAL);
    return true;
}

/* The i-th of `kept` evenly chosen ones among `count`. */
static int64_t chosen(int64_t i, int64_t kept, int64_t count) {
    return kept == 1 ? count - 1 : (i * (count - 1) + (kept - 1) / 2) / (kept - 1);
}

static int64_t bytes_of(const gan__sample_files *f, int64_t kept) {
    int64_t sum = 0;
    for (int64_t i = 0; i < kept; i++) sum += f->at[chosen(i, kept, f->count)].bytes;
    return sum;
}

void gan__sample_files_thin(gan__sample_files *f, int64_t most, int64_t bytes) {
    int64_t kept = f->count < most ? f->count : most;
    while (kept > 1 && bytes_of(f, kept) > bytes) kept--;
    for (int64_t i = 0; i < kept; i++) f->at[i] = f->at[chosen(i, kept, f->count)];
    f->count = kept;
}

void gan__sample_files_cut(const char *run, int64_t last) {
    char path[GAN__RUN_PATH + 2 * GAN__RUN_NAME];
    DIR *folder = open_folder(run);
    for (struct dirent *e; folder && (e = readdir(folder));) {
        if (step_of(e->d_name) <= last) continue;
        snprintf(path, sizeof path, "%s/samples/%.*s", run, GAN__RUN_NAME, e->d_name);
        unlink(path); /* one that cannot be removed is in the way of nothing */
    }
    if (folder) closedir(folder);
    snprintf(path, sizeof path, "%s/" FINAL, run);
    unlink(path);
}
