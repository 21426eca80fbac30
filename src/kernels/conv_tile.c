#include "conv_tile.h"

#ifndef GAN_DOUBLE
static const gan__tiles *const all[GAN__ISA_COUNT] = GAN__BY_ISA(&gan__tiles);

const gan__tiles *gan__tiles_of(gan__isa isa) { return all[isa]; }
#endif
