#!/bin/bash
# Rebuilds artifact/verilator-5.006.tar.gz: Verilator as WebAssembly, its include/ tree, and the runtime objects for @yowasp/clang.
#
# usage: rebuild.sh WORKDIR
#   WORKDIR may already hold verilator-5.006/ (the unpacked source); otherwise Debian's source package is fetched with
#   `apt-get source`, which needs deb-src for bookworm main. The Debian packages it needs, on bookworm (emscripten 3.1.6):
#     apt-get install --no-install-recommends emscripten flex bison libfl-dev autoconf dpkg-dev make python3
#   and `npm ci` in this repository. It takes about 5 minutes on two free cores.
#
# No source is patched. Paths of the build do not reach the output, and the archive is packed in a fixed order with fixed
# times and owners, so the same source and the same tools give the same sha256, which artifact.ts pins and this prints.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(realpath "${1:?usage: rebuild.sh WORKDIR}")
source=$work/verilator-5.006
pack=$work/pack

mkdir -p "$work/flex"
cd "$work"
if [ ! -d "$source" ]; then
  apt-get source --download-only verilator=5.006-3
  dpkg-source -x verilator_5.006-3.dsc "$source"
fi

# Verilator itself, for Node: files straight from the disk, no thread, no tcmalloc, no built-in VERILATOR_ROOT.
cp /usr/include/FlexLexer.h "$work/flex/"
export NODE_PATH=/usr/share/nodejs # Debian's acorn, which a Node from elsewhere does not find
cd "$source"
autoconf
emconfigure ./configure --host=wasm32-unknown-emscripten --build="$(dpkg-architecture -qDEB_BUILD_GNU_TYPE)" \
  --disable-tcmalloc --disable-partial-static --disable-defenv CXX=em++ CC=emcc > configure.log 2>&1
sed -i 's/^CFG_LIBS =.*/CFG_LIBS =/; s/^LDFLAGS +=  -gz/LDFLAGS +=/' src/Makefile_obj
cat > pre.js << 'JS'
globalThis.fetch = undefined; // emscripten 3.1.6 would fetch() a file path on Node >= 18
Module.preRun = (Module.preRun || []).concat(() => { Object.assign(ENV, process.env); }); // VERILATOR_ROOT
JS
make -C src -j"$(nproc)" ../bin/verilator_bin \
  CPPFLAGS="-O2 -ffile-prefix-map=$work=. -DVL_IGNORE_UNKNOWN_ARCH -I. -I.. -I../../include -I../../src -I$work/flex -MMD -MP" \
  LDFLAGS="-O2 --pre-js $source/pre.js -sNODERAWFS=1 -sALLOW_MEMORY_GROWTH=1 -sEXIT_RUNTIME=1 -sTOTAL_STACK=67108864 \
    -sINITIAL_MEMORY=134217728 -sENVIRONMENT=node" > make.log 2>&1

# What `--lint-only` and `--cc` read, and what a C++ compiler reads afterwards; no SystemC, no FST, and not verilated.mk,
# which names the tools of this build.
rm -rf "$pack"
mkdir -p "$pack/bin" "$pack/include" "$pack/runtime"
cp bin/verilator_bin "$pack/bin/verilator_bin.cjs"
cp bin/verilator_bin.wasm "$pack/bin/"
cp include/*.{h,cpp,sv,v} "$pack/include/"
cp -r include/vltstd "$pack/include/"
rm -f "$pack"/include/*fst* "$pack"/include/*_sc.* "$pack"/include/verilated_heavy.h
cp LICENSE "$pack/LICENSE"

# Verilator's runtime, compiled once for every model.
(cd "$here" && node --import tsx rebuild-runtime.ts "$pack")

cd "$pack"
archive=$here/artifact/verilator-5.006.tar.gz
mkdir -p "$here/artifact"
find . -type f -exec chmod 644 {} +
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=ustar -cf - -- * | gzip -9n > "$archive"
sha256sum "$archive" | cut -d' ' -f1
