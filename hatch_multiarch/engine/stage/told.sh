# Write down which compilers there are, for the report. $1: the prefix of gcc, or none.
mkdir /told
go env GOVERSION >/told/go
if command -v "$1-gcc" >/dev/null; then
    "$1-gcc" -dumpfullversion -dumpversion >/told/gcc
fi
if command -v zig >/dev/null; then zig version >/told/zig; fi
