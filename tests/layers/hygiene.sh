#!/bin/sh
# A library does not end the program, print, or catch signals: no such call in src outside of the program, whatever the reason.
#   hygiene.sh ROOT
set -eu
cd "$1"

find src -name '*.[ch]' -o -name '*.inc' | grep -v '^src/cli/' | sort | xargs awk '
    FNR == 1 { comment = 0; files++ }
    {
        line = $0
        gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
        if (comment) {
            if (!match(line, /\*\//)) next
            line = substr(line, RSTART + 2)
            comment = 0
        }
        gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, " ", line)
        if (match(line, /\/\*/)) { line = substr(line, 1, RSTART - 1); comment = 1 }
        sub(/\/\/.*/, "", line)
        if (match(" " line, /[^A-Za-z0-9_](abort|exit|_exit|_Exit|quick_exit|atexit|assert|printf|vprintf|puts|putchar|perror|signal|sigaction|raise|setlocale|srand|rand|strtok|system)[ \t]*\(/) ||
            match(" " line, /[^A-Za-z0-9_](stdout|stderr|stdin)[^A-Za-z0-9_]/)) {
            printf "%s:%d: %s\n", FILENAME, FNR, $0
            bad = 1
        }
    }
    length($0) > 130 { printf "%s:%d: longer than 130 columns\n", FILENAME, FNR; bad = 1 }
    END { print files " files"; exit bad || files < 10 }'
