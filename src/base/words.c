#include "words.h"

#include <gan/option.h>

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 63

static const char *point(void) { return localeconv()->decimal_point; }

/* The locale's may be of several bytes. */
void gan__number_point(char *text) {
    char *at = strcmp(point(), ".") ? strstr(text, point()) : NULL;
    if (!at) return;
    *at = '.';
    memmove(at + 1, at + strlen(point()), strlen(at + strlen(point())) + 1);
}

void gan__number_text(double x, char *text, size_t size) {
    bool whole = fabs(x) < 1e15 && x == floor(x); /* 10, not 1e+01 */
    for (int digits = whole ? 15 : 1; digits <= 17; digits++) {
        snprintf(text, size, "%.*g", digits, x);
        if (strtod(text, NULL) == x) break;
    }
    gan__number_point(text);
}

bool gan__number_read(const char *text, double *x) {
    char local[128], *end;
    const char *at = strchr(text, '.');
    if (!*text || strlen(text) > sizeof local - 16) return false;
    snprintf(local, sizeof local, "%.*s%s%s", at ? (int)(at - text) : (int)strlen(text), text, at ? point() : "",
             at ? at + 1 : "");
    *x = strtod(local, &end);
    return !*end;
}

int gan__word_index(const char *word, const char *const *list) {
    for (int i = 0; list && list[i]; i++)
        if (!strcmp(word, list[i])) return i;
    return -1;
}

static int least(int a, int b) { return a < b ? a : b; }

int gan__word_distance(const char *a, const char *b) {
    int n = least((int)strlen(a), LONGEST), m = least((int)strlen(b), LONGEST);
    int d[LONGEST + 1][LONGEST + 1];
    for (int i = 0; i <= n; i++) d[i][0] = i;
    for (int j = 0; j <= m; j++) d[0][j] = j;
    for (int i = 1; i <= n; i++)
        for (int j = 1; j <= m; j++) {
            d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[n][m];
}

bool gan__word_near(const char *a, const char *b) { return gan__word_distance(a, b) <= 1 + (int)strlen(a) / 4; }

const char *gan_nearest_word(const char *word, const char *const *list) {
    const char *best = NULL;
    for (int i = 0; list && list[i]; i++)
        if (gan__word_near(word, list[i]) && (!best || gan__word_distance(word, list[i]) < gan__word_distance(word, best)))
            best = list[i];
    return best;
}
