/* Status codes. Every failure of the library is one of these, with a message in the context. */
#ifndef GAN_STATUS_H
#define GAN_STATUS_H

#include <gan/api.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(code, text): the one list from which the enum and gan_status_text are made. */
#define GAN_STATUS_LIST(X)                                                   \
    X(GAN_OK, "no error")                                                    \
    X(GAN_E_ARG, "invalid argument")                                         \
    X(GAN_E_SHAPE, "shapes do not fit")                                      \
    X(GAN_E_MEMORY, "out of memory")                                         \
    X(GAN_E_RELEASED, "object was released")                                 \
    X(GAN_E_STALE, "value was overwritten after it was recorded")            \
    X(GAN_E_GRAPH, "no such gradient")                                       \
    X(GAN_E_NONFINITE, "not a finite number")                                \
    X(GAN_E_STATE, "call is out of order")                                   \
    X(GAN_E_IO, "input or output failed")                                    \
    X(GAN_E_FORMAT, "malformed file")                                        \
    X(GAN_E_MISMATCH, "file and object do not match")                        \
    X(GAN_E_SYSTEM, "the operating system refused")

typedef enum gan_status {
#define GAN_STATUS_ENUM(code, text) code,
    GAN_STATUS_LIST(GAN_STATUS_ENUM)
#undef GAN_STATUS_ENUM
        GAN_STATUS_COUNT
} gan_status;

/* The code's fixed English text ("out of memory"); "unknown status" for anything else. Static storage. */
GAN_API const char *gan_status_text(gan_status status);

/* The code's name ("GAN_E_MEMORY"). Static storage. */
GAN_API const char *gan_status_name(gan_status status);

#ifdef __cplusplus
}
#endif
#endif
