#!/usr/bin/env bash
# Makes the virtual environment (default .venv) and installs the project with all it needs for
# running, testing and checking, at the tested versions of constraints.txt.
#
# torch is installed first, after a dry run: without a GPU, only its CPU build is accepted.
#
#   PYTHON       the Python to start from (default: the first of python3, python3.13, ... >= 3.11)
#   VENV         the folder of the environment (default: .venv)
#   TORCH_INDEX  a package index that has the torch build you want
#   TORCH_CUDA   1: take the CUDA build even though no GPU is seen here
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/.."

venv=${VENV:-.venv}
cpu_index=https://download.pytorch.org/whl/cpu

fail() {
    printf '\n%s\n\n' "$*" >&2
    exit 1
}

find_python() {
    local name
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    fail "No Python >= 3.11 was found. Install one (apt-get install python3 python3-venv), or name" \
        "one: make PYTHON=/path/to/python3.12 demo"
}

make_venv() {
    local python
    if "$venv/bin/python" -m pip --version >/dev/null 2>&1; then return; fi
    python=$(find_python)
    echo "Making $venv with $($python --version)"
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        local package
        package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            apt-get update -qq </dev/null
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" </dev/null
        else
            fail "Python's venv module is not complete. Run: sudo apt-get install $package"
        fi
    fi
    "$python" -m venv --clear "$venv"
}

pip() { "$venv/bin/python" -m pip --disable-pip-version-check "$@" </dev/null; }

# The CUDA packages that torch, installed with these options of pip, would bring.
cuda_packages() {
    local report
    report=$(pip install -qq --dry-run --no-deps --report - -c constraints.txt torch "$@")
    "$venv/bin/python" scripts/cuda_packages.py <<<"$report"
}

has_gpu() { command -v nvidia-smi >/dev/null && nvidia-smi >/dev/null 2>&1; }

install_torch() {
    local options=() found
    if [ -n "${TORCH_INDEX:-}" ]; then options=(--extra-index-url "$TORCH_INDEX"); fi
    if ! has_gpu && [ "${TORCH_CUDA:-}" != 1 ]; then
        found=$(cuda_packages "${options[@]}")
        if [ -n "$found" ] && [ -z "${TORCH_INDEX:-}" ]; then
            echo "No GPU here, and torch of the default package index brings CUDA: trying $cpu_index"
            options=(--extra-index-url "$cpu_index" --retries 1 --timeout 20)
            found=$(cuda_packages "${options[@]}")
        fi
        if [ -n "$found" ]; then
            fail "This machine has no GPU, but torch would install several GB of CUDA (" $found ").
Nothing was installed. Name a package index that has the CPU build of torch, e.g. PyTorch's own:

    make TORCH_INDEX=$cpu_index demo

If the CUDA build is what you want, run: make TORCH_CUDA=1 demo"
        fi
    fi
    echo "Installing torch into $venv"
    pip install -qq --no-deps -c constraints.txt torch "${options[@]}" # its needs come below
}

make_venv
pip install -qq --upgrade "pip>=25.1" # the first with --group
install_torch
echo "Installing shaspec, napari-shaspec and what they need into $venv (some minutes the first time)"
# Version 0.1 was one distribution: removed afterwards, it would take the new script shaspec with it.
pip uninstall -qq -y napari-shaspec 2>/dev/null
pip install -qq -c constraints.txt --editable ./src --editable ".[all]" --group dev
if ! has_gpu && [ "${TORCH_CUDA:-}" != 1 ] && pip list --format freeze | grep -i '^nvidia-'; then
    fail "The CUDA packages above are in $venv, but this machine has no GPU. Remove $venv and run again."
fi
"$venv/bin/shaspec" --help >/dev/null
