# Write hatch-multiarch-go-macos, a Go that compiles for the oldest macOS it supports, or for $MACOS
# where that is newer, and a zig that links for macOS (hatch_multiarch/toolchain/macos_stubs.py).
# It writes down too what the libraries of macOS export.
# $1: the folder of that zig; $2, $3...: GO=MACOS, the oldest macOS of each Go, in their order.
folder=$1
shift
version=$(go env GOVERSION)
macos=10.15
for pair in "$@"; do
    least=$(printf '%s\n%s\n' "${pair%=*}" "${version#go}" | sort -V | head -n 1)
    if [ "$least" = "${pair%=*}" ]; then macos=${pair#*=}; fi
done
cat >/usr/local/bin/hatch-multiarch-go-macos <<GO
#!/bin/sh
macos=\$(printf '%s\n%s\n' $macos "\$MACOS" | sort -V | tail -n 1)
CC=\$(echo "\$CC" | sed "s/-macos/&.\$macos/")
CXX=\$(echo "\$CXX" | sed "s/-macos/&.\$macos/")
export CC CXX
exec go "\$@"
GO
chmod 755 /usr/local/bin/hatch-multiarch-go-macos
/opt/hatch-multiarch/bin/python - /usr/local/bin/zig "$(go env GOROOT)" "$folder" "$ZIG_LIB_DIR" \
    <<'PROGRAM'
