#!/bin/sh
# The tree is the architecture: a file includes only headers of its own folder and of layers below, and file names are unique.
#   layers.sh ROOT
set -eu
cd "$1"

find src include/gan -name '*.[ch]' | sort | xargs awk '
    # Layers in ascending order; those on one line do not know each other.
    BEGIN {
        n = split("base|kernels|tensor|ops|nn|optim loss|data models|tricks|metrics io|judge|watch|report|train|config|cli", rows, "|")
        for (i = 1; i <= n; i++) {
            m = split(rows[i], names, " ")
            for (j = 1; j <= m; j++) rank[names[j]] = i
        }
        # Public headers whose layer has another name than they have.
        split("api base,option base,preset config,status base,context base,random base,op tensor,image io,checkpoint io,schedule optim,trick tricks,classifier metrics,gan cli", pairs, ",")
        for (i in pairs) { split(pairs[i], p, " "); home[p[1]] = p[2] }
    }
    function public_layer(name) { return name in home ? home[name] : name }
    function complain(what) { printf "%s:%d: %s\n", FILENAME, FNR, what; bad = 1 }
    FNR == 1 {
        files++
        parts = split(FILENAME, path, "/")
        public = path[1] == "include"
        layer = public ? public_layer(substr(path[3], 1, length(path[3]) - 2)) : path[2]
        if (!(layer in rank)) complain("the layer \"" layer "\" is not in the table of tests/layers/layers.sh")
    }
    /^[ \t]*#[ \t]*include[ \t]*[<"]/ {
        includes++
        target = $0
        sub(/^[^<"]*[<"]/, "", target)
        sub(/[>"].*$/, "", target)
        quoted = $0 ~ /include[ \t]*"/
        if (!quoted && target !~ /^gan\//) next          # the system, stb, cblas, zlib, cJSON
        if (target ~ /^gan\//) {
            name = substr(target, 5); sub(/\.h$/, "", name)
            below = public_layer(name)
        } else if (public) {
            complain("a public header includes \"" target "\"")
            next
        } else if (target ~ /^\.\.\/[a-z]+\/[a-z0-9_]+\.h$/) {
            split(target, t, "/")
            below = t[2]
            if (layer == "cli") complain("the program includes \"" target "\": it uses the public headers alone")
        } else if (target ~ /^[a-z0-9_]+\.(h|inc)$/) {
            next                                         # of the same folder
        } else {
            complain("\"" target "\" is neither a file of this folder nor ../layer/file.h")
            next
        }
        if (!(below in rank))
            complain("<" target ">: of no known layer")
        else if (below != layer && rank[below] >= rank[layer])
            complain(layer " includes " target ", of " below ", which is not below it")
    }
    END {
        if (files < 10 || includes < 10) { print "found next to nothing to check"; bad = 1 }
        print files " files, " includes " includes"
        exit bad
    }'

# x.c and x.h may share a name in one folder, and a public header may be called as the file that implements it.
find src tests examples -type f -name '*.[ch]' | awk -F/ '
    {
        name = $NF; sub(/\.[ch]$/, "", name)
        folder = $0; sub(/\/[^\/]*$/, "", folder)
        if (name in first && first[name] != folder) { print "two files are called " name ": in " first[name] " and in " folder; bad = 1 }
        first[name] = folder
    }
    END { exit bad }'
