#!/usr/bin/env bash
# Makes a release in dist/: sets the version and dates the changelog, checks, builds, writes a list of
# all dependencies (SBOM), and installs the wheels into a fresh environment of every Python that is
# there. Nothing is uploaded, committed or tagged.
#
#   VERSION   such as 0.3.0
#   VENV      the environment with the tools (default: .venv)
#   PYTHONS   the Pythons to try (default: one each of 3.11 to 3.14 on the path, else of pyenv)
#   TESTS     what pytest is given besides (see the Makefile)
set -euo pipefail
cd "$(dirname "$0")/.."

venv=${VENV:-.venv}
version=${VERSION:?give the version, e.g. make release VERSION=0.3.0}
runs() { "$1" -c "" 2>/dev/null; } # pyenv has commands for versions that are not chosen
found() { # one Python of a version: of the path, else of pyenv
    for each in "$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"${1#python}".*/bin/"$1"; do
        if runs "$each"; then echo "$each" && return; fi
    done
}
pythons=${PYTHONS:-$(for n in 11 12 13 14; do found "python3.$n"; done)}

if [ -n "$(git status --porcelain)" ]; then
    echo "There are changes that are not committed; commit or stash them first." >&2
    exit 1
fi

step() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }

step "version and changelog"
"$venv/bin/python" scripts/set_version.py "$version"
step "style, types, manifest, tests"
make check test
step "known faults of the dependencies"
make audit
step "wheels and source distributions"
rm -rf dist
for project in ./src .; do "$venv/bin/python" -m build --outdir dist "$project" >/dev/null; done
.ci/check_wheel
step "list of dependencies"
make sbom

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
for python in $pythons; do
    step "fresh environment, $("$python" --version)"
    fresh=$place/$(basename "$python")
    "$python" -m venv "$fresh"
    "$fresh/bin/pip" install --quiet --constraint constraints.txt \
        ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} "dist/shaspec-$version-py3-none-any.whl" \
        "dist/napari_shaspec-$version-py3-none-any.whl[qt]"
    test "$("$fresh/bin/shaspec" --version)" = "shaspec $version"
    (
        cd "$fresh"
        bin/shaspec phantom case --size 64,80,64 --spacing 2.5,2.5,2.5
        bin/shaspec predict case --present FLAIR+T2 --out seg.nii.gz
        test -s seg.nii.gz
    )
done

(cd dist && sha256sum -- * >SHA256SUMS)
step "dist/ is complete"
echo "Next: git commit -am 'Release $version' && git tag v$version"
