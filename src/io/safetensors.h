/* The safetensors format: u64 length | JSON header | tensors, little-endian, row-major, without holes.
 *
 * Our own files carry CRC-32s in the header's metadata, as eight hexadecimal digits: "crc32.<name>" of each tensor's bytes, and
 * "crc32", at the very beginning, of the length and the header, its own digits taken as zeros. "gan.format" says that they must
 * be there, so that no damaged byte makes a file pass for one of somebody else's, which have none. */
#ifndef GAN__SAFETENSORS_H
#define GAN__SAFETENSORS_H

#include "../base/ctx_impl.h"

#define GAN__ST_MAX_DIMS 8

/* X(name, bytes): the types a file may hold. Only F32, F64 and I64 are written, or read as numbers. */
#define GAN__ST_DTYPES(X)           \
    X(F64, 8)                       \
    X(I64, 8)                       \
    X(U64, 8)                       \
    X(C64, 8)                       \
    X(F32, 4)                       \
    X(I32, 4)                       \
    X(U32, 4)                       \
    X(F16, 2)                       \
    X(BF16, 2)                      \
    X(I16, 2)                       \
    X(U16, 2)                       \
    X(I8, 1)                        \
    X(U8, 1)                        \
    X(BOOL, 1)                      \
    X(F8_E4M3, 1)                   \
    X(F8_E5M2, 1)

typedef enum gan__st_dtype {
#define GAN__ST_ENUM(name, bytes) GAN__ST_##name,
    GAN__ST_DTYPES(GAN__ST_ENUM)
#undef GAN__ST_ENUM
        GAN__ST_DTYPE_COUNT
} gan__st_dtype;

#ifdef GAN_DOUBLE
#define GAN__ST_REAL GAN__ST_F64
#else
#define GAN__ST_REAL GAN__ST_F32
#endif

/* How our headers begin; the CRC's eight digits follow. */
#define GAN__ST_CRC_KEY "crc32"
#define GAN__ST_CRC_PREFIX "crc32." /* of the tensors' keys */
#define GAN__ST_OPENING "{\"__metadata__\":{\"" GAN__ST_CRC_KEY "\":\""
#define GAN__ST_CRC_AT (sizeof GAN__ST_OPENING - 1) /* in the header */
#define GAN__ST_FORMAT_KEY "gan.format"
#define GAN__ST_FORMAT "1"
#define GAN__ST_MAX_HEADER (16 << 20) /* bytes: a hundred thousand tensors */

bool gan__st_reserved(const char *key); /* metadata keys of the writer's own */

/* The product of dims, if neither it nor its size in bytes overflows; else -1. */
int64_t gan__st_elements(int ndim, const int64_t *dims);

/* --- writing ---------------------------------------------------------------------------------------------- */

/* A tensor to write. Its bytes are `data`, or, with `fill`, whatever fill puts into dst, called once while writing. */
typedef struct gan__st_entry {
    const char *name; /* copied */
    gan__st_dtype dtype;
    int ndim; /* 0 to GAN__ST_MAX_DIMS */
    int64_t dims[GAN__ST_MAX_DIMS];
    const void *data; /* borrowed until the file is written; may be NULL if there are no elements, or for fill's use */
    void (*fill)(const struct gan__st_entry *entry, void *dst);
    const void *user; /* for fill; borrowed as well */
} gan__st_entry;

typedef struct gan__st_writer gan__st_writer;

/* The caller frees it, by gan__st_write or gan__st_writer_free. NULL (raised) without memory; all functions take NULL. */
gan__st_writer *gan__st_writer_new(gan_ctx *ctx);
void gan__st_writer_free(gan__st_writer *w);

/* Adds a pair to the metadata / a tensor. Equal content added in equal order gives equal bytes. Raises on a name that is there
 * already, or a shape that is none. Keys "crc32", "crc32.*" and "gan.format" are the writer's own. */
void gan__st_add_meta(gan__st_writer *w, const char *key, const char *value);
void gan__st_add_meta_int(gan__st_writer *w, const char *key, int64_t value);
void gan__st_add(gan__st_writer *w, gan__st_entry entry);

/* Writes the file, atomically, and frees the writer; what goes wrong is raised. `who` names the public function in messages. */
void gan__st_write(gan__st_writer *w, const char *path, const char *who);

/* --- reading ---------------------------------------------------------------------------------------------- */

typedef struct gan__st_tensor {
    const char *name;
    gan__st_dtype dtype;
    int ndim;
    int64_t dims[GAN__ST_MAX_DIMS];
    int64_t count;      /* of elements */
    int64_t begin, end; /* bytes, from the start of the file */
} gan__st_tensor;

typedef struct gan__st gan__st;

/* Opens and checks all of a file: nothing that a caller does with it later can find it malformed. NULL (raised: GAN_E_IO,
 * GAN_E_FORMAT) if it is not there or not sound. The caller closes it; all functions take NULL. */
gan__st *gan__st_open(gan_ctx *ctx, const char *path, const char *who);
gan__st *gan__st_open_memory(gan_ctx *ctx, const void *bytes, size_t size, const char *name, const char *who); /* borrowed */
void gan__st_close(gan__st *file);

int64_t gan__st_count(const gan__st *file);
const gan__st_tensor *gan__st_at(const gan__st *file, int64_t index);        /* in the order of their bytes */
const gan__st_tensor *gan__st_find(const gan__st *file, const char *name);   /* NULL if there is none */
const char *gan__st_meta(const gan__st *file, const char *key);              /* NULL if there is none */
const char *gan__st_meta_key(const gan__st *file, int64_t index);              /* in the order of the keys; NULL past the last */
bool gan__st_meta_int(const gan__st *file, const char *key, int64_t *value); /* false: none, or not a decimal integer */
const char *gan__st_path(const gan__st *file);

/* "[64, 3, 4, 4]", as gan_shape_text. GAN__ST_SHAPE_TEXT bytes always suffice. */
#define GAN__ST_SHAPE_TEXT 176
const char *gan__st_shape_text(const gan__st_tensor *t, char text[GAN__ST_SHAPE_TEXT]);
const char *gan__st_dtype_name(gan__st_dtype dtype);
int gan__st_dtype_bytes(gan__st_dtype dtype);

/* Reads t->count numbers. Reals: from F32, F64 and I64; integers: from I64. False (raised) for other types, or when reading
 * fails. */
bool gan__st_read_real(gan__st *file, const gan__st_tensor *t, gan_real *dst);
bool gan__st_read_i64(gan__st *file, const gan__st_tensor *t, int64_t *dst);
bool gan__st_read_f64(gan__st *file, const gan__st_tensor *t, double *dst); /* from F64, without rounding */

#endif
