# Write down which compilers there are, for the report. $1: the prefix of gcc, or none; $2, if there:
# the file with what the libraries of the platform export.
mkdir /told
go env GOVERSION >/told/go
if command -v "$1-gcc" >/dev/null; then
    "$1-gcc" -dumpfullversion -dumpversion >/told/gcc
fi
if [ $# -gt 1 ]; then cp "$2" /told/exports; fi
if command -v zig >/dev/null; then zig version >/told/zig; fi
