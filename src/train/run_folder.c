#include "run_folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../io/folder.h"
#include "watching.h"

static const char checkpoint_name[] = "checkpoint.safetensors";

const char *gan__run_path(const gan_train_opts *o, const char *name, char path[GAN__RUN_PATH]) {
    snprintf(path, GAN__RUN_PATH, "%s/%s", o->out, name);
    return path;
}

/* --- whose it is -------------------------------------------------------------------------------------------------- */

/* By what the file system calls it: a run may be called by many paths. All zeros: there is none. */
static gan__file_id id_of(const char *path) {
    struct stat s;
    return stat(path, &s) == 0 ? (gan__file_id){s.st_dev, s.st_ino} : (gan__file_id){0, 0};
}

static bool same(gan__file_id a, gan__file_id b) { return b.number && a.device == b.device && a.number == b.number; }

void gan__run_goes_on_from(gan_trainer *t, const char *path, bool failing) {
    char folder[GAN__RUN_PATH];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    t->from_file = id_of(path);
    t->from_folder = id_of(folder);
    t->from_failing = failing;
}

/* A run that has taken steps goes on where its checkpoints lie, or where no other run is. */
static bool is_free(const gan_trainer *t, const gan_train_opts *o) {
    char path[GAN__RUN_PATH];
    gan__file_id there = id_of(gan__run_path(o, checkpoint_name, path));
    return t->steps.value == 0 || !there.number || same(there, t->from_file) || same(id_of(o->out), t->from_folder);
}

int gan__run_folder_take(gan_trainer *t, const gan_train_opts *o, const char *who) {
    gan_ctx *ctx = t->object.ctx;
    char path[GAN__RUN_PATH];
    if (!gan__folder_make(ctx, gan__run_path(o, "samples", path), who)) return -1;
    int lock = gan__folder_lock(ctx, o->out, who);
    if (lock == -1 || is_free(t, o)) return lock;
    gan__raise(ctx, GAN_E_ARG, "%s: %s holds another run, which this one would mix with: choose another folder", who, o->out);
    gan__folder_unlock(lock);
    return -1;
}

void gan__run_folder_clear(const gan_train_opts *o, bool with_config) {
    static const char *const names[] = {checkpoint_name,      "good.safetensors", "best.safetensors",     "failed.safetensors",
                                        "status.json",        "report.html",      "samples/progress.png", "samples/final.png",
                                        "run.ini"};
    int count = (int)(sizeof names / sizeof *names) - !with_config;
    for (int i = 0; i < count; i++) {
        char path[GAN__RUN_PATH];
        unlink(gan__run_path(o, names[i], path));
    }
}

/* --- checkpoints -------------------------------------------------------------------------------------------------- */

/* What cannot be linked is left. A link to the same file is made by rename without a word, and left lying. */
static void keep_good(const gan_trainer *t, const gan_train_opts *o) {
    char from[GAN__RUN_PATH], beside[GAN__RUN_PATH], good[GAN__RUN_PATH];
    gan__run_path(o, checkpoint_name, from);
    if (!t->watcher || gan__watching_bad(t) || t->from_failing || !same(id_of(from), t->from_file)) return;
    gan__run_path(o, "good.safetensors", good), gan__run_path(o, ".good.safetensors", beside);
    unlink(beside);
    if (!linkat(AT_FDCWD, from, AT_FDCWD, beside, AT_SYMLINK_FOLLOW)) rename(beside, good);
    unlink(beside);
}

void gan__run_checkpoint(gan_trainer *t, const gan_train_opts *o) {
    char path[GAN__RUN_PATH];
    keep_good(t, o);
    if (gan_trainer_save(t, gan__run_path(o, checkpoint_name, path)) == GAN_OK)
        gan__run_goes_on_from(t, path, gan__watching_bad(t));
}
