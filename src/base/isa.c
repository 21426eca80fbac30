#include "isa.h"

#include <stdlib.h>
#include <string.h>

#include "ctx_impl.h"

static const char *const names[GAN__ISA_COUNT] = {"portable", "avx2", "avx512"};

const char *gan__isa_name(gan__isa isa) { return names[isa]; }

const char *gan__kernels_name(const gan_ctx *ctx) {
    static const char *const direct[GAN__ISA_COUNT] = {"portable direct", "avx2 direct", "avx512 direct"};
    return ctx->opts.direct ? direct[ctx->isa] : names[ctx->isa];
}

bool gan__isa_available(gan__isa isa) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    switch (isa) {
    case GAN__ISA_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("fma");
    case GAN__ISA_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    default: return true;
    }
#else
    return isa == GAN__ISA_PORTABLE;
#endif
}

void gan__choose_isa(gan_ctx *ctx) {
    const char *wanted = ctx->opts.isa ? ctx->opts.isa : getenv("GAN_ISA");
    ctx->opts.isa = NULL; /* the caller's text need not outlive the call */
    for (int isa = GAN__ISA_COUNT - 1; isa >= 0; isa--) {
        if (wanted && *wanted && strcmp(wanted, names[isa])) continue;
        if (gan__isa_available((gan__isa)isa)) {
            ctx->isa = (gan__isa)isa;
            return;
        }
    }
    gan__raise(ctx, GAN_E_ARG, "gan_ctx_new: instruction set \"%s\" is unknown or not available on this machine",
               wanted ? wanted : "");
}
