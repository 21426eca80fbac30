#include "append.h"

#include <errno.h>
#include <unistd.h>

int gan__append(int fd, const void *bytes, size_t size, bool *clean) {
    off_t end = lseek(fd, 0, SEEK_END);
    for (size_t at = 0; at < size;) {
        ssize_t put = write(fd, (const char *)bytes + at, size - at);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) {
            int error = errno;
            *clean = at == 0 || ftruncate(fd, end) == 0;
            return error;
        }
        at += (size_t)put;
    }
    return 0;
}
