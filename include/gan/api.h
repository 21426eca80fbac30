/* How the library's symbols are exported, and which floating type it computes in. */
#ifndef GAN_API_H
#define GAN_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32) || !defined(__GNUC__)
#define GAN_API
#define GAN_PRINTF(fmt, args)
#else
#define GAN_API __attribute__((visibility("default")))
#define GAN_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#endif

/* The library computes in float32. GAN_DOUBLE is a build of the tests' own, in which derivatives are
 * checked against finite differences and against float64 references; it is never installed. */
#ifdef GAN_DOUBLE
typedef double gan_real;
#else
typedef float gan_real;
#endif

#endif
