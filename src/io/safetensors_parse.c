/* The header of a safetensors file, and all that can be wrong with a file. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "json.h"
#include "safetensors_impl.h"

#define EXACT 0x1p53 /* up to here a double holds every integer */

/* --- the header ------------------------------------------------------------------------------------------- */

/* The length and the header, with a zero byte after it. NULL: raised. */
static char *read_header(gan__st *f) {
    uint64_t n;
    if (f->size < 8) {
        gan__st_bad(f, "truncated: a file of %" PRId64 " bytes has no header", f->size);
        return NULL;
    }
    if (!gan__st_read_at(f, 0, &n, 8)) return NULL;
    if (n > GAN__ST_MAX_HEADER) {
        gan__st_bad(f, "a header of %" PRIu64 " bytes is announced: damaged, or no safetensors file", n);
        return NULL;
    }
    if ((int64_t)n > f->size - 8) {
        gan__st_bad(f, "truncated: %" PRId64 " of %" PRIu64 " header bytes are missing", (int64_t)n - (f->size - 8), n);
        return NULL;
    }
    f->start = 8 + (int64_t)n;
    char *bytes = gan__alloc(f->ctx, (size_t)f->start + 1);
    if (!bytes) return NULL;
    bytes[f->start] = 0;
    if (gan__st_read_at(f, 0, bytes, f->start)) return bytes;
    gan__free(f->ctx, bytes);
    return NULL;
}

static bool is_crc(const char *digits, uint32_t crc) {
    char right[9];
    snprintf(right, sizeof right, "%08" PRIx32, crc);
    return !memcmp(digits, right, 8);
}

/* Whether the header begins as ours do; then its CRC is compared. */
static bool check_header_crc(gan__st *f, char *bytes, bool *ours) {
    char *digits = bytes + 8 + GAN__ST_CRC_AT, found[9] = {0};
    *ours = f->start >= 8 + (int64_t)GAN__ST_CRC_AT + 8 && !memcmp(bytes + 8, GAN__ST_OPENING, GAN__ST_CRC_AT);
    if (!*ours) return true;
    memcpy(found, digits, 8);
    memset(digits, '0', 8);
    uint32_t crc = (uint32_t)crc32_z(0, (const unsigned char *)bytes, (size_t)f->start);
    memcpy(digits, found, 8);
    return is_crc(found, crc) ||
           gan__st_bad(f, "the header (bytes 0 to %" PRId64 ") is damaged: its CRC is %08" PRIx32 ", not %s", f->start, crc,
                       found);
}

static bool parse_header(gan__st *f, const char *bytes) {
    const char *json = bytes + 8, *end = NULL;
    int64_t n = f->start - 8;
    if (n < 2 || json[0] != '{') return gan__st_bad(f, "the header (at byte 8) does not begin with '{'");
    /* A zero would cut a name short behind the back of the check for equal names. */
    if (strlen(json) != (size_t)n || strstr(json, "\\u0000")) return gan__st_bad(f, "the header contains a zero character");
    f->json = gan__json_parse(json, (size_t)n, &end);
    if (!f->json) return gan__st_bad(f, "the header is not valid JSON at byte %" PRId64, 8 + (int64_t)(end ? end - json : 0));
    size_t spaces = strspn(end, " \t\r\n");
    return end + spaces == json + n ||
           gan__st_bad(f, "the header has more than its JSON, at byte %" PRId64, 8 + (int64_t)(end - json));
}

/* --- metadata --------------------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b) {
    return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

static bool take_metadata(gan__st *f, const cJSON *object) {
    if (!cJSON_IsObject(object)) return gan__st_bad(f, "__metadata__ is not an object");
    f->n_meta = cJSON_GetArraySize(object);
    f->meta = gan__alloc(f->ctx, (size_t)f->n_meta * sizeof *f->meta);
    if (!f->meta) return false;
    int64_t n = 0;
    const cJSON *pair;
    cJSON_ArrayForEach(pair, object) {
        if (!cJSON_IsString(pair)) return gan__st_bad(f, "metadata \"%s\" is not a string", pair->string);
        f->meta[n++] = pair;
    }
    qsort(f->meta, (size_t)n, sizeof *f->meta, by_key);
    for (int64_t i = 1; i < n; i++)
        if (!by_key(&f->meta[i - 1], &f->meta[i])) return gan__st_bad(f, "metadata \"%s\" is there twice", f->meta[i]->string);
    return true;
}

/* A key in two parts. */
typedef struct split_key {
    const char *prefix, *rest;
} split_key;

static int compare_key(const void *wanted, const void *item) {
    const split_key *k = wanted;
    const char *key = (*(const cJSON *const *)item)->string;
    size_t length = strlen(k->prefix);
    int order = strncmp(k->prefix, key, length);
    return order ? order : strcmp(k->rest, key + length);
}

const char *gan__st_meta_value(const gan__st *f, const char *prefix, const char *rest) {
    split_key key = {prefix, rest};
    const cJSON **found = f->n_meta ? bsearch(&key, f->meta, (size_t)f->n_meta, sizeof *f->meta, compare_key) : NULL;
    return found ? (*found)->valuestring : NULL;
}

/* Signs of a file of ours, whose header would have to begin as ours do. */
static bool looks_like_ours(const gan__st *f) {
    for (int64_t i = 0; i < f->n_meta; i++)
        if (gan__st_reserved(f->meta[i]->string)) return true;
    return false;
}

/* --- tensors ---------------------------------------------------------------------------------------------- */

static bool whole(const cJSON *number, int64_t *value) {
    if (!cJSON_IsNumber(number) || !(number->valuedouble >= 0 && number->valuedouble <= EXACT)) return false;
    *value = (int64_t)number->valuedouble;
    return (double)*value == number->valuedouble;
}

static bool take_dtype(gan__st *f, const cJSON *value, gan__st_tensor *t) {
    if (!cJSON_IsString(value)) return gan__st_bad(f, "tensor \"%s\" has no dtype", t->name);
    for (int d = 0; d < GAN__ST_DTYPE_COUNT; d++)
        if (!strcmp(gan__st_dtype_name((gan__st_dtype)d), value->valuestring)) {
            t->dtype = (gan__st_dtype)d;
            return true;
        }
    return gan__st_bad(f, "tensor \"%s\" has the unknown dtype \"%s\"", t->name, value->valuestring);
}

static bool take_shape(gan__st *f, const cJSON *value, gan__st_tensor *t) {
    if (!cJSON_IsArray(value)) return gan__st_bad(f, "tensor \"%s\" has no shape", t->name);
    const cJSON *dim;
    cJSON_ArrayForEach(dim, value) {
        if (t->ndim == GAN__ST_MAX_DIMS)
            return gan__st_bad(f, "tensor \"%s\" has more than %d dimensions", t->name, GAN__ST_MAX_DIMS);
        if (!whole(dim, &t->dims[t->ndim++]))
            return gan__st_bad(f, "tensor \"%s\": dimension %d is no size", t->name, t->ndim - 1);
    }
    t->count = gan__st_elements(t->ndim, t->dims);
    return t->count >= 0 || gan__st_bad(f, "tensor \"%s\": its number of elements overflows", t->name);
}

static bool take_offsets(gan__st *f, const cJSON *value, gan__st_tensor *t) {
    int64_t bytes = t->count * gan__st_dtype_bytes(t->dtype);
    if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) != 2 || !whole(value->child, &t->begin) ||
        !whole(value->child->next, &t->end) || t->begin > t->end)
        return gan__st_bad(f, "tensor \"%s\" has no proper data_offsets", t->name);
    if (t->end - t->begin != bytes)
        return gan__st_bad(f, "tensor \"%s\" has %" PRId64 " bytes at offset %" PRId64 ", its shape and dtype ask for %" PRId64,
                           t->name, t->end - t->begin, t->begin, bytes);
    t->begin += f->start;
    t->end += f->start;
    return true;
}

static bool take_tensor(gan__st *f, const cJSON *object, gan__st_tensor *t) {
    *t = (gan__st_tensor){.name = object->string};
    if (!cJSON_IsObject(object) || cJSON_GetArraySize(object) != 3)
        return gan__st_bad(f, "tensor \"%s\" is not described by dtype, shape and data_offsets", t->name);
    return take_dtype(f, cJSON_GetObjectItemCaseSensitive(object, "dtype"), t) &&
           take_shape(f, cJSON_GetObjectItemCaseSensitive(object, "shape"), t) &&
           take_offsets(f, cJSON_GetObjectItemCaseSensitive(object, "data_offsets"), t);
}

static int by_offset(const void *pa, const void *pb) {
    const gan__st_tensor *a = pa, *b = pb;
    if (a->begin != b->begin) return a->begin < b->begin ? -1 : 1;
    if (a->end != b->end) return a->end < b->end ? -1 : 1;
    return strcmp(a->name, b->name);
}

static int by_name(const void *a, const void *b) {
    return strcmp((*(const gan__st_tensor *const *)a)->name, (*(const gan__st_tensor *const *)b)->name);
}

static bool no_equal_names(gan__st *f) {
    for (int64_t i = 0; i < f->count; i++) f->by_name[i] = &f->tensors[i];
    qsort(f->by_name, (size_t)f->count, sizeof *f->by_name, by_name);
    for (int64_t i = 1; i < f->count; i++)
        if (!by_name(&f->by_name[i - 1], &f->by_name[i]))
            return gan__st_bad(f, "tensor \"%s\" is there twice", f->by_name[i]->name);
    return true;
}

/* The tensors' bytes must follow each other without hole or overlap up to the end of the file. */
static bool no_gaps(gan__st *f) {
    int64_t at = f->start;
    for (int64_t i = 0; i < f->count; i++) {
        const gan__st_tensor *t = &f->tensors[i];
        if (t->begin != at)
            return gan__st_bad(f, "tensor \"%s\" begins at byte %" PRId64 ": %s, for the one before ends at %" PRId64, t->name,
                               t->begin, t->begin > at ? "a hole" : "an overlap", at);
        at = t->end;
    }
    if (at > f->size) return gan__st_bad(f, "truncated: %" PRId64 " bytes of %" PRId64 " are missing", at - f->size, at);
    return at == f->size || gan__st_bad(f, "%" PRId64 " bytes after the last tensor, at byte %" PRId64, f->size - at, at);
}

static bool take_tensors(gan__st *f) {
    int64_t room = cJSON_GetArraySize(f->json);
    f->tensors = gan__alloc(f->ctx, (size_t)room * sizeof *f->tensors);
    f->by_name = gan__alloc(f->ctx, (size_t)room * sizeof *f->by_name);
    if (!f->tensors || !f->by_name) return false;
    const cJSON *object;
    cJSON_ArrayForEach(object, f->json) {
        if (!strcmp(object->string, "__metadata__")) {
            if (f->meta) return gan__st_bad(f, "__metadata__ is there twice");
            if (!take_metadata(f, object)) return false;
        } else if (!take_tensor(f, object, &f->tensors[f->count++])) {
            return false;
        }
    }
    qsort(f->tensors, (size_t)f->count, sizeof *f->tensors, by_offset);
    return no_equal_names(f) && no_gaps(f);
}

/* --- the tensors' bytes ----------------------------------------------------------------------------------- */

static bool check_crc(gan__st *f, const gan__st_tensor *t) {
    const char *wanted = gan__st_meta_value(f, GAN__ST_CRC_PREFIX, t->name);
    if (!wanted) return gan__st_bad(f, "tensor \"%s\" has no CRC", t->name);
    uLong crc = 0;
    for (int64_t at = t->begin, n; at < t->end; at += n) {
        n = t->end - at < GAN__ST_CHUNK ? t->end - at : GAN__ST_CHUNK;
        if (!gan__st_read_at(f, at, f->chunk, n)) return false;
        crc = crc32_z(crc, f->chunk, (size_t)n);
    }
    if (strlen(wanted) == 8 && is_crc(wanted, (uint32_t)crc)) return true;
    return gan__st_bad(f, "tensor \"%s\" (bytes %" PRId64 " to %" PRId64 ") is damaged: its CRC is %08" PRIx32 ", not %s",
                       t->name, t->begin, t->end, (uint32_t)crc, wanted);
}

bool gan__st_check(gan__st *f) {
    bool ours = false;
    char *bytes = read_header(f);
    bool ok = bytes && check_header_crc(f, bytes, &ours) && parse_header(f, bytes);
    gan__free(f->ctx, bytes);
    if (!ok || !take_tensors(f)) return false;
    if (!ours)
        return !looks_like_ours(f) || gan__st_bad(f, "the header's own CRC is not in its place: damaged, or rewritten by others");
    for (int64_t i = 0; i < f->count; i++)
        if (!check_crc(f, &f->tensors[i])) return false;
    return true;
}
