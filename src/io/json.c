#include "json.h"

#include <pthread.h>

static pthread_mutex_t parsing = PTHREAD_MUTEX_INITIALIZER;

cJSON *gan__json_parse(const char *text, size_t length, const char **end) {
    pthread_mutex_lock(&parsing);
    cJSON *json = cJSON_ParseWithLengthOpts(text, length, end, 0);
    pthread_mutex_unlock(&parsing);
    return json;
}

bool gan__json_line(FILE *file, char *line, size_t room) {
    size_t n = 0;
    bool fits = true;
    for (int c; (c = getc(file)) != EOF;) {
        if (c != '\n') {
            fits &= c != 0 && n + 1 < room;
            if (fits) line[n++] = (char)c;
            continue;
        }
        line[n] = 0;
        if (fits) return true;
        n = 0, fits = true;
    }
    return false;
}
