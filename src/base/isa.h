/* Which instruction set the kernels use. */
#ifndef GAN__ISA_H
#define GAN__ISA_H

#include <gan/context.h>

typedef enum gan__isa { GAN__ISA_PORTABLE, GAN__ISA_AVX2, GAN__ISA_AVX512, GAN__ISA_COUNT } gan__isa;

/* Initialises a table by instruction set, with what is called name_portable and so on. */
#if defined(__x86_64__)
#define GAN__BY_ISA(name)                            \
    {                                                \
        [GAN__ISA_PORTABLE] = name##_portable,       \
        [GAN__ISA_AVX2] = name##_avx2,               \
        [GAN__ISA_AVX512] = name##_avx512,           \
    }
#else
#define GAN__BY_ISA(name) {[GAN__ISA_PORTABLE] = name##_portable}
#endif

const char *gan__isa_name(gan__isa isa);
bool gan__isa_available(gan__isa isa); /* on this machine */

/* By the context's option, else the environment's GAN_ISA, else the best there is. Raises on a name that is unknown or not
 * available. */
void gan__choose_isa(gan_ctx *ctx);

/* What a context's bits depend on: the instruction set, and whether convolutions are direct. */
const char *gan__kernels_name(const gan_ctx *ctx);

#endif
