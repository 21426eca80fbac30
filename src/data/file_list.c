#define _XOPEN_SOURCE 700
#include "file_list.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A folder that is being read, and those it lies in. */
typedef struct folder {
    const struct folder *up;
    dev_t device;
    ino_t inode;
} folder;

typedef struct walk {
    gan__file_list *list;
    bool deep;
    bool (*wanted)(const char *name);
    const char *who;
} walk;

char *gan__join(gan_ctx *ctx, const char *dir, const char *name) {
    size_t a = strlen(dir), b = strlen(name);
    bool slash = a && dir[a - 1] != '/';
    char *path = gan__alloc(ctx, a + b + 2);
    if (!path) return NULL;
    memcpy(path, dir, a);
    if (slash) path[a++] = '/';
    memcpy(path + a, name, b + 1);
    return path;
}

bool gan__has_suffix(const char *name, const char *suffix) {
    size_t a = strlen(name), b = strlen(suffix);
    if (a < b) return false;
    for (const char *p = name + a - b; *p; p++, suffix++) {
        char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
        if (c != *suffix) return false;
    }
    return true;
}

static void *grown(gan_ctx *ctx, void *old, int64_t used, int64_t *room, int64_t need, size_t unit) {
    if (need <= *room) return old;
    int64_t more = 2 * need < 1024 ? 1024 : 2 * need;
    void *block = gan__alloc(ctx, (size_t)more * unit);
    if (!block) return NULL;
    if (used) memcpy(block, old, (size_t)used * unit);
    gan__free(ctx, old);
    *room = more;
    return block;
}

static bool add(gan__file_list *list, const char *name) {
    int64_t size = (int64_t)strlen(name) + 1;
    char *text = grown(list->ctx, list->text, list->used, &list->room, list->used + size, 1);
    if (!text) return false;
    list->text = text;
    int64_t *at = grown(list->ctx, list->at, list->count, &list->places, list->count + 1, sizeof *at);
    if (!at) return false;
    list->at = at;
    list->at[list->count++] = list->used;
    memcpy(list->text + list->used, name, (size_t)size);
    list->used += size;
    return true;
}

static bool read_folder(walk *w, const char *path, const char *prefix, const folder *up);

/* A link to a folder above would lead round in a circle. */
static bool is_above(const folder *f, const struct stat *info) {
    for (; f; f = f->up)
        if (f->device == info->st_dev && f->inode == info->st_ino) return true;
    return false;
}

/* path: to open; name: relative to the folder that the walk began with. */
static bool visit(walk *w, const char *path, const char *name, const folder *in) {
    struct stat info;
    if (stat(path, &info)) return true; /* a link to nowhere */
    if (S_ISDIR(info.st_mode)) {
        if (!w->deep || is_above(in, &info)) return true;
        folder here = {in, info.st_dev, info.st_ino};
        return read_folder(w, path, name, &here);
    }
    return !S_ISREG(info.st_mode) || !w->wanted(name) || add(w->list, name);
}

static bool visit_entry(walk *w, const char *path, const char *prefix, const char *entry, const folder *in) {
    gan_ctx *ctx = w->list->ctx;
    char *whole = gan__join(ctx, path, entry), *name = gan__join(ctx, prefix, entry);
    bool ok = whole && name && visit(w, whole, name, in);
    gan__free(ctx, whole);
    gan__free(ctx, name);
    return ok;
}

static bool read_folder(walk *w, const char *path, const char *prefix, const folder *here) {
    DIR *dir = opendir(path);
    if (!dir) {
        gan__raise(w->list->ctx, GAN_E_IO, "%s: %s: %s", w->who, path, strerror(errno));
        return false;
    }
    bool ok = true;
    for (struct dirent *e; ok && (e = readdir(dir));)
        if (e->d_name[0] != '.') ok = visit_entry(w, path, prefix, e->d_name, here);
    closedir(dir);
    return ok;
}

/* Folder by folder: 'a/x' comes before 'a-b/x', as 'a' does before 'a-b', though '-' is less than '/'. */
static int compare_names(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    int x = *a == '/' ? 1 : (unsigned char)*a, y = *b == '/' ? 1 : (unsigned char)*b;
    return (x > y) - (x < y);
}

static int compare(const void *a, const void *b) { return compare_names(*(const char *const *)a, *(const char *const *)b); }

/* Sorts pointers, as qsort takes no context, and turns them into places again. */
static bool sort(gan__file_list *list) {
    const char **names = gan__alloc(list->ctx, (size_t)list->count * sizeof *names);
    if (!names) return false;
    for (int64_t i = 0; i < list->count; i++) names[i] = gan__file_name(list, i);
    qsort(names, (size_t)list->count, sizeof *names, compare);
    for (int64_t i = 0; i < list->count; i++) list->at[i] = names[i] - list->text;
    gan__free(list->ctx, names);
    return true;
}

bool gan__list_files(gan__file_list *list, const char *path, bool deep, bool (*wanted)(const char *name), const char *who) {
    walk w = {list, deep, wanted, who};
    struct stat info;
    if (stat(path, &info)) {
        gan__raise(list->ctx, GAN_E_IO, "%s: %s: %s", who, path, strerror(errno));
        return false;
    }
    if (!S_ISDIR(info.st_mode)) {
        gan__raise(list->ctx, GAN_E_IO, "%s: %s is no folder", who, path);
        return false;
    }
    folder top = {NULL, info.st_dev, info.st_ino};
    return read_folder(&w, path, "", &top) && sort(list);
}

void gan__free_files(gan__file_list *list) {
    gan__free(list->ctx, list->text);
    gan__free(list->ctx, list->at);
    list->text = NULL, list->at = NULL, list->count = 0;
}
