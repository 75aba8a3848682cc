# Two commands, each enough by itself on a fresh Debian machine with Python >= 3.11, git and make:
#
#   make demo              the main job: a case, segmented with all modalities and without T1ce
#   make demo CASE=folder  the same on your own case
#   make test              the tests
#
# More: make test-fast (no viewer, nothing slow), make coverage (the tests of the engine, and the lines
# that they leave out), make check (style, types, manifest), make docs (the site), make bench (speed,
# into docs/PERFORMANCE.md), make fuzz and make faults (damaged input and killed runs, see
# docs/TRUST.md), make audit (known faults of the dependencies), make sbom (their list), make release
# VERSION=0.3.0, make clean. Options: VENV, PYTHON, TORCH_INDEX, TORCH_CUDA (see scripts/install.sh)
# and TESTS, what pytest is given: make test TESTS="-k session -x".

SHELL := /bin/bash
VENV ?= .venv
export VENV PYTHON TORCH_INDEX TORCH_CUDA

STAMP := $(VENV)/.installed
PYTHON_IN := $(VENV)/bin/python
# Without a screen, one in memory; the demo then saves pictures instead of waiting for its user.
HEADLESS := $(if $(DISPLAY)$(WAYLAND_DISPLAY),,xvfb-run -a -s "-screen 0 1920x1200x24")

# The demo looks the same everywhere and leaves its user's napari as it is.
SETTINGS := $(abspath $(VENV))/demo-settings

.PHONY: demo test test-fast coverage check bench fuzz faults mutants audit sbom release docs install clean

demo: install
	rm -rf $(SETTINGS)
	NAPARI_CONFIG=$(SETTINGS)/settings.yaml $(HEADLESS) $(PYTHON_IN) examples/demo.py \
		$(if $(HEADLESS),--headless) $(if $(CASE),--case "$(CASE)")

test: install
	$(PYTHON_IN) -m tox run -e test -- $(TESTS)

test-fast: install
	$(PYTHON_IN) -m tox run -e fast -- $(TESTS)

coverage: install
	$(PYTHON_IN) -m tox run -e coverage -- $(TESTS)

check: install
	$(PYTHON_IN) -m tox run -e lint,types,manifest

# BENCH: options of the command, e.g. make bench BENCH=--short
bench: install
	OMP_NUM_THREADS=1 $(PYTHON_IN) -m benchmarks.performance $(BENCH)

# FUZZ, FAULTS: options of the commands, e.g. make fuzz FUZZ="--inputs 50000 --seed 7"
fuzz: install
	OMP_NUM_THREADS=1 PYTHONPATH=. $(PYTHON_IN) -m benchmarks.fuzz $(FUZZ)

faults: install
	OMP_NUM_THREADS=1 PYTHONPATH=. $(PYTHON_IN) -m benchmarks.faults $(FAULTS)

# MUTANTS: a module and its tests, e.g. make mutants MUTANTS="shaspec.geometry tests/shaspec/test_geometry.py"
mutants: install
	OMP_NUM_THREADS=1 PYTHONPATH=. $(PYTHON_IN) -m benchmarks.mutants $(MUTANTS)

# Tools that only a release needs; their own environment keeps them out of the list that they write.
TOOLS := $(VENV)-release
$(TOOLS)/.installed: | install
	$(PYTHON_IN) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install --quiet "cyclonedx-bom>=7" "pip-audit>=2.9"
	@touch $@

# Asks the database of the Python Packaging Authority, so it needs a network.
audit: $(TOOLS)/.installed
	$(TOOLS)/bin/pip-audit --no-deps --disable-pip --requirement constraints.txt

sbom: $(TOOLS)/.installed
	mkdir -p dist
	$(TOOLS)/bin/cyclonedx-py environment $(PYTHON_IN) --of JSON --output-reproducible -o dist/sbom.cdx.json

release: install
	VERSION=$(VERSION) scripts/release.sh

# Pictures and printed outputs come from the real program, and again when what they show has changed.
ENGINE := $(shell find src/shaspec -name '*.py' -o -name '*.toml') $(wildcard src/shaspec/weights/*/*)
PLUGIN := $(shell find napari_shaspec -name '*.py')
MADE := $(addprefix docs/_pictures/.made-,figures lesson pictures) docs/_printed/.made

docs: install $(MADE)
	$(PYTHON_IN) -m sphinx -q -W --keep-going docs docs/_build/html
	@echo "wrote docs/_build/html/index.html"

docs/_pictures/.made-figures: $(wildcard docs/figures/*.py) | install
	$(PYTHON_IN) docs/figures/methods.py
	$(PYTHON_IN) docs/figures/exports.py
	@touch $@

docs/_printed/.made: docs/printed.py $(ENGINE) | install
	$(PYTHON_IN) docs/printed.py
	@touch $@

docs/_pictures/.made-lesson: docs/lesson.py examples/teaching.ipynb $(ENGINE) | install
	$(PYTHON_IN) docs/lesson.py
	@touch $@

docs/_pictures/.made-pictures: docs/pictures.py docs/scene.py $(ENGINE) $(PLUGIN) | install
	rm -rf $(SETTINGS)
	NAPARI_CONFIG=$(SETTINGS)/settings.yaml $(HEADLESS) $(PYTHON_IN) docs/pictures.py
	@touch $@

install: $(STAMP)
	@scripts/system_libraries.sh

$(STAMP): pyproject.toml src/pyproject.toml constraints.txt scripts/install.sh scripts/cuda_packages.py
	@scripts/system_libraries.sh
	@scripts/install.sh
	@touch $@

clean:
	rm -rf $(VENV) $(TOOLS) .tox demo dist docs/_build docs/_pictures docs/_printed .pytest_cache .mypy_cache .ruff_cache .hypothesis
