#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

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

int gan__folder_lock(gan_ctx *ctx, const char *path, const char *who) {
    int lock = open(path, O_RDONLY | O_CLOEXEC);
    if (lock < 0) return -2;
    if (!flock(lock, LOCK_EX | LOCK_NB)) return lock;
    bool taken = errno == EWOULDBLOCK;
    close(lock);
    if (!taken) return -2;
    gan__raise(ctx, GAN_E_IO, "%s: another run is going on in %s", who, path);
    return -1;
}

void gan__folder_unlock(int lock) {
    if (lock >= 0) close(lock);
}
