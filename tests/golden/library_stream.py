"""The library's random streams, computed again: what src/base/random.c and src/tensor/fill.c do."""
import math

MASK = (1 << 64) - 1


def stream_key(seed, name):
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    h = (h + seed * 0x9E3779B97F4A7C15) & MASK
    h = ((h ^ (h >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    h = ((h ^ (h >> 27)) * 0x94D049BB133111EB) & MASK
    h ^= h >> 31
    return h & 0xFFFFFFFF, h >> 32


def philox(key, block):
    c, k = [block & 0xFFFFFFFF, block >> 32, 0, 0], list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & 0xFFFFFFFF, (p0 >> 32) ^ c[3] ^ k[1], p0 & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def uniforms(seed, name, count, first=0):
    """The numbers of U[0, 1) from the stream of that name, at position `first`."""
    key, numbers = stream_key(seed, name), []
    for block in range(first, first + (count + 3) // 4):
        numbers += [(w >> 8) * 2.0**-24 for w in philox(key, block)]
    return numbers[:count]


def own_key(seed, tag):
    """The key of a stream that is none of the context's."""
    return seed & 0xFFFFFFFF, (seed >> 32) ^ tag


def normals(key, count):
    """The first numbers of N(0, 1) from the stream with that key."""
    numbers = []
    for block in range((count + 3) // 4):
        w = philox(key, block)
        for u, v in (w[:2], w[2:]):
            r, a = math.sqrt(-2 * math.log((u + 1) * 2.0**-32)), 2 * math.pi * v * 2.0**-32
            numbers += [r * math.cos(a), r * math.sin(a)]
    return numbers[:count]
