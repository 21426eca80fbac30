#include "conv_tile.h"

#ifndef GAN_DOUBLE
static const gan__tiles *const all[GAN__ISA_COUNT] = {
    [GAN__ISA_PORTABLE] = &gan__tiles_portable,
#if defined(__x86_64__)
    [GAN__ISA_AVX2] = &gan__tiles_avx2,
    [GAN__ISA_AVX512] = &gan__tiles_avx512,
#endif
};

const gan__tiles *gan__tiles_of(gan__isa isa) { return all[isa]; }
#endif
