#include "json.h"

#include <pthread.h>

static pthread_mutex_t parsing = PTHREAD_MUTEX_INITIALIZER;

cJSON *gan__json_parse(const char *text, size_t length, const char **end) {
    pthread_mutex_lock(&parsing);
    cJSON *json = cJSON_ParseWithLengthOpts(text, length, end, 0);
    pthread_mutex_unlock(&parsing);
    return json;
}
