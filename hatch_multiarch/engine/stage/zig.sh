# Put zig onto PATH. $1: the requirement of ziglang; $2: where its library goes.
from_python_index "$1"
mv /opt/hatch-multiarch/lib/python3*/site-packages/ziglang/lib "$2"
ln -s /opt/hatch-multiarch/lib/python3*/site-packages/ziglang/zig /usr/local/bin/zig
