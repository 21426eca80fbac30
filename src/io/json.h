/* Parsing with cJSON, which notes the place of an error in a variable of the whole process: one thread at a time, then. */
#ifndef GAN__JSON_H
#define GAN__JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* As cJSON_ParseWithLengthOpts without a required terminator. end may be NULL. */
cJSON *gan__json_parse(const char *text, size_t length, const char **end);

#endif
