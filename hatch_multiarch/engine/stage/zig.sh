# Put zig onto PATH. $1: the requirement of ziglang.
from_python_index "$1"
ln -s /opt/hatch-multiarch/lib/python3*/site-packages/ziglang/zig /usr/local/bin/zig
