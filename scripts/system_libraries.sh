#!/usr/bin/env bash
# The system libraries that Qt, OpenGL and Xvfb need: says nothing where all are there, installs what
# is missing with apt where it may (root, or sudo without a password), else names it and stops.
set -euo pipefail

# What proves that it is there (a shared library, or a program), and the Debian package it comes in.
needs="
libGL.so.1              libgl1
libEGL.so.1             libegl1
libdbus-1.so.3          libdbus-1-3
libfontconfig.so.1      libfontconfig1
libglib-2.0.so.0        libglib2.0-0
libxkbcommon-x11.so.0   libxkbcommon-x11-0
libxcb-cursor.so.0      libxcb-cursor0
libxcb-icccm.so.4       libxcb-icccm4
libxcb-keysyms.so.1     libxcb-keysyms1
libxcb-shape.so.0       libxcb-shape0
"
if [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then # no screen: one in memory
    needs+="
Xvfb                    xvfb
xauth                   xauth
"
fi

if [ "$(uname -s)" != Linux ]; then exit 0; fi

missing() {
    local libraries proof package
    libraries=$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p)
    while read -r proof package; do
        case "$proof" in
        "") ;;
        lib*) grep -qF "$proof " <<<"$libraries" || echo "$package" ;;
        *) command -v "$proof" >/dev/null || echo "$package" ;;
        esac
    done <<<"$needs"
}

packages=$(missing)
if [ -z "$packages" ]; then exit 0; fi

as_root=()
if [ "$(id -u)" != 0 ]; then as_root=(sudo -n); fi
if command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null; then
    echo "Installing system libraries:" $packages
    export DEBIAN_FRONTEND=noninteractive
    "${as_root[@]}" apt-get update -qq </dev/null
    # shellcheck disable=SC2086 # one word per package
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends $packages </dev/null
    packages=$(missing)
    if [ -z "$packages" ]; then exit 0; fi
fi

cat >&2 <<END

These system libraries are missing, and this user may not install them: $(echo $packages)
Ask an administrator, or run (Debian, Ubuntu; other systems have similar names):

    sudo apt-get install --no-install-recommends $(echo $packages)

END
exit 1
