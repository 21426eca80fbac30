/* Parsing with cJSON, which notes the place of an error in a variable of the whole process: one thread at a time, then. */
#ifndef GAN__JSON_H
#define GAN__JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* As cJSON_ParseWithLengthOpts without a required terminator. end may be NULL. */
cJSON *gan__json_parse(const char *text, size_t length, const char **end);

/* The next line of a log, of objects one to a line, without its end. Lines that do not fit into `room`, hold NUL bytes, or were
 * cut off at the end by a crash, nobody of ours wrote whole: they are left out. False: there are no more. */
bool gan__json_line(FILE *file, char *line, size_t room);

#endif
