#include "jpeg_check.h"

/* ITU-T T.81, table B.1. */
enum { SOF0 = 0xC0, SOF2 = 0xC2, DHT = 0xC4, RST0 = 0xD0, RST7 = 0xD7, SOI = 0xD8, EOI = 0xD9 };

/* The next marker, whatever bytes lie before it; EOF at the end. In a scan's data 0xFF is followed by 0, and restart markers
 * belong to it. */
static int next_marker(FILE *f) {
    int c = getc_unlocked(f);
    while (c != EOF) {
        while (c != EOF && c != 0xFF) c = getc_unlocked(f);
        while (c == 0xFF) c = getc_unlocked(f);
        if (c != EOF && c != 0 && !(c >= RST0 && c <= RST7)) return c;
    }
    return EOF;
}

/* -1 at the end of the file, as any size below 2: there is nothing behind it. */
static int read_length(FILE *f) {
    int high = getc_unlocked(f), low = getc_unlocked(f);
    return low == EOF ? -1 : (high << 8 | low) - 2;
}

/* T.81, B.2.4.2: tables of 16 counts and that many symbols. stb takes what lies behind the end of the file for zeros. */
static bool tables_sound(FILE *f, int length) {
    while (length > 0) {
        int codes = 0;
        getc_unlocked(f); /* which table it is */
        for (int i = 0; i < 16; i++) {
            int count = getc_unlocked(f);
            if (count != EOF) codes += count;
        }
        if (codes > 256) return false;
        if (feof(f) || fseek(f, codes, SEEK_CUR)) return true;
        length -= 17 + codes;
    }
    return true;
}

static bool segments_sound(FILE *f, bool header) {
    if (getc_unlocked(f) != 0xFF) return true;
    ungetc(0xFF, f);
    if (next_marker(f) != SOI) return true;
    for (int marker; (marker = next_marker(f)) != EOF && marker != EOI && marker != SOI;) {
        if (header && marker >= SOF0 && marker <= SOF2) return true;
        int length = read_length(f);
        if (length < 0) return true;
        if (marker == DHT ? !tables_sound(f, length) : fseek(f, length, SEEK_CUR) != 0) return marker != DHT;
    }
    return true;
}

bool gan__jpeg_tables_sound(FILE *f, bool header) {
    bool sound = segments_sound(f, header);
    rewind(f);
    return sound;
}
