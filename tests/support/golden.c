#include "support/golden.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct golden {
    cJSON *header;
    double *data;
    char name[256];
};

/* safetensors: the header's length in 8 bytes, the header in JSON, the numbers. */
golden *golden_open(const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/golden/%s", GAN_TESTS_DIR, name);
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("%s cannot be opened", path);
    uint64_t header_bytes = 0;
    if (fread(&header_bytes, 8, 1, f) != 1 || header_bytes > 10000000) fail_msg("%s has no header", path);
    char *json = calloc(header_bytes + 1, 1);
    golden *g = calloc(1, sizeof *g);
    if (!json || !g || fread(json, 1, header_bytes, f) != header_bytes) fail_msg("%s is cut short", path);
    g->header = cJSON_Parse(json);
    free(json);
    if (!g->header) fail_msg("%s: its header is not JSON", path);
    long start = ftell(f);
    fseek(f, 0, SEEK_END);
    size_t bytes = (size_t)(ftell(f) - start);
    fseek(f, start, SEEK_SET);
    g->data = malloc(bytes ? bytes : 1);
    if (!g->data || fread(g->data, 1, bytes, f) != bytes) fail_msg("%s is cut short", path);
    fclose(f);
    snprintf(g->name, sizeof g->name, "%s", name);
    return g;
}

void golden_close(golden *g) {
    cJSON_Delete(g->header);
    free(g->data);
    free(g);
}

bool golden_has(const golden *g, const char *key) { return cJSON_GetObjectItemCaseSensitive(g->header, key) != NULL; }

golden_tensor golden_get(const golden *g, const char *key) {
    cJSON *entry = cJSON_GetObjectItemCaseSensitive(g->header, key);
    if (!entry) fail_msg("%s has no \"%s\"", g->name, key);
    if (strcmp(cJSON_GetObjectItem(entry, "dtype")->valuestring, "F64")) fail_msg("%s: \"%s\" is not F64", g->name, key);
    golden_tensor t = {.data = g->data};
    cJSON *d;
    cJSON_ArrayForEach(d, cJSON_GetObjectItem(entry, "shape")) {
        if (t.shape.ndim == GAN_MAX_DIMS) fail_msg("%s: \"%s\" has too many dimensions", g->name, key);
        t.shape.d[t.shape.ndim++] = (int64_t)d->valuedouble;
    }
    t.data += (int64_t)cJSON_GetArrayItem(cJSON_GetObjectItem(entry, "data_offsets"), 0)->valuedouble / 8;
    return t;
}

gan_tensor *golden_make(const golden *g, gan_ctx *ctx, const char *key) {
    golden_tensor t = golden_get(g, key);
    int64_t n = gan_shape_count(t.shape);
    gan_real *values = malloc((size_t)(n ? n : 1) * sizeof *values);
    for (int64_t i = 0; i < n; i++) values[i] = (gan_real)t.data[i];
    gan_tensor *made = gan_from(ctx, t.shape, values);
    free(values);
    return made;
}

double golden_distance(const golden *g, const char *key, const gan_tensor *t) {
    golden_tensor want = golden_get(g, key);
    if (!gan_shape_equal(want.shape, gan_shape_of(t))) return INFINITY;
    const gan_real *p = gan_data(t);
    double scale = 1e-3, worst = 0;
    for (int64_t i = 0, n = gan_count(t); i < n; i++) {
        double a = p[i], b = want.data[i];
        if (isnan(a) && isnan(b)) continue;
        if (!isfinite(a) || !isfinite(b)) {
            if (a != b) return INFINITY;
            continue;
        }
        scale = fmax(scale, fabs(b));
        worst = fmax(worst, fabs(a - b));
    }
    return worst / scale;
}
