/* cmocka with what it wants included before it, and the few checks that many of the tests share. */
#ifndef CMOCKA_GAN_H
#define CMOCKA_GAN_H

#include <gan/gan.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT_OF(array) ((int)(sizeof(array) / sizeof *(array)))

static inline void check_ok_at(gan_ctx *ctx, const char *file, int line) {
    if (gan_ctx_status(ctx) == GAN_OK) return;
    print_error("%s\n", gan_ctx_message(ctx));
    _assert_int_equal(gan_ctx_status(ctx), GAN_OK, file, line);
}
#define check_ok(ctx) check_ok_at(ctx, __FILE__, __LINE__)

/* The context failed with `status` and a message that contains `part`; it is cleared. */
static inline void check_failed_at(gan_ctx *ctx, gan_status status, const char *part, const char *file, int line) {
    bool said = strstr(gan_ctx_message(ctx), part) != NULL;
    if (!said || gan_ctx_status(ctx) != status)
        print_error("expected %s with \"%s\"; got %s: \"%s\"\n", gan_status_name(status), part,
                    gan_status_name(gan_ctx_status(ctx)), gan_ctx_message(ctx));
    _assert_int_equal(gan_ctx_status(ctx), status, file, line);
    _assert_true(said, "message", file, line);
    gan_ctx_clear(ctx);
}
#define check_failed(ctx, status, part) check_failed_at(ctx, status, part, __FILE__, __LINE__)

#define check_close(a, b, tolerance)                                                                                             \
    do {                                                                                                                         \
        double a_ = (a), b_ = (b);                                                                                               \
        if (!(fabs(a_ - b_) <= (tolerance))) fail_msg("%s is %.17g, not %.17g", #a, a_, b_);                                      \
    } while (0)

#endif
