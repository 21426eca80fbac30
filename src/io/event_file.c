/* Records of length, checksum, bytes, checksum; the bytes are a protocol buffer (tensorflow/core/util/event.proto):
 *
 *   Event      wall_time 1 double, step 2 varint, then one of file_version 3, summary 5, session_log 7
 *   Summary    value 1, repeated: tag 1, then one of simple_value 2 float, image 4
 *   Image      height 1, width 2, colorspace 3 (channels), encoded_image_string 4
 *   SessionLog status 1 (START 1) */
#include "event_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "append.h"
#include "file_bytes.h"
#include "png_file.h"

#define ROOM 256      /* for the file's name */
#define TRIES 1000    /* names of the same second */
#define OVERHEAD 64   /* bytes of a record besides its summary */
#define FRAME_HEAD 12 /* length and checksum before the bytes */
#define FRAME_TAIL 4

struct gan__events {
    gan_ctx *ctx;
    const char *who;
    char *path;
    int fd;
};

static bool fail(gan__events *e, const char *doing, int error) {
    gan__raise(e->ctx, GAN_E_IO, "%s: %s: %s: %s", e->who, e->path, doing, strerror(error));
    return false;
}

/* --- records ---------------------------------------------------------------------------------------------- */

/* Four bits at a time: the reflected polynomial 0x82F63B78 shifted through a nibble. */
static const uint32_t nibbles[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
                                     0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                     0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};

uint32_t gan__crc32c(const void *bytes, size_t size) {
    uint32_t c = 0xffffffff;
    for (const uint8_t *p = bytes, *end = p + size; p < end; p++) {
        c ^= *p;
        c = c >> 4 ^ nibbles[c & 15];
        c = c >> 4 ^ nibbles[c & 15];
    }
    return ~c;
}

/* Checksums of data that contains checksums are weak, so the format stores them rotated and shifted. */
static uint32_t masked(const void *bytes, size_t size) {
    uint32_t c = gan__crc32c(bytes, size);
    return (c >> 15 | c << 17) + 0xa282ead8;
}

static void put_little(uint8_t *at, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) at[i] = (uint8_t)(value >> 8 * i);
}

/* A record under way: its bytes stand behind the room for what precedes them. */
typedef struct record {
    uint8_t *bytes;
    size_t size, room;
} record;

static record record_new(gan__events *e, size_t room) {
    room += OVERHEAD;
    return (record){gan__alloc(e->ctx, FRAME_HEAD + room + FRAME_TAIL), 0, room};
}

static uint8_t *tail(record *r, size_t bytes) {
    r->size += bytes;
    return r->bytes + FRAME_HEAD + r->size - bytes;
}

static size_t varint_size(uint64_t value) {
    size_t n = 1;
    for (; value > 127; value >>= 7) n++;
    return n;
}

static void put_varint(record *r, uint64_t value) {
    for (; value > 127; value >>= 7) *tail(r, 1) = (uint8_t)(value | 128);
    *tail(r, 1) = (uint8_t)value;
}

enum wire { VARINT = 0, EIGHT = 1, BYTES = 2, FOUR = 5 };
static void put_key(record *r, int field, enum wire wire) { put_varint(r, (uint64_t)(field << 3 | wire)); }

static void put_int(record *r, int field, int64_t value) {
    put_key(r, field, VARINT);
    put_varint(r, (uint64_t)value);
}

static void put_head(record *r, int field, size_t size) {
    put_key(r, field, BYTES);
    put_varint(r, size);
}

static void put_bytes(record *r, int field, const void *bytes, size_t size) {
    put_head(r, field, size);
    memcpy(tail(r, size), bytes, size);
}

/* Bytes that put_head and a field of `size` bytes take, for a field below 16. */
static size_t nested(size_t size) { return 1 + varint_size(size) + size; }

static void put_event(record *r, int64_t step) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    double wall = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    uint64_t bits;
    memcpy(&bits, &wall, sizeof bits);
    put_key(r, 1, EIGHT);
    put_little(tail(r, 8), bits, 8);
    put_int(r, 2, step);
}

/* Writes and frees it. */
static bool record_write(gan__events *e, record *r) {
    uint8_t *b = r->bytes;
    put_little(b, r->size, 8);
    put_little(b + 8, masked(b, 8), 4);
    put_little(b + FRAME_HEAD + r->size, masked(b + FRAME_HEAD, r->size), 4);
    bool clean;
    int error = gan__append(e->fd, b, FRAME_HEAD + r->size + FRAME_TAIL, &clean);
    gan__free(e->ctx, b);
    return !error || fail(e, clean ? "writing" : "writing (part of a record remains)", error);
}

/* --- what is told ----------------------------------------------------------------------------------------- */

bool gan__events_numbers(gan__events *e, int64_t step, const gan__jsonl_field *fields, int count) {
    if (!e || !gan__ok(e->ctx)) return false;
    size_t summary = 0;
    for (int i = 0; i < count; i++) summary += nested(nested(strlen(fields[i].key)) + 5);
    record r = record_new(e, summary);
    if (!r.bytes) return false;
    put_event(&r, step);
    put_head(&r, 5, summary);
    for (int i = 0; i < count; i++) {
        size_t length = strlen(fields[i].key);
        float value = (float)fields[i].value;
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        put_head(&r, 1, nested(length) + 5);
        put_bytes(&r, 1, fields[i].key, length);
        put_key(&r, 2, FOUR);
        put_little(tail(&r, 4), bits, 4);
    }
    return record_write(e, &r);
}

static bool put_picture(gan__events *e, int64_t step, const char *tag, const gan__bytes *png, gan__png_info info) {
    size_t numbers =
        3 + varint_size((uint64_t)info.height) + varint_size((uint64_t)info.width) + varint_size((uint64_t)info.channels);
    size_t image = numbers + nested(png->size), value = nested(strlen(tag)) + nested(image);
    record r = record_new(e, nested(value));
    if (!r.bytes) return false;
    put_event(&r, step);
    put_head(&r, 5, nested(value));
    put_head(&r, 1, value);
    put_bytes(&r, 1, tag, strlen(tag));
    put_head(&r, 4, image);
    put_int(&r, 1, info.height);
    put_int(&r, 2, info.width);
    put_int(&r, 3, info.channels);
    put_bytes(&r, 4, png->p, png->size);
    return record_write(e, &r);
}

bool gan__events_picture(gan__events *e, int64_t step, const char *tag, const char *png_path) {
    if (!e || !gan__ok(e->ctx)) return false;
    gan__bytes png = gan__file_bytes(e->ctx, png_path, e->who);
    gan__png_info info;
    bool ok = png.p && gan__png_look(png, &info);
    if (png.p && !ok) gan__raise(e->ctx, GAN_E_FORMAT, "%s: %s is no PNG file", e->who, png_path);
    ok = ok && put_picture(e, step, tag, &png, info);
    gan__free(e->ctx, png.p);
    return ok;
}

static bool put_start(gan__events *e, int64_t first_step) {
    static const char version[] = "brain.Event:2";
    record r = record_new(e, sizeof version);
    if (!r.bytes) return false;
    put_event(&r, 0);
    put_bytes(&r, 3, version, sizeof version - 1);
    if (!record_write(e, &r)) return false;
    r = record_new(e, 0);
    if (!r.bytes) return false;
    put_event(&r, first_step);
    put_head(&r, 7, 2);
    put_int(&r, 1, 1);
    return record_write(e, &r);
}

/* --- opening ---------------------------------------------------------------------------------------------- */

/* The name tells the time, which sorts the sessions of a run, and the machine. */
static bool create(gan__events *e, const char *folder) {
    char host[64] = "";
    if (gethostname(host, sizeof host - 1)) host[0] = 0;
    size_t room = strlen(folder) + ROOM;
    e->path = gan__alloc(e->ctx, room);
    for (int i = 0; e->path && e->fd < 0 && i < TRIES; i++) {
        snprintf(e->path, room, "%s/events.out.tfevents.%010" PRId64 ".%s.%ld.%d", folder, (int64_t)time(NULL),
                 host[0] ? host : "localhost", (long)getpid(), i);
        e->fd = open(e->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
        if (e->fd < 0 && errno != EEXIST) break;
    }
    return e->path && (e->fd >= 0 || fail(e, "making it", errno));
}

gan__events *gan__events_open(gan_ctx *ctx, const char *folder, int64_t first_step, const char *who) {
    if (!gan__ok(ctx)) return NULL;
    gan__events *e = gan__calloc(ctx, sizeof *e);
    if (!e) return NULL;
    *e = (gan__events){ctx, who, NULL, -1};
    if (create(e, folder) && put_start(e, first_step)) return e;
    gan__events_close(e);
    return NULL;
}

void gan__events_close(gan__events *e) {
    if (!e) return;
    gan_ctx *ctx = e->ctx;
    if (e->fd >= 0 && close(e->fd)) fail(e, "closing", errno);
    gan__free(ctx, e->path);
    gan__free(ctx, e);
}
