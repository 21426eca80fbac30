#include "json.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t parsing = PTHREAD_MUTEX_INITIALIZER;

cJSON *gan__json_parse(const char *text, size_t length, const char **end) {
    pthread_mutex_lock(&parsing);
    cJSON *json = cJSON_ParseWithLengthOpts(text, length, end, 0);
    pthread_mutex_unlock(&parsing);
    return json;
}

/* The locale's decimal point may be of several bytes. */
void gan__number_to_file(char *text) {
    char *to = text;
    bool point = false;
    for (const char *from = text; *from; from++) {
        bool foreign = !strchr("+-0123456789eEinfa", *from); /* "inf" and "nan" are none */
        if (!foreign || !point) *to++ = foreign ? '.' : *from;
        point = foreign;
    }
    *to = 0;
}

double gan__number_from_file(const char *text) {
    char local[128];
    const char *point = strchr(text, '.');
    if (!point) return strtod(text, NULL);
    snprintf(local, sizeof local, "%.*s%s%s", (int)(point - text), text, localeconv()->decimal_point, point + 1);
    return strtod(local, NULL);
}
