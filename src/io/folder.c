#include "folder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PATH 4096

bool gan__folder_make(gan_ctx *ctx, const char *path, const char *who) {
    char part[PATH];
    for (size_t i = 1; path[i - 1] && i < sizeof part; i++) {
        if (path[i] != '/' && path[i]) continue;
        snprintf(part, sizeof part, "%.*s", (int)i, path);
        if (mkdir(part, 0777) && errno != EEXIST) {
            gan__raise(ctx, GAN_E_IO, "%s: the folder %s cannot be made: %s", who, part, strerror(errno));
            return false;
        }
    }
    struct stat s;
    if (!stat(path, &s) && S_ISDIR(s.st_mode)) return true;
    gan__raise(ctx, GAN_E_IO, "%s: %s is not a folder", who, path);
    return false;
}
