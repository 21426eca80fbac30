#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "atomic_file.h"
#include "safetensors.h"

#define ALIGN 64 /* of the first tensor, for readers that map the file */

typedef struct pair {
    char *key, *value;
} pair;

typedef struct item {
    gan__st_entry entry;
    char *name;
    int64_t bytes, begin;
    uint32_t crc;
} item;

struct gan__st_writer {
    gan_ctx *ctx;
    pair *meta;
    item *items;
    int64_t n_meta, meta_room, n_items, item_room;
};

/* Room for one more in an array of pool memory. NULL (raised) without memory; the old array stays. */
static void *with_room(gan_ctx *ctx, void *array, int64_t count, int64_t *room, size_t size) {
    if (count < *room) return array;
    int64_t wanted = *room ? 2 * *room : 32;
    void *bigger = gan__alloc(ctx, (size_t)wanted * size);
    if (!bigger) return NULL;
    if (count) memcpy(bigger, array, (size_t)count * size);
    gan__free(ctx, array);
    *room = wanted;
    return bigger;
}

gan__st_writer *gan__st_writer_new(gan_ctx *ctx) {
    if (!gan__ok(ctx)) return NULL;
    gan__st_writer *w = gan__calloc(ctx, sizeof *w);
    if (w) w->ctx = ctx;
    return w;
}

void gan__st_writer_free(gan__st_writer *w) {
    if (!w) return;
    for (int64_t i = 0; i < w->n_meta; i++) {
        gan__free(w->ctx, w->meta[i].key);
        gan__free(w->ctx, w->meta[i].value);
    }
    for (int64_t i = 0; i < w->n_items; i++) gan__free(w->ctx, w->items[i].name);
    gan__free(w->ctx, w->meta);
    gan__free(w->ctx, w->items);
    gan__free(w->ctx, w);
}

void gan__st_add_meta(gan__st_writer *w, const char *key, const char *value) {
    if (!w || !gan__ok(w->ctx)) return;
    bool taken = gan__st_reserved(key);
    for (int64_t i = 0; i < w->n_meta && !taken; i++) taken = !strcmp(w->meta[i].key, key);
    if (taken) {
        gan__raise(w->ctx, GAN_E_ARG, "safetensors: metadata \"%s\" is there already", key);
        return;
    }
    pair *room = with_room(w->ctx, w->meta, w->n_meta, &w->meta_room, sizeof *room);
    if (!room) return;
    w->meta = room;
    pair p = {gan__strdup(w->ctx, key), gan__strdup(w->ctx, value)};
    w->meta[w->n_meta++] = p; /* even if a copy is missing: freed with the writer, which cannot be written any more */
}

void gan__st_add_meta_int(gan__st_writer *w, const char *key, int64_t value) {
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    gan__st_add_meta(w, key, text);
}

/* Why an entry cannot be added; NULL: it can. */
static const char *objection(const gan__st_writer *w, const gan__st_entry *e) {
    if (!strcmp(e->name, "__metadata__")) return "is a reserved name";
    if (e->dtype != GAN__ST_F32 && e->dtype != GAN__ST_F64 && e->dtype != GAN__ST_I64) return "has a type that is not written";
    if (e->ndim < 0 || e->ndim > GAN__ST_MAX_DIMS || gan__st_elements(e->ndim, e->dims) < 0) return "has no proper shape";
    if (!e->data && !e->fill && gan__st_elements(e->ndim, e->dims) > 0) return "has no data";
    for (int64_t i = 0; i < w->n_items; i++)
        if (!strcmp(w->items[i].name, e->name)) return "is there already";
    return NULL;
}

void gan__st_add(gan__st_writer *w, gan__st_entry e) {
    if (!w || !gan__ok(w->ctx)) return;
    const char *wrong = objection(w, &e);
    if (wrong) {
        gan__raise(w->ctx, GAN_E_ARG, "safetensors: tensor \"%s\" %s", e.name, wrong);
        return;
    }
    item *room = with_room(w->ctx, w->items, w->n_items, &w->item_room, sizeof *room);
    if (!room) return;
    w->items = room;
    char *name = gan__strdup(w->ctx, e.name);
    if (!name) return;
    e.name = name;
    int64_t bytes = gan__st_elements(e.ndim, e.dims) * gan__st_dtype_bytes(e.dtype);
    w->items[w->n_items++] = (item){.entry = e, .name = name, .bytes = bytes};
}

/* Wide types first, so that every tensor is aligned to its type: PyTorch's reader views the bytes in place. Otherwise the order
 * is the caller's. */
static void place(gan__st_writer *w, item **order) {
    int64_t n = 0, at = 0;
    for (int bytes = 8; bytes; bytes /= 2)
        for (int64_t i = 0; i < w->n_items; i++)
            if (gan__st_dtype_bytes(w->items[i].entry.dtype) == bytes) {
                order[n++] = &w->items[i];
                w->items[i].begin = at;
                at += w->items[i].bytes;
            }
}

static bool add_string(cJSON *object, const char *key, const char *value) {
    return cJSON_AddStringToObject(object, key, value) != NULL;
}

static bool add_crc(cJSON *object, const char *key, uint32_t crc) {
    char digits[9];
    snprintf(digits, sizeof digits, "%08" PRIx32, crc);
    return add_string(object, key, digits);
}

/* cJSON prints whole numbers exactly up to 2^53, which no file reaches. */
static bool add_numbers(cJSON *object, const char *key, const int64_t *numbers, int count) {
    cJSON *array = cJSON_AddArrayToObject(object, key);
    for (int i = 0; i < count; i++) {
        cJSON *number = cJSON_CreateNumber((double)numbers[i]);
        if (!array || !number || !cJSON_AddItemToArray(array, number)) {
            cJSON_Delete(number);
            return false;
        }
    }
    return array != NULL;
}

static bool add_metadata(cJSON *root, const gan__st_writer *w, item *const *order, uint32_t header_crc) {
    cJSON *meta = cJSON_AddObjectToObject(root, "__metadata__");
    bool ok = meta && add_crc(meta, GAN__ST_CRC_KEY, header_crc) && add_string(meta, GAN__ST_FORMAT_KEY, GAN__ST_FORMAT);
    for (int64_t i = 0; i < w->n_meta && ok; i++) ok = add_string(meta, w->meta[i].key, w->meta[i].value);
    for (int64_t i = 0; i < w->n_items && ok; i++) {
        size_t size = strlen(order[i]->name) + sizeof GAN__ST_CRC_PREFIX;
        char *key = gan__alloc(w->ctx, size);
        if (!key) return false;
        snprintf(key, size, GAN__ST_CRC_PREFIX "%s", order[i]->name);
        ok = add_crc(meta, key, order[i]->crc);
        gan__free(w->ctx, key);
    }
    return ok;
}

static bool add_tensor(cJSON *root, const item *it) {
    int64_t offsets[] = {it->begin, it->begin + it->bytes};
    cJSON *tensor = cJSON_AddObjectToObject(root, it->name);
    return tensor && add_string(tensor, "dtype", gan__st_dtype_name(it->entry.dtype)) &&
           add_numbers(tensor, "shape", it->entry.dims, it->entry.ndim) && add_numbers(tensor, "data_offsets", offsets, 2);
}

/* The length, the JSON and its padding, in pool memory. The size does not depend on the CRCs. NULL: raised. */
static char *header(gan__st_writer *w, item *const *order, uint32_t header_crc, size_t *size) {
    cJSON *root = cJSON_CreateObject();
    bool ok = root && add_metadata(root, w, order, header_crc);
    for (int64_t i = 0; i < w->n_items && ok; i++) ok = add_tensor(root, order[i]);
    char *json = ok ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    if (!json) {
        gan__raise(w->ctx, GAN_E_MEMORY, "safetensors: out of memory for the header");
        return NULL;
    }
    size_t length = strlen(json);
    *size = (8 + length + ALIGN - 1) / ALIGN * ALIGN;
    if (*size > GAN__ST_MAX_HEADER)
        gan__raise(w->ctx, GAN_E_ARG, "safetensors: a header of %zu bytes, of %lld tensors, is more than the %d that can be read",
                   *size, (long long)w->n_items, GAN__ST_MAX_HEADER);
    char *bytes = gan__ok(w->ctx) ? gan__alloc(w->ctx, *size) : NULL;
    if (bytes) {
        uint64_t n = *size - 8;
        memset(bytes, ' ', *size);
        memcpy(bytes, &n, 8);
        memcpy(bytes + 8, json, length);
    }
    cJSON_free(json);
    return bytes;
}

/* A tensor's bytes, given or made. */
static const void *produce(const item *it, void *scratch) {
    if (!it->entry.fill) return it->entry.data;
    it->entry.fill(&it->entry, scratch);
    return scratch;
}

static bool write_header(gan__file *f, gan__st_writer *w, item *const *order, uint32_t header_crc, uint32_t *crc) {
    size_t size;
    char *bytes = header(w, order, header_crc, &size);
    bool ok = bytes && gan__file_write(f, bytes, size);
    if (ok) *crc = (uint32_t)crc32_z(0, (const unsigned char *)bytes, size);
    gan__free(w->ctx, bytes);
    return ok;
}

static bool write_tensors(gan__file *f, gan__st_writer *w, item **order) {
    int64_t most = 0;
    for (int64_t i = 0; i < w->n_items; i++)
        if (order[i]->entry.fill && order[i]->bytes > most) most = order[i]->bytes;
    void *scratch = gan__alloc(w->ctx, (size_t)most);
    bool ok = scratch != NULL;
    for (int64_t i = 0; i < w->n_items && ok; i++) {
        const void *bytes = produce(order[i], scratch);
        order[i]->crc = (uint32_t)crc32_z(0, bytes, (size_t)order[i]->bytes);
        ok = gan__file_write(f, bytes, (size_t)order[i]->bytes);
    }
    gan__free(w->ctx, scratch);
    return ok;
}

/* The CRCs are known once the tensors are written: the header is written three times, first to keep its place, then with the
 * tensors' CRCs, which gives its own, then with all. */
static bool write_all(gan__file *f, gan__st_writer *w, item **order) {
    uint32_t crc;
    return write_header(f, w, order, 0, &crc) && write_tensors(f, w, order) && gan__file_seek(f, 0) &&
           write_header(f, w, order, 0, &crc) && gan__file_seek(f, 0) && write_header(f, w, order, crc, &crc);
}

void gan__st_write(gan__st_writer *w, const char *path, const char *who) {
    if (!w) return; /* which has been raised */
    gan__file f;
    if (gan__file_create(w->ctx, &f, path, who)) {
        item **order = gan__alloc(w->ctx, (size_t)w->n_items * sizeof *order);
        if (order) {
            place(w, order);
            write_all(&f, w, order);
        }
        gan__free(w->ctx, order);
    }
    gan__file_commit(&f);
    gan__st_writer_free(w);
}
